import type { ExploreCell, ExploreReport, Fault } from './types';

export const FAULTS: readonly Fault[] = [
  'kill',
  'terminate',
  'zombie',
  'lost-response',
  'unavailable',
  'stall-kill',
  'duplicate',
];

export interface MatrixRow {
  after: string | null;
  before: string | null;
  occurrence: number;
  cells: Map<Fault, ExploreCell>;
}

function keyOf({ window }: ExploreCell): string {
  return JSON.stringify([window.after, window.before, window.occurrence]);
}

/** Windows in the order in which the consumer comes to them, each with its cells by fault. */
export function matrix(report: ExploreReport): MatrixRow[] {
  const rows = new Map<string, MatrixRow>();
  for (const cell of report.cells) {
    const key = keyOf(cell);
    const row = rows.get(key) ?? { ...cell.window, cells: new Map() };
    row.cells.set(cell.fault, cell);
    rows.set(key, row);
  }
  // A window that ends before an event comes before the one that begins after it.
  const at = (signature: string | null) =>
    signature === null ? -1 : report.recording.indexOf(signature);
  const place = (row: MatrixRow) => (row.after === null ? at(row.before) - 0.5 : at(row.after));
  return [...rows.values()].sort((a, b) => place(a) - place(b) || a.occurrence - b.occurrence);
}

/** The run of a cell (`1072/cells/0005`), from the command that replays it. */
export function cellRun(cell: ExploreCell): string {
  return cell.replay.replace(/^.*runs\//, '');
}
