import { useId } from 'preact/hooks';
import { laneName, type Sequence, type SequenceRow, sequence } from '../lib/sequence';
import type { Biography } from '../lib/types';
import { stateWords } from '../lib/words';

const WIDTH = 1120;
const LEFT = 84;
const HEAD = 44;
const ROW = 27;

/** What fits beside a lane at this size; the whole text is in the words below. */
const MOST_LETTERS = 44;

function clip(text: string): string {
  return text.length <= MOST_LETTERS ? text : `${text.slice(0, MOST_LETTERS - 1)}…`;
}

function Row(props: { row: SequenceRow; y: number; x: (lane: number) => number; last: number }) {
  const { row, y, x, last } = props;
  const { step, effect } = row;
  const [from, to] = [x(row.from), x(row.to)];
  const isStrike = step.mark === 'struck';
  const kind = isStrike
    ? 'seq-strike'
    : effect > 1
      ? 'seq-again'
      : effect === 1
        ? 'seq-effect'
        : '';
  if (row.from === row.to) {
    // A text stands on the side where there is room for it.
    const isLast = row.from >= last;
    return (
      <g class={`seq-mark ${kind}`}>
        {isStrike ? (
          <path d={`M${from + 4} ${y - 14}l-9 16h8l-7 13 15-18h-9l7-11z`} />
        ) : (
          <circle cx={from} cy={y} r={3.5} />
        )}
        <text x={isLast ? from - 14 : from + 14} y={y + 4} text-anchor={isLast ? 'end' : 'start'}>
          {clip(row.text)}
        </text>
      </g>
    );
  }
  const direction = to > from ? 1 : -1;
  return (
    <g class={`seq-arrow ${step.kind} ${kind}`}>
      <line x1={from} y1={y} x2={to - direction * 7} y2={y} />
      <path d={`M${to} ${y}l${-direction * 9} -4.5v9z`} />
      <text x={(from + to) / 2} y={y - 6} text-anchor="middle">
        {clip(row.text)}
      </text>
      {effect > 0 ? (
        <g class="seq-count">
          <circle cx={(from + to) / 2} cy={y} r={9} />
          <text x={(from + to) / 2} y={y + 4} text-anchor="middle">
            {effect}
          </text>
        </g>
      ) : null}
    </g>
  );
}

function Shading(props: {
  drawn: Sequence;
  y: (row: number) => number;
  x: (lane: number) => number;
}) {
  const { drawn, y, x } = props;
  const { window, stretches } = drawn;
  return (
    <>
      {window === null ? null : (
        <g class="seq-window">
          <rect
            x={LEFT - 6}
            y={y(window.from) - ROW * 0.7}
            width={WIDTH - LEFT}
            height={y(window.to) - y(window.from) + ROW * 1.2}
            rx={4}
          />
          <text x={WIDTH - 14} y={y(window.from) - ROW * 0.7 + 15} text-anchor="end">
            crash window
          </text>
        </g>
      )}
      {stretches.map((s) => (
        <g key={`${s.lane}-${s.from}`} class={`seq-${s.kind}`}>
          <rect x={x(s.lane) - 5} y={y(s.from)} width={10} height={y(s.to) - y(s.from)} rx={2} />
        </g>
      ))}
    </>
  );
}

/** The picture, with its words. */
export function SequenceDiagram({ biography, done }: { biography: Biography; done: string }) {
  const id = useId();
  const drawn = sequence(biography);
  const { lanes } = biography;
  const gap = (WIDTH - LEFT - 130) / Math.max(1, lanes.length - 1);
  const x = (lane: number) => LEFT + 60 + lane * gap;
  const y = (row: number) => HEAD + 26 + row * ROW;
  const height = y(drawn.rows.length) + 4;
  const start = biography.lines[0]?.at_ms ?? 0;
  const effects = biography.effects.length;
  return (
    <figure class="sequence">
      <svg
        viewBox={`0 0 ${WIDTH} ${height}`}
        role="img"
        aria-labelledby={`${id}-title`}
        aria-describedby={`${id}-words`}
      >
        <title id={`${id}-title`}>
          The biography of {biography.payment}: {stateWords(biography.outcome, done, effects)}
        </title>
        <Shading drawn={drawn} y={y} x={x} />
        {lanes.map((lane, i) => (
          <g key={lane} class={`seq-lane who-${lane}`}>
            <line x1={x(i)} y1={HEAD} x2={x(i)} y2={height} />
            <text x={x(i)} y={24} text-anchor="middle">
              {laneName(lane)}
            </text>
          </g>
        ))}
        {drawn.rows.map((row, i) => (
          <g key={i}>
            <text class="seq-time" x={LEFT - 16} y={y(i) + 4} text-anchor="end">
              +{Math.round(row.step.at_ms - start)} ms
            </text>
            <Row row={row} y={y(i)} x={x} last={lanes.length - 1} />
          </g>
        ))}
      </svg>
      <figcaption id={`${id}-words`}>{biography.text}</figcaption>
    </figure>
  );
}
