import {
  type LiveCounts,
  OUTCOMES,
  type Outcome,
  PAYMENT_STATES,
  type PaymentState,
  type RunReport,
} from '../lib/types';
import { paymentIndex } from '../lib/words';

/** In the order in which a payment comes to them; a grid keeps the place in this list. */
export const STATES = Object.keys(PAYMENT_STATES) as PaymentState[];

/** One cell for each payment; the first payment is the one with the number 1. */
export interface GridState {
  states: Uint8Array;
  effects: Uint8Array;
  counts: LiveCounts;
  /** Those in whose windows a fault strikes, by number. */
  struck: ReadonlySet<number>;
  /** Whether it was made of a report, which counts redeliveries of struck payments alone. */
  reported: boolean;
}

const NOTHING = {
  produced: 0,
  redelivered: 0,
  ...Object.fromEntries(STATES.map((state) => [state, 0])),
} as LiveCounts;

export function emptyGrid(payments: number, struck: string[] = []): GridState {
  return {
    states: new Uint8Array(payments),
    effects: new Uint8Array(payments),
    counts: { ...NOTHING, waiting: payments },
    struck: new Set(struck.map(paymentIndex)),
    reported: false,
  };
}

export function change(grid: GridState, changes: [number, PaymentState, number][]): void {
  for (const [number, state, effects] of changes) {
    grid.states[number - 1] = STATES.indexOf(state);
    grid.effects[number - 1] = Math.min(effects, 255);
  }
}

export function cellOf(grid: GridState, number: number): { state: PaymentState; effects: number } {
  const state = STATES[grid.states[number - 1] ?? 0] ?? 'waiting';
  return { state, effects: grid.effects[number - 1] ?? 0 };
}

/** The grid of a run that was judged: what is no exception took effect once. */
export function gridOf(report: RunReport): GridState {
  const { counts } = report;
  const struck = report.faults.map((fault) => fault.payment);
  const grid = emptyGrid(counts.payments, struck);
  grid.states.fill(STATES.indexOf('once'));
  grid.effects.fill(1);
  change(
    grid,
    report.exceptions.map((e) => [paymentIndex(e.payment), e.outcome, e.charges.length]),
  );
  grid.reported = true;
  grid.counts = {
    ...NOTHING,
    produced: counts.payments,
    redelivered: counts.redeliveries,
  };
  for (const outcome of Object.keys(OUTCOMES) as Outcome[]) {
    grid.counts[outcome] = counts[outcome] ?? 0;
  }
  return grid;
}

/** The numbers of the payments that did not take effect exactly once, and are not on their way. */
export function exceptions(grid: GridState): number[] {
  const found: number[] = [];
  const first = STATES.indexOf('duplicated');
  for (let i = 0; i < grid.states.length; i++) {
    if ((grid.states[i] ?? 0) >= first) found.push(i + 1);
  }
  return found;
}
