import type { Biography, Step } from './types';

/** A row of the diagram, with what it says shortened to what the arrow does not say. */
export interface SequenceRow {
  step: Step;
  from: number;
  to: number;
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

function shortened(text: string): string {
  return text.replace(/^sent /, '').replace(/^was struck /, 'struck ');
}

function stretches(lines: Step[], lanes: string[]): Stretch[] {
  const found: Stretch[] = [];
  for (const [lane, name] of lanes.entries()) {
    let open: Stretch | null = null;
    for (const [row, step] of lines.entries()) {
      if (step.instance !== name) continue;
      const goesOn = !/^was (frozen|killed|evicted|struck)/.test(step.text);
      if (open !== null && goesOn) {
        found.push({ ...open, to: row });
        open = null;
      }
      if (step.text === 'was frozen') open = { lane, from: row, to: row, kind: 'frozen' };
      if (step.text === 'was killed') open = { lane, from: row, to: row, kind: 'dead' };
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
    text: shortened(step.text),
    effect: effects.findIndex((effect) => step.text.includes(effect)) + 1,
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
  };
  return names[lane] ?? `instance ${lane}`;
}
