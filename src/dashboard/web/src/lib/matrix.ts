import type { ExploreCell, ExploreReport, Fault, Window } from './types';

/** What stands where a window meets a fault; nothing where the fault does not apply. */
export interface Square {
  cell: ExploreCell;
  /** Whether the cell is of another window, in which whatever survives is the same. */
  same: boolean;
}

export interface MatrixRow {
  window: Window;
  /** The number of the event after which it begins, 0 before the first; older reports have none. */
  number: number | null;
  squares: Map<Fault, Square>;
}

/** The number of a window in the recording. */
export function windowNumber({ after_event, before_event }: Window): number | null {
  return after_event ?? (before_event == null ? null : before_event - 1);
}

/** `=3`: as in the window with this number, in which the cell was struck. */
export function sameAs(cell: ExploreCell): string {
  return `=${windowNumber(cell.window) ?? ''}`;
}

function keyOf(window: Window): string {
  const { after, before, occurrence, after_event, before_event } = window;
  return JSON.stringify([after, before, occurrence, after_event, before_event]);
}

/**
 * Windows in the order in which the consumer comes to them, each with what every fault came to. A
 * report of a version that did not say where a window stands keeps the order of its cells.
 */
export function matrix(report: ExploreReport): MatrixRow[] {
  const rows = new Map<string, MatrixRow>();
  const place = (window: Window, fault: Fault, square: Square) => {
    const key = keyOf(window);
    const row = rows.get(key) ?? { window, number: windowNumber(window), squares: new Map() };
    row.squares.set(fault, square);
    rows.set(key, row);
  };
  for (const cell of report.cells) place(cell.window, cell.fault, { cell, same: false });
  for (const { window, fault, cell: number } of report.merged ?? []) {
    const cell = report.cells.find((c) => c.cell === number);
    if (cell !== undefined) place(window, fault, { cell, same: true });
  }
  const ends = (row: MatrixRow) => row.window.before_event ?? Number.POSITIVE_INFINITY;
  const all = [...rows.values()];
  if (all.some((row) => row.number === null)) return all;
  return all.sort((a, b) => (a.number ?? 0) - (b.number ?? 0) || (ends(a) < ends(b) ? -1 : 1));
}

/** Whether there is a run of the cell; else its text says why there is none. */
export function wasRun(cell: ExploreCell): boolean {
  return cell.replay !== '';
}

/** The run of a cell (`1072/cells/0005`), from the command that replays it. */
export function cellRun(cell: ExploreCell): string {
  return cell.replay.replace(/^.*runs\//, '');
}
