import type { Biography, Mark, Step } from './types';

/** A row of the diagram. */
export interface SequenceRow {
  step: Step;
  from: number;
  to: number;
  /** What the arrow does not say. */
  text: string;
  /** Which effect of the payment this is, from 1; 0 for none. */
  effect: number;
}

/** A stretch of a lane in which its instance cannot act. */
export interface Stretch {
  lane: number;
  from: number;
  to: number;
  kind: 'frozen' | 'dead';
}

export interface Sequence {
  rows: SequenceRow[];
  /** The rows of the crash window, both included; none where nothing struck. */
  window: { from: number; to: number } | null;
  stretches: Stretch[];
}

/** What is done to an instance without an end of the stretch in which it cannot act. */
const STAYS: ReadonlySet<Mark | null> = new Set<Mark>(['frozen', 'dead', 'evicted', 'struck']);

function stretches(lines: Step[], lanes: string[]): Stretch[] {
  const found: Stretch[] = [];
  for (const [lane, name] of lanes.entries()) {
    let open: Stretch | null = null;
    for (const [row, { instance, mark }] of lines.entries()) {
      if (instance !== name) continue;
      if (open !== null && !STAYS.has(mark)) {
        found.push({ ...open, to: row });
        open = null;
      }
      if (mark === 'frozen' || mark === 'dead') open = { lane, from: row, to: row, kind: mark };
    }
    if (open !== null) found.push({ ...open, to: lines.length });
  }
  return found;
}

/** A biography as a sequence diagram: which lanes, which rows, and what is shaded. */
export function sequence(biography: Biography): Sequence {
  const { lanes, lines, effects } = biography;
  const lane = (name: string) => Math.max(0, lanes.indexOf(name));
  const rows = lines.map((step) => ({
    step,
    from: lane(step.from),
    to: lane(step.to),
    text: step.event ?? step.text,
    effect: step.effect === null ? 0 : effects.indexOf(step.effect) + 1,
  }));
  const first = lines.findIndex((step) => step.in_window);
  const last = lines.findLastIndex((step) => step.in_window);
  return {
    rows,
    window: first < 0 ? null : { from: first, to: last },
    stretches: stretches(lines, lanes),
  };
}

/** A lane's heading. */
export function laneName(lane: string): string {
  const names: Record<string, string> = {
    kafka: 'Kafka',
    postgres: 'Postgres',
    provider: 'Provider',
    sink: 'Sink',
  };
  return names[lane] ?? `instance ${lane}`;
}
