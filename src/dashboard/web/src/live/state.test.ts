import { describe, expect, it } from 'vitest';
import { columnOf, mergeRuns, reportsOf } from '../lib/columns';
import type { JobEvents, RunReport } from '../lib/types';
import { cellOf, exceptions, gridOf } from './grid';
import { apply, emptyJob } from './state';

const PLAN: JobEvents['plan'] = {
  run: '0007',
  lab: '01',
  consumer: 'broken',
  payments: 4,
  partitions: 2,
  instances: ['a', 'b'],
  effects: 'live',
  faults: [{ fault: 'zombie', at: 'POST /v1/charges', edge: 'before', payment: 'msg-0002' }],
};

const COUNTS: JobEvents['payments']['counts'] = {
  produced: 4,
  delivered: 1,
  redelivered: 0,
  once: 0,
  duplicated: 1,
  lost: 0,
  half_done: 0,
  parked: 0,
  unfinished: 0,
  waiting: 2,
};

function report(more: Partial<RunReport> = {}): RunReport {
  return {
    consumer: 'broken',
    scenario: 'zombie',
    run: '0007',
    counts: {
      payments: 4,
      once: 2,
      duplicated: 1,
      lost: 1,
      unfinished: 0,
      half_done: 0,
      redeliveries: 3,
    },
    faults: [],
    exceptions: [
      { payment: 'msg-0002', outcome: 'duplicated', charges: ['ch_1', 'ch_2', 'ch_3'] },
      { payment: 'msg-0004', outcome: 'lost', charges: [] },
    ],
    ...more,
  } as RunReport;
}

describe('a job', () => {
  it('keeps one grid for each run, changed by what is told', () => {
    const job = emptyJob();
    apply(job, 'plan', PLAN);
    apply(job, 'payments', { at_ms: 1, changed: [[2, 'duplicated', 2]], counts: COUNTS });
    apply(job, 'plan', { ...PLAN, run: '0008', consumer: 'fixed' });
    expect(job.runs.map((run) => run.plan.run)).toEqual(['0007', '0008']);
    const [broken, fixed] = job.runs;
    expect(broken && cellOf(broken.grid, 2)).toEqual({ state: 'duplicated', effects: 2 });
    expect(fixed && cellOf(fixed.grid, 2)).toEqual({ state: 'waiting', effects: 0 });
    expect(fixed?.grid.struck.has(2)).toBe(true);
  });

  it('tells a run again that a snapshot repeats, and keeps the others', () => {
    const job = emptyJob();
    apply(job, 'plan', PLAN);
    apply(job, 'plan', PLAN);
    expect(job.runs).toHaveLength(1);
  });

  it('holds a struck instance at its window until it goes on', () => {
    const job = emptyJob();
    const at = { at_ms: 1, name: 'a', payment: 'msg-0002', event: 'SELECT', line: 12 };
    apply(job, 'plan', PLAN);
    apply(job, 'instance', { ...at, state: 'joined' });
    apply(job, 'fault', {
      at_ms: 2,
      fault: 'zombie',
      payment: 'msg-0002',
      instance: 'a',
      text: '',
      problem: null,
    });
    apply(job, 'instance', { ...at, state: 'frozen' });
    expect(job.runs[0]?.instances.get('a')?.struck?.at).toBe('POST /v1/charges');
    apply(job, 'instance', { ...at, state: 'joined' });
    expect(job.runs[0]?.instances.get('a')?.struck).toBeNull();
  });

  it('takes no sample that goes back in time', () => {
    const job = emptyJob();
    const sample = { at_ms: 2_000 } as JobEvents['sample'];
    apply(job, 'sample', sample);
    apply(job, 'sample', { ...sample, at_ms: 1_000 });
    expect(job.samples).toHaveLength(1);
  });
});

describe('a judged run', () => {
  it('has a grid on which only the exceptions are none', () => {
    const grid = gridOf(report());
    expect(cellOf(grid, 1)).toEqual({ state: 'once', effects: 1 });
    expect(cellOf(grid, 2)).toEqual({ state: 'duplicated', effects: 3 });
    expect(exceptions(grid)).toEqual([2, 4]);
    expect(grid.counts.parked).toBe(0);
  });

  it('has what is parked as a state of its own', () => {
    const parked = { payment: 'msg-0003', outcome: 'parked' as const, charges: [] };
    const judged = report();
    const counts = { ...judged.counts, parked: 1 };
    const grid = gridOf({ ...judged, counts, exceptions: [parked] });
    expect(cellOf(grid, 3)).toEqual({ state: 'parked', effects: 0 });
    expect(grid.counts.parked).toBe(1);
  });

  it('stands in the column of its consumer, in place of what was kept', () => {
    const job = emptyJob();
    const finished = report({ run: '0009' });
    apply(job, 'done', { runs: ['0009'], report: finished });
    expect(reportsOf(job.done)).toEqual([finished]);
    const column = columnOf('broken', job, [report()]);
    expect(column.report?.run).toBe('0009');
    expect(mergeRuns([report(), report({ consumer: 'fixed', run: '0008' })], [finished])).toEqual([
      '0008',
      '0009',
    ]);
  });
});
