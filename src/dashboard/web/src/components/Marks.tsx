import { type Mark, type Phase, WEATHER_WORDS } from '../lib/storm';
import { AXIS_LEFT, AXIS_RIGHT } from './Chart';

const BAND = 24;
const ROW = 20;
const MARK = 22;

/** The row in which each mark has room, from the top. */
export function rowsOf(marks: Mark[], x: (at: number) => number): number[] {
  const ends: number[] = [];
  return marks.map((mark) => {
    const at = x(mark.at);
    const free = ends.findIndex((end) => at - MARK / 2 >= end);
    const row = free < 0 ? ends.length : free;
    ends[row] = at + MARK / 2;
    return row;
  });
}

function marksWords(marks: Mark[], phases: Phase[]): string {
  const phase = phases.map(
    (p) => `${WEATHER_WORDS[p.weather]} from ${Math.round(p.from)} to ${Math.round(p.to)} s`,
  );
  return `${phase.join(', ')}; ${marks.length} marks, which are listed below`;
}

/** The top of the time axis: phases by name, and what was done by number. */
export function MarkStrip(props: { marks: Mark[]; phases: Phase[]; end: number; width: number }) {
  const { marks, phases, end, width } = props;
  const inner = Math.max(0, width - AXIS_LEFT - AXIS_RIGHT);
  const x = (at: number) => AXIS_LEFT + (at / Math.max(end, 1)) * inner;
  const rows = rowsOf(marks, x);
  const height = BAND + (Math.max(-1, ...rows) + 1) * ROW + 4;
  return (
    <svg
      class="mark-strip"
      width={width}
      height={height}
      role="img"
      aria-label={marksWords(marks, phases)}
    >
      {phases.map((phase) => {
        const [from, to] = [x(phase.from), x(phase.to)];
        return (
          <g key={`${phase.weather} ${phase.from}`} class={`phase-band ${phase.weather}`}>
            <rect x={from} y={0} width={Math.max(1, to - from)} height={BAND - 4} />
            {to - from > 80 ? (
              <text x={(from + to) / 2} y={15} text-anchor="middle">
                {WEATHER_WORDS[phase.weather]}
              </text>
            ) : null}
          </g>
        );
      })}
      {marks.map((mark, i) => {
        const y = BAND + (rows[i] ?? 0) * ROW + ROW / 2;
        return (
          <g key={mark.number} class={mark.problem === null ? 'mark' : 'mark failed'}>
            <title>
              {mark.words}, {mark.at.toFixed(1)} s
            </title>
            <path d={`M${x(mark.at)} ${y - 10}l11 10l-11 10l-11 -10z`} />
            <text
              x={x(mark.at)}
              y={y + 4}
              text-anchor="middle"
              class={mark.number > 9 ? 'long' : ''}
            >
              {mark.number}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/** The same in words. */
export function MarkList({ marks }: { marks: Mark[] }) {
  if (marks.length === 0) return null;
  return (
    <ol class="marks" aria-label="What was done">
      {marks.map((mark) => (
        <li key={mark.number} value={mark.number}>
          <span class="num soft">{mark.at.toFixed(1)} s</span> {mark.words}
          {mark.problem === null ? null : <span class="wrong"> failed: {mark.problem}</span>}
        </li>
      ))}
    </ol>
  );
}
