/** The reports of runs, explorations and storms, as docs/*.schema.json describe them. */
import type { JobEvents } from './events';
import type { Cause, CellOutcome, Fault, Mark, Outcome, Verdict } from './types';

export interface Counts extends Record<Exclude<Outcome, 'parked'>, number> {
  payments: number;
  /** Older reports do not say. */
  parked?: number;
  redeliveries: number;
}

export type Party = 'kafka' | 'postgres' | 'provider' | 'sink';

/** What came of a request. */
export type EventOutcome =
  | { came: 'executed' | 'found' | 'replayed'; effect?: string }
  | { came: 'rolled_back' }
  | { came: 'refused' | 'uncertain' | 'gone'; code: string };

/** In a report of schema 1 a line has its words alone. */
export type BiographyLine = { at_ms: number; who: string; what: string } & (
  | { kind: 'request'; party: Party; event: string }
  | { kind: 'answer'; party: Party; result?: EventOutcome }
  | { kind: 'move'; party: Party; towards: boolean }
  | { kind: 'mark'; mark: Mark; window_ends?: number }
  | { kind?: undefined }
);

export interface RunReport {
  schema: 1 | 2;
  lab: string;
  lab_name: string;
  consumer: string;
  scenario: string;
  seed: number;
  instances: number;
  verdict: Verdict;
  expected: Verdict | null;
  guarantee: string;
  reasons: string[];
  counts: Counts;
  done: string;
  exceptions: { payment: string; outcome: Exclude<Outcome, 'once'>; charges: string[] }[];
  faults: {
    fault: Fault;
    window: { at: string; edge: 'before' | 'after'; occurrence: number };
    payment: string;
    instance: string | null;
    fired: boolean;
    redelivered: boolean;
    problem: string | null;
  }[];
  witnesses: {
    payment: string;
    outcome: Outcome;
    biography: BiographyLine[];
    text: string;
    effects: string[];
  }[];
  cost: {
    payments_per_second: number;
    p50_ms: number;
    p99_ms: number;
    database_commits: number;
    offset_commits: number;
  };
  seconds: { total: number; phases: { name: string; seconds: number }[] };
  run: string;
  run_dir: string;
}

/** The gap between two events of a recording; where they stand in it, older reports do not say. */
export interface Window {
  after: string | null;
  before: string | null;
  occurrence: number;
  after_event?: number | null;
  before_event?: number | null;
}

export interface ExploreCell {
  cell: number;
  window: Window;
  fault: Fault;
  outcome: CellOutcome;
  verdict: Verdict;
  payment: string;
  /** How many payments have that outcome. */
  hit?: number;
  text: string;
  biography: BiographyLine[];
  /** Empty where no run could be made of the cell; `text` says why. */
  replay: string;
}

export interface ExploreReport {
  schema: 1 | 2;
  command: string[];
  guarantee: string;
  verdict: Verdict;
  headline: string;
  reasons: string[];
  recording: string[];
  warnings: string[];
  cells: ExploreCell[];
  /** The windows that a cell stands for beside its own. */
  merged?: { window: Window; fault: Fault; cell: number }[];
  /** What changes something, and nobody can say for which payment. */
  unattributed?: string[];
  unreached: number;
  seconds: { total: number; phases: { name: string; seconds: number }[] };
  run: string;
  run_dir: string;
}

export interface StormBucket {
  from_s: number;
  seconds: number;
  produced: number;
  checks: number;
  redelivery_hits: number;
  republish_hits: number;
  hit_rate: number;
  effects: number;
  effects_per_payment: number;
  redelivered: number;
  assigned: number;
  revoked: number;
  lost: number;
  commit_failures: number;
  late_polls: number;
  lag: number;
  generation: number | null;
  builds: string[];
  marks: number[];
}

export interface StormMark {
  at_ms: number;
  until_ms: number;
  blow: string;
  instance: string | null;
  problem: string | null;
}

export interface StormIncident {
  promise:
    | { what: 'redelivered' | 'republished'; from: number; to: number }
    | { what: 'redelivered-after-rollout'; records: number };
  records: number;
  of: number;
  added: number;
  left_out: number;
}

export interface StormReport {
  schema: 1;
  lab: string;
  lab_name: string;
  cause: Cause;
  consumer: string;
  seed: number;
  guarantee: string;
  verdict: Verdict;
  expected: Verdict | null;
  reasons: string[];
  rate: number;
  instances: number;
  partitions: number;
  seconds: number;
  counts: {
    payments: number;
    paid: number;
    effects: number;
    strangers: number;
    redelivered: number;
    unread: number;
    planned: number;
    fired: number;
    drained: boolean;
    /** None where strikes came by hand. Older reports do not say. */
    incident?: StormIncident | null;
  };
  phases: {
    before: StormBucket | null;
    incident: StormBucket | null;
    after: StormBucket | null;
  };
  redeliveries: {
    outside: number;
    metric: number;
    /** Older reports do not say. */
    uncounted?: number;
    doubtful?: number;
    difference: number;
    agree: boolean;
  };
  series: StormBucket[];
  marks: StormMark[];
  /** Change by change. */
  owners: JobEvents['rebalance'][];
  run: string;
  run_dir: string;
}

export type Report = RunReport | ExploreReport | StormReport;
