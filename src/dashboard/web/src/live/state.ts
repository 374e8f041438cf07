import type { InstanceState, JobEvents, Rates } from '../lib/types';
import { change, emptyGrid, type GridState } from './grid';

export type EventName = keyof JobEvents;

/** How many lines of logs are kept: what a person can look back at. */
const MOST_LINES = 400;

/** How many strikes and changes of owners are kept: an hour of storm has fewer. */
const MOST_KEPT = 5_000;

export interface InstanceView {
  name: string;
  state: InstanceState;
  payment: string | null;
  event: string | null;
  line: number | null;
  /** What struck it where it stands; until it goes on. */
  struck: { fault: string; at: string; payment: string } | null;
}

export type FaultEvent = JobEvents['fault'];

/** One run of a job, live. */
export interface RunView {
  plan: JobEvents['plan'];
  grid: GridState;
  instances: Map<string, InstanceView>;
  faults: FaultEvent[];
}

/** What is known of a job. It is changed in place, event by event, and drawn once a frame. */
export interface JobView {
  phase: string;
  runs: RunView[];
  cells: JobEvents['cell'] | null;
  samples: Rates[];
  faults: FaultEvent[];
  owners: JobEvents['rebalance'][];
  logs: JobEvents['log'][];
  diagnose: JobEvents['diagnose'] | null;
  done: JobEvents['done'] | null;
}

export function emptyJob(): JobView {
  return {
    phase: '',
    runs: [],
    cells: null,
    samples: [],
    faults: [],
    owners: [],
    logs: [],
    diagnose: null,
    done: null,
  };
}

function bounded<T>(list: T[], item: T, most = MOST_KEPT): void {
  list.push(item);
  if (list.length > most) list.splice(0, list.length - most);
}

/** Whether a list of samples or owners already has this one: a snapshot repeats the last. */
function repeats(list: { at_ms: number }[], item: { at_ms: number }): boolean {
  const last = list.at(-1);
  return last !== undefined && item.at_ms < last.at_ms;
}

function plan(job: JobView, data: JobEvents['plan']): void {
  const run: RunView = {
    plan: data,
    grid: emptyGrid(
      data.payments,
      data.faults.map((fault) => fault.payment),
    ),
    instances: new Map(),
    faults: [],
  };
  const known = job.runs.findIndex((other) => other.plan.run === data.run);
  if (known >= 0) job.runs[known] = run;
  else job.runs.push(run);
}

function instance(run: RunView, data: JobEvents['instance']): void {
  const before = run.instances.get(data.name);
  // The states of one tick are told as one: what was frozen and evicted is told as evicted.
  // One that was killed may start again within the same tick.
  const stays = ['frozen', 'evicted', 'killed', 'starting'].includes(data.state);
  run.instances.set(data.name, {
    name: data.name,
    state: data.state,
    payment: data.payment,
    event: data.event,
    line: data.line,
    struck: stays ? (before?.struck ?? null) : null,
  });
}

function fault(job: JobView, data: FaultEvent): void {
  bounded(job.faults, data);
  const run = job.runs.at(-1);
  if (run === undefined) return;
  bounded(run.faults, data);
  if (data.instance === null || data.payment === null) return;
  const planned = run.plan.faults.find((f) => f.payment === data.payment);
  const there = run.instances.get(data.instance);
  if (planned === undefined || there === undefined) return;
  there.struck = { fault: data.fault, at: planned.at, payment: data.payment };
}

/** Takes in one event. */
export function apply<N extends EventName>(job: JobView, name: N, data: JobEvents[N]): void {
  const run = job.runs.at(-1);
  switch (name) {
    case 'phase':
      job.phase = (data as JobEvents['phase']).text;
      break;
    case 'plan':
      plan(job, data as JobEvents['plan']);
      break;
    case 'payments': {
      const { changed, counts } = data as JobEvents['payments'];
      if (run === undefined) break;
      change(run.grid, changed);
      run.grid.counts = counts;
      break;
    }
    case 'instance':
      if (run !== undefined) instance(run, data as JobEvents['instance']);
      break;
    case 'fault':
      fault(job, data as FaultEvent);
      break;
    case 'rebalance': {
      const owners = data as JobEvents['rebalance'];
      if (!repeats(job.owners, owners)) bounded(job.owners, owners);
      break;
    }
    case 'cell':
      job.cells = data as JobEvents['cell'];
      break;
    case 'sample': {
      const sample = data as Rates;
      if (!repeats(job.samples, sample)) job.samples.push(sample);
      break;
    }
    case 'log':
      bounded(job.logs, data as JobEvents['log'], MOST_LINES);
      break;
    case 'diagnose':
      job.diagnose = data as JobEvents['diagnose'];
      break;
    case 'done':
      job.done = data as JobEvents['done'];
      break;
  }
}
