/** Faults and outcomes as the program has them. Written by `UPDATE=1 cargo test --lib generated`. */

/** Every fault, in the order of a matrix's columns. */
export const FAULTS = {
  kill: {
    word: 'killed',
    help: 'SIGKILL in the window; the member is evicted by protocol, so nobody waits for its session',
    finds: 'effects without a record, and records without an acknowledgement',
  },
  terminate: {
    word: 'terminated',
    help: 'SIGTERM in the window, a grace period, SIGKILL: what a rolling deploy does',
    finds: 'shutdown paths that commit past what was done, or drop it',
  },
  zombie: {
    word: 'frozen and evicted',
    help: "SIGSTOP in the window, eviction; a successor takes over and finishes, or stands at the zombie's row lock or open transaction; SIGCONT",
    finds: 'check-then-act races, and what fencing by the group does not stop',
  },
  'lost-response': {
    word: 'answer lost',
    help: 'the server has acted, the connection drops, the process lives',
    finds: 'retries without a stable key, and a COMMIT of which nobody knows how it ended',
  },
  unavailable: {
    word: 'request refused',
    help: 'the request fails at once and never reaches the server',
    finds: 'swallowed errors, and acknowledgements of what failed',
  },
  'stall-kill': {
    word: 'held, then killed',
    help: 'the request is held until the payment is acknowledged, then SIGKILL',
    finds: 'auto-commit, and whatever else acknowledges before its effect',
  },
  duplicate: {
    word: 'sent again',
    help: 'the same payment is produced again at a new offset',
    finds: 'dedup that is keyed on the offset',
  },
};

export type Fault = keyof typeof FAULTS;

/** What may become of a payment. */
export const OUTCOMES = {
  once: 'once',
  duplicated: 'twice',
  lost: 'lost',
  half_done: 'half-done',
  parked: 'parked',
  unfinished: 'unfinished',
};

export type Outcome = keyof typeof OUTCOMES;

/** What may become of the payments of a cell. */
export const CELL_OUTCOMES = {
  ...OUTCOMES,
  fenced: 'fenced',
  not_reached: 'not reached',
};

export type CellOutcome = keyof typeof CELL_OUTCOMES;

/**
 * What is known of a payment, in the order in which it comes to it. `{done}` stands for what is done
 * to a payment that takes effect, `{times}` for how often.
 */
export const PAYMENT_STATES = {
  waiting: 'waiting',
  delivered: 'delivered',
  once: '{done} once',
  duplicated: '{done} {times}',
  lost: 'lost',
  half_done: 'half-done',
  parked: 'parked',
  unfinished: 'unfinished',
};

export type PaymentState = keyof typeof PAYMENT_STATES;
