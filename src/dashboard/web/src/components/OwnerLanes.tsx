import { assignments, instancesOf, ownership, ownersWords } from '../lib/owners';
import type { JobEvents } from '../lib/types';
import { counted } from '../lib/words';
import { AXIS_LEFT, AXIS_RIGHT } from './Chart';

const LANE = 13;

/** How many colours the style sheet has for instances. */
const COLOURS = 8;

/** A stretch narrower than this has no room for its owner's letter. */
const LETTER = 14;

/** The line above the lanes, and the room that a generation's number takes there. */
const HEAD = 16;
const NUMBER = 26;

/** Which instance had which partition: a lane for each partition, on the time axis of the charts. */
export function OwnerLanes(props: {
  rebalances: JobEvents['rebalance'][];
  planned: string[];
  partitions: number;
  end: number;
  now: number;
  width: number;
}) {
  const { rebalances, planned, partitions, end, now, width } = props;
  const names = instancesOf(rebalances, planned);
  const inner = Math.max(0, width - AXIS_LEFT - AXIS_RIGHT);
  const x = (at: number) => AXIS_LEFT + (at / Math.max(end, 1)) * inner;
  const height = HEAD + partitions * LANE + 4;
  const assigned = assignments(rebalances);
  const generation = assigned.at(-1)?.generation ?? null;
  const words = [
    counted(assigned.length, 'assignment'),
    ...(generation === null ? [] : [`generation ${generation} now`]),
    ownersWords(assigned.at(-1)),
    'a gap is a rebalance',
  ].join('; ');
  let free = 0;
  const numbered = assigned.flatMap((rebalance) => {
    const at = x(rebalance.at_ms / 1000);
    if (rebalance.generation === null || at < free) return [];
    free = at + NUMBER;
    return [{ at, generation: rebalance.generation }];
  });
  return (
    <figure class="chart owners">
      <figcaption>
        <strong>Who owns which partition</strong>
        <span class="chart-words">{words}</span>
      </figcaption>
      <svg width={width} height={height} role="img" aria-label={`Owners of partitions: ${words}`}>
        {Array.from({ length: partitions }, (_, p) => (
          <g key={p}>
            <text class="lane-name" x={AXIS_LEFT - 8} y={HEAD + p * LANE + 11} text-anchor="end">
              {p}
            </text>
            <line
              class="lane"
              x1={AXIS_LEFT}
              x2={width - AXIS_RIGHT}
              y1={HEAD + p * LANE + 7}
              y2={HEAD + p * LANE + 7}
            />
          </g>
        ))}
        {ownership(rebalances, now).map((owned) => {
          const [from, to] = [x(owned.from), x(owned.to)];
          const place = names.indexOf(owned.owner) % COLOURS;
          return (
            <g key={`${owned.partition} ${owned.from}`} class={`owned own-${place}`}>
              <rect
                x={from}
                y={HEAD + owned.partition * LANE + 1}
                width={Math.max(1, to - from)}
                height={LANE - 1}
              />
              {to - from >= LETTER ? (
                <text x={from + 4} y={HEAD + owned.partition * LANE + 11}>
                  {owned.owner}
                </text>
              ) : null}
            </g>
          );
        })}
        {assigned.slice(1).map((rebalance, i) => (
          <line
            key={`${rebalance.at_ms} ${i}`}
            class="generation"
            x1={x(rebalance.at_ms / 1000)}
            x2={x(rebalance.at_ms / 1000)}
            y1={HEAD}
            y2={height}
          />
        ))}
        {numbered.map(({ at, generation }) => (
          <text key={at} class="generation-number" x={at} y={11} text-anchor="middle">
            {generation}
          </text>
        ))}
        {numbered.length === 0 ? null : (
          <text class="lane-name" x={AXIS_LEFT - 8} y={11} text-anchor="end">
            gen.
          </text>
        )}
      </svg>
    </figure>
  );
}

/** The lanes for the end of an axis, once their width is known; none where nobody was seen to own. */
export function lanesOf(
  rebalances: JobEvents['rebalance'][],
  planned: string[],
  partitions: number,
  now: number,
  end: number,
) {
  if (rebalances.length === 0) return undefined;
  const shown = { rebalances, planned, partitions, now, end };
  return (width: number) => <OwnerLanes {...shown} width={width} />;
}
