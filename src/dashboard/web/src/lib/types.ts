/** What the API sends; docs/openapi.json and the schemas beside it say what each field means. */

import type { Fault, Outcome } from './registry';

export type * from './events';
export type * from './registry';
export type * from './reports';

export type Verdict = 'held' | 'violated' | 'unknown';
export type Cause = 'rebalances' | 'release' | 'republish' | 'slow';
export type Action =
  | 'restart'
  | 'find-what-moves'
  | 'roll-back'
  | 'ask-the-producer'
  | 'fewer-per-poll';
export type JobState = 'running' | 'waiting' | 'done' | 'failed' | 'stopped';
export type JobKind = 'run' | 'compare' | 'explore' | 'replay' | 'storm' | 'drill';

export interface Problem {
  error: string;
  next: string;
  job?: string;
}

export interface Health {
  version: string;
  stack: {
    state: 'up' | 'down';
    kind: string | null;
    kafka: string | null;
    postgres: string | null;
    error: string | null;
  };
  job: string | null;
}

export interface Consumer {
  name: string;
  about: string;
}

export interface Scenario {
  name: string;
  fault: Fault;
  at: string;
  edge: 'before' | 'after';
  strikes: number;
  expect: Record<string, Verdict>;
  why: string;
}

export interface Lab {
  id: string;
  name: string;
  title: string;
  question: string;
  guarantee: string;
  done: string;
  consumers: Consumer[];
  scenarios: Scenario[];
  storm: {
    consumer: string;
    seconds: number;
    scenarios: { cause: Cause; expect: Verdict; why: string }[];
  } | null;
  quiz: { questions: number; answered: number; right: number };
}

export interface EventLine {
  event: string;
  line: number;
}

export interface Source {
  file: string;
  text: string;
  lines: EventLine[];
}

export interface LabPage extends Lab {
  guide: string;
  sources: Record<string, Source>;
}

export interface Question {
  id: string;
  ask: string;
  run: { consumer: string; scenario: string } | null;
  options: { letter: string; text: string }[];
  answer: { chosen: string; run: string | null } | null;
  reveal: { right: string; explain: string[]; fates: Partial<Record<Outcome, number>> } | null;
}

export type JobRequest =
  | {
      kind: 'run';
      lab: string;
      consumer: string;
      scenario?: string;
      fault?: Fault | 'none';
      payments?: number;
      seed?: number;
      replay?: string;
    }
  | { kind: 'compare'; lab: string; scenario?: string; seed?: number }
  | { kind: 'explore'; lab: string; consumer: string }
  | { kind: 'replay'; run: string }
  | {
      kind: 'storm';
      lab: string;
      scenario?: Cause;
      seed?: number;
      seconds?: number;
      free?: boolean;
    }
  | { kind: 'drill'; seed?: number; seconds?: number };

export interface Job {
  id: string;
  kind: JobKind;
  request: JobRequest;
  state: JobState;
  runs: string[];
  error: Problem | null;
  last_event: number;
}

export type StrikeKind =
  | 'kill'
  | 'pause'
  | 'resume'
  | 'evict'
  | 'add'
  | 'cut-kafka'
  | 'cut-postgres'
  | 'heal';

export interface RunLine {
  run: string;
  kind: 'run' | 'explore' | 'storm';
  lab: string | null;
  consumer: string | null;
  scenario: string | null;
  state: 'running' | 'judged' | 'inconclusive';
  verdict: Verdict | null;
  counts: Record<string, number | boolean> | null;
  started: number;
  seconds: number | null;
}

export type Mark =
  | 'struck'
  | 'dead'
  | 'terminated'
  | 'frozen'
  | 'thawed'
  | 'evicted'
  | 'lock'
  | 'dot';

export interface Step {
  at_ms: number;
  from: string;
  to: string;
  text: string;
  /** Of a request what it is, without words. */
  event: string | null;
  instance: string;
  kind: 'request' | 'answer' | 'move' | 'mark';
  /** Of what is done to an instance. */
  mark: Mark | null;
  /** The id of the effect that the answered request has made. */
  effect: string | null;
  in_window: boolean;
}

export interface Biography {
  payment: string;
  outcome: Outcome;
  text: string;
  effects: string[];
  lanes: string[];
  lines: Step[];
}

export interface Reveal {
  right: boolean;
  cause: Cause;
  answer: Cause;
  action: Action;
  right_action: Action;
  cause_text: string;
  action_text: string;
  evidence: string[];
  correction: string[];
  run: string;
  seed: number;
}
