import type { InstanceView } from '../live/state';
import type { DiffRow } from './diff';
import type { EventLine } from './types';

/** An instance at a line of the code. */
export interface Lit {
  name: string;
  line: number;
  /** Whether it is held there: frozen, killed, put out. */
  held: string | null;
}

/** The line of an event, by the longest beginning that the source knows. */
export function lineOf(lines: EventLine[], signature: string): number | null {
  const begins = lines.filter((known) => signature.startsWith(known.event));
  const longest = begins.sort((a, b) => b.event.length - a.event.length)[0];
  return longest?.line ?? null;
}

/** What is held is at the line of its window, whatever it was last seen at. */
export function litBy(instances: Iterable<InstanceView>, lines: EventLine[]): Lit[] {
  const lit: Lit[] = [];
  for (const instance of instances) {
    const { struck, name } = instance;
    const line = struck === null ? instance.line : lineOf(lines, struck.at);
    if (line === null) continue;
    const held = struck === null && instance.state !== 'frozen' ? null : heldWord(instance);
    lit.push({ name, line, held });
  }
  return lit;
}

export function heldWord(instance: InstanceView): string | null {
  if (instance.state === 'killed') return 'killed';
  if (instance.struck?.fault === 'zombie' || instance.state === 'frozen') return 'frozen';
  return instance.struck === null ? null : 'struck';
}

/** Fewer unchanged lines than this are not worth a fold. */
const WORTH_FOLDING = 6;

/** The lines around what matters that stay. */
const AROUND = 2;

export type Shown = { rows: DiffRow[]; folded: boolean };

/** Parts that both have, far from any difference and any event, are folded. */
export function fold(rows: DiffRow[], events: ReadonlySet<number>): Shown[] {
  const matters = rows.map((row) => !row.same || (row.left !== null && events.has(row.left.line)));
  const near = rows.map((_, i) =>
    matters.slice(Math.max(0, i - AROUND), i + AROUND + 1).some(Boolean),
  );
  const parts: Shown[] = [];
  rows.forEach((row, i) => {
    const folded = !near[i];
    const last = parts.at(-1);
    if (last?.folded === folded) last.rows.push(row);
    else parts.push({ rows: [row], folded });
  });
  return parts.map((part) =>
    part.folded && part.rows.length < WORTH_FOLDING ? { ...part, folded: false } : part,
  );
}
