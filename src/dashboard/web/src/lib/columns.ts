import { type GridState, gridOf } from '../live/grid';
import type { JobView, RunView } from '../live/state';
import type { RunReport } from './types';

/** What is shown of one consumer: its run while it goes on, and then its report. */
export interface Column {
  consumer: string;
  live: RunView | null;
  report: RunReport | null;
  grid: GridState | null;
}

const grids = new WeakMap<RunReport, GridState>();

function keptGrid(report: RunReport): GridState {
  const known = grids.get(report);
  if (known !== undefined) return known;
  const made = gridOf(report);
  grids.set(report, made);
  return made;
}

/** The reports that a job ended with. */
export function reportsOf(done: JobView['done']): RunReport[] {
  if (done === null || 'error' in done) return [];
  if ('reports' in done) return done.reports;
  return 'reveal' in done || !('counts' in done.report) || 'cause' in done.report
    ? []
    : [done.report as RunReport];
}

export function columnOf(consumer: string, view: JobView | null, reports: RunReport[]): Column {
  const live = view?.runs.findLast((run) => run.plan.consumer === consumer) ?? null;
  const finished = reportsOf(view?.done ?? null).findLast((r) => r.consumer === consumer);
  const kept = reports.findLast((r) => r.consumer === consumer);
  // A run that goes on is newer than any report; its own report has the same number.
  const report = finished ?? (live === null ? (kept ?? null) : null);
  return {
    consumer,
    live,
    report,
    grid: live?.grid ?? (report === null ? null : keptGrid(report)),
  };
}

/** Runs that a page keeps in its address, with newer ones in place of older ones of the same consumer. */
export function mergeRuns(kept: RunReport[], newer: RunReport[]): string[] {
  const replaced = new Set(newer.map((report) => report.consumer));
  const scenario = newer[0]?.scenario;
  const stay = kept.filter((r) => !replaced.has(r.consumer) && r.scenario === scenario);
  return [...stay, ...newer].map((report) => report.run);
}
