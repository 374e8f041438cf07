/** What a job tells while it goes on. */
import type { Report, RunReport, StormReport } from './reports';
import type { Action, Cause, Fault, PaymentState, Problem, Reveal } from './types';

export type InstanceState =
  | 'starting'
  | 'joined'
  | 'frozen'
  | 'killed'
  | 'evicted'
  | 'thawed'
  | 'ended';

export interface LiveCounts extends Record<PaymentState, number> {
  produced: number;
  redelivered: number;
}

export interface Sample {
  at_ms: number;
  hit_rate: number;
  hit_rate_redelivery: number;
  hit_rate_republish: number;
  redeliveries: number;
  effects_per_payment: number | null;
  lag: number;
  rebalances: number;
  /** The group's; null before anybody was heard in one, and in a drill. */
  generation: number | null;
  produced_per_s: number;
  checks_per_s: number;
}

/** The events of a job by name, with what each carries. */
export interface JobEvents {
  phase: { text: string };
  plan: {
    run: string;
    lab: string;
    consumer: string;
    payments: number;
    partitions: number;
    instances: string[];
    /** Whether effects are told as they happen, or counted when the run is over. */
    effects: 'live' | 'at the end';
    faults: { fault: Fault; at: string; edge: 'before' | 'after'; payment: string }[];
  };
  payments: { at_ms: number; changed: [number, PaymentState, number][]; counts: LiveCounts };
  instance: {
    at_ms: number;
    name: string;
    state: InstanceState;
    payment: string | null;
    event: string | null;
    line: number | null;
  };
  fault: {
    at_ms: number;
    fault: string;
    payment: string | null;
    instance: string | null;
    text: string;
    problem: string | null;
  };
  rebalance: { at_ms: number; generation: number | null; partitions: Record<string, number[]> };
  cell: { done: number; of: number };
  log: { at_ms: number; instance: string; line: string };
  sample: Sample;
  diagnose: {
    causes: { cause: Cause; text: string }[];
    actions: { action: Action; text: string }[];
    logs: string;
  };
  done:
    | { runs: string[]; report: Report; reveal?: never }
    | { runs: string[]; reports: RunReport[] }
    | { runs: string[]; reveal: Reveal; report: StormReport }
    | Problem;
}
