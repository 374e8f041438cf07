// Generated from the types in Rust: `make wire`.

/** The job that was started, or that takes a strike. */
export interface Accepted {
  job: string;
}

export type Action = 'restart' | 'find-what-moves' | 'roll-back' | 'ask-the-producer' | 'fewer-per-poll';

export interface ActionChoice {
  action: Action;
  text: string;
}

/** One payment's biography, as a sequence. */
export interface Biography {
  payment: string;
  outcome: Outcome;
  /** The biography in one sentence. */
  text: string;
  /** As counted from outside: charges in the ledger, or transitions in the audit of a table. */
  effects: string[];
  /** From left to right. */
  lanes: string[];
  /** From top to bottom. */
  lines: Step[];
}

/** One line of a biography. */
export type BiographyLine = {
  /** Milliseconds since the run began. */
  at_ms: number;
  /** Who it happened to: an instance's name. */
  who: string;
  /** What happened to it, to be read by a person. */
  what: string;
  /** Of a strike: the place in the biography, from 1, of the line with which its crash window ends. */
  window_ends?: number;
} & ({
  kind: 'request';
  /** To whom. */
  party: Tap;
  /** Its signature. */
  event: string;
} | {
  kind: 'answer';
  /** Who was asked. */
  party: Tap;
  result?: EventOutcome;
} | {
  kind: 'move';
  /** The other. */
  party: Tap;
  /** Whether it comes to the instance. */
  towards: boolean;
} | {
  kind: 'mark';
  /** Which. */
  mark: Mark;
});

export type Cause = 'rebalances' | 'release' | 'republish' | 'slow';

export interface CauseChoice {
  cause: Cause;
  text: string;
}

export type CellOutcome = 'once' | 'duplicated' | 'lost' | 'half_done' | 'parked' | 'unfinished' | 'fenced' | 'not_reached';

/** How many cells of an exploration are done. */
export interface CellProgress {
  done: number;
  of: number;
}

export interface Choice {
  letter: string;
  text: string;
}

export interface Consumer {
  name: string;
  /** What it does, in one line. */
  about: string;
}

/** What a payment costs, of those that no fault struck. The taps and the lab's own record are in these numbers: compare them within one machine and one minute, and quote ratios. */
export interface Cost {
  /** Payments per second of the time in which at least one was in hand. */
  payments_per_second: number;
  /** From the consumer's first request for a payment to the commit of its offset, in milliseconds: half of the payments take no longer. */
  p50_ms: number;
  /** The same: 99 of 100 take no longer. */
  p99_ms: number;
  /** Transactions that changed something and were committed in Postgres, per payment. */
  database_commits: number;
  /** Offset commits that Kafka took, per payment. */
  offset_commits: number;
}

/** How many payments had which outcome. One that took effect twice and is not acknowledged, or not recorded, counts as both: the one does not excuse the other. */
export interface Counts {
  /** Payments that Kafka acknowledged. */
  payments: number;
  /** Charged once, recorded, offset committed. */
  once: number;
  /** Charged twice or more. */
  duplicated: number;
  /** Offset committed, never charged. */
  lost: number;
  /** Offset not committed when the run ended. */
  unfinished: number;
  /** Charged, once or more often, and committed, but not recorded. */
  half_done: number;
  /** Struck payments that Kafka was seen to deliver again. */
  redeliveries: number;
  /** Acknowledged, never charged, and put where an operator finds it. */
  parked?: number;
}

/** The incident of a drill is over: what was it? */
export interface Diagnose {
  causes: CauseChoice[];
  actions: ActionChoice[];
  /** What the instances logged, summed up. */
  logs: string;
}

/** What somebody on call says. */
export interface Diagnosis {
  cause: Cause;
  action: Action;
}

/** The end of a job. */
export type Done = {
  runs: string[];
  report: Report;
  reveal?: never;
} | {
  runs: string[];
  reports: RunReport[];
} | {
  runs: string[];
  reveal: Reveal;
  report: StormReport;
} | Problem;

/** On which side of what the server does the window lies. */
export type Edge = 'before' | 'after';

/** When effects are told. */
export type Effects = 'live' | 'at the end';

/** A boundary event and its line. */
export interface EventLine {
  /** How the event's signature begins. */
  event: string;
  /** From 1. */
  line: number;
}

/** What came of a request, as the tap understood the server. What is declined and what is not known are apart: a failure may have been executed. */
export type EventOutcome = {
  came: 'executed';
  /** The id under which the ledger has what the customer feels, where there is such a thing. */
  effect?: string;
} | {
  came: 'found';
  /** The latest that was found. */
  effect?: string;
} | {
  came: 'replayed';
  /** That of the first request; none where that one failed. */
  effect?: string;
} | {
  came: 'rolled_back';
} | {
  came: 'refused';
  /** The server's code: `23505`, `ILLEGAL_GENERATION`, `card_declined`. */
  code: string;
} | {
  came: 'uncertain';
  /** The server's code. */
  code: string;
} | {
  came: 'gone';
  /** The server's code. */
  code: string;
};

/** A payment that was not charged exactly once. */
export interface Exception {
  /** The payment. */
  payment: string;
  /** What became of it; never that it took effect once. */
  outcome: Outcome;
  /** Its charges in the ledger. */
  charges: string[];
}

/** One window struck with one fault. */
export interface ExploreCell {
  /** The number of the cell, from 1. */
  cell: number;
  /** Where it was struck. */
  window: Window;
  /** With what. */
  fault: Fault;
  /** What became of the payments; the worst of them. */
  outcome: CellOutcome;
  /** Whether that breaks the promise. */
  verdict: Verdict;
  /** The payment that is told of: the struck one, if it was hit, else one of those that were. */
  payment: string;
  /** What happened, in plain words: one sentence. */
  text: string;
  /** The biography of the payment whose outcome this is. */
  biography: BiographyLine[];
  /** The command that runs this cell again; empty where no run could be made of it. */
  replay: string;
  /** How many payments have that outcome. */
  hit?: number;
  /** What was seen of positions in the log; it changes no verdict. */
  log?: LogFinding[];
}

/** Every crash window of one consumer, struck with every fault that applies to it. `schema` changes when a reader would have to. */
export interface ExploreReport {
  /** The version of this form. */
  schema: 2;
  /** The consumer's command, as it was given. */
  command: string[];
  /** What was promised. */
  guarantee: Guarantee;
  /** Violated if one cell is, unknown if none is and something could not be judged. */
  verdict: Verdict;
  /** The worst finding in plain words; the first line a person reads. */
  headline: string;
  /** What the verdict rests on, one clause each. */
  reasons: string[];
  /** What the consumer does for one payment, in order: the signatures of its boundary events. */
  recording: string[];
  /** What the user should know of the recording and of the cells: `no traffic seen at the Postgres tap`. */
  warnings: string[];
  /** Every window with every fault, in the order of the windows. */
  cells: ExploreCell[];
  /** How many cells were never reached. */
  unreached: number;
  /** Where it ran. */
  stack: Stack;
  /** Where the time went. */
  seconds: Times;
  /** The exploration's number, for `crashwindow replay`. */
  run: string;
  /** The exploration's folder. */
  run_dir: string;
  /** The windows that a cell stands for beside its own. */
  merged?: MergedWindow[];
  /** What changed something for a payment, and nobody can say for which: it was no window, so that nothing can be said of it. */
  unattributed?: string[];
}

export type Fault = 'kill' | 'terminate' | 'zombie' | 'lost-response' | 'unavailable' | 'stall-kill' | 'duplicate' | 'join';

export type FaultChoice = 'kill' | 'terminate' | 'zombie' | 'lost-response' | 'unavailable' | 'stall-kill' | 'duplicate' | 'join' | 'none';

/** A fault was carried out, or was not. */
export interface FaultEvent {
  /** Milliseconds since the run began; in a storm, after its first payment was due, by its last look. */
  at_ms: number;
  /** The fault's name, or that of a storm's strike; `failed` for one that could not be carried out. */
  fault: string;
  payment: string | null;
  instance: string | null;
  text: string;
  /** Why it could not be carried out. */
  problem: string | null;
}

/** One fault of the schedule. */
export interface FaultReport {
  /** The fault. */
  fault: Fault;
  /** Where it was to strike. */
  window: FaultWindow;
  /** In whose window. */
  payment: string;
  /** Who was struck. */
  instance: string | null;
  /** Whether anybody came to the window. */
  fired: boolean;
  /** Whether Kafka was seen to deliver the payment again. */
  redelivered: boolean;
  /** Why it is no evidence. */
  problem: string | null;
}

/** A crash window, named by the boundary event at its edge. */
export interface FaultWindow {
  /** The signature of the boundary event: `POST /v1/charges`. */
  at: string;
  /** On which side of it. */
  edge: Edge;
  /** Which of the events of that name within the payment, from 1. */
  occurrence?: number;
}

export interface Given {
  /** A letter. */
  chosen: string;
  /** The run that told the answer. */
  run: string | null;
}

/** A delivery guarantee, as it is declared for a consumer. */
export type Guarantee = 'at-most-once' | 'at-least-once' | 'effectively-once' | 'exactly-once-per-record';

/** Whether the servers answer, and what goes on. */
export interface Health {
  version: string;
  stack: StackHealth;
  /** The running job's id. */
  job: string | null;
}

/** What an instance is about. */
export interface InstanceChange {
  /** Milliseconds since the run began; in a storm, after its first payment was due, by its last look. */
  at_ms: number;
  name: string;
  state: InstanceState;
  payment: string | null;
  /** The signature of its last boundary event. */
  event: string | null;
  /** Where its source makes that event, from 1. */
  line: number | null;
}

export type InstanceState = 'starting' | 'joined' | 'frozen' | 'killed' | 'evicted' | 'thawed' | 'ended';

/** How a job stands. */
export interface Job {
  id: string;
  kind: JobKind;
  request: JobRequest;
  state: JobState;
  /** Runs that it has finished. */
  runs: string[];
  error: Problem | null;
  /** The id of its last event. */
  last_event: number;
}

export type JobKind = 'run' | 'compare' | 'explore' | 'replay' | 'storm' | 'drill';

/** What a job is to do. */
export type JobRequest = {
  kind: 'run';
  lab: string;
  consumer: string;
  fault?: FaultChoice;
  payments?: number;
  replay?: string;
  scenario?: string;
  seed?: number;
} | {
  kind: 'compare';
  lab: string;
  scenario?: string;
  seed?: number;
} | {
  kind: 'explore';
  lab: string;
  consumer: string;
} | {
  kind: 'replay';
  /** `0007`, or a cell: `0007/cells/12`. */
  run: string;
} | {
  kind: 'storm';
  lab: string;
  /** No planned strikes, only the buttons. */
  free?: boolean;
  scenario?: Cause;
  seconds?: number;
  seed?: number;
} | {
  kind: 'drill';
  seconds?: number;
  seed?: number;
};

/** `waiting`: a drill whose incident is over and that waits for a diagnosis. */
export type JobState = 'running' | 'waiting' | 'done' | 'failed' | 'stopped';

/** What a lab's manifest says, and how the attendee has fared. */
export interface Lab {
  id: string;
  name: string;
  title: string;
  /** What the attendee is asked before anything runs. */
  question: string;
  /** What every consumer of the lab is held to. */
  guarantee: Guarantee;
  /** What was done to a payment that took effect: `charged`. */
  done: string;
  consumers: Consumer[];
  scenarios: Scenario[];
  storm: Storm | null;
  quiz: QuizProgress;
}

/** A lab with its texts. */
export interface LabPage {
  id: string;
  name: string;
  title: string;
  /** What the attendee is asked before anything runs. */
  question: string;
  /** What every consumer of the lab is held to. */
  guarantee: Guarantee;
  /** What was done to a payment that took effect: `charged`. */
  done: string;
  consumers: Consumer[];
  scenarios: Scenario[];
  storm: Storm | null;
  quiz: QuizProgress;
  /** Markdown. */
  guide: string;
  /** By consumer. */
  sources: Record<string, Source>;
}

/** Whose metrics they are. */
export interface Labels {
  lab: string;
  run: string;
  instance: string;
  consumer: string;
}

/** How many payments are in which state. */
export interface LiveCounts {
  produced: number;
  delivered: number;
  redelivered: number;
  once: number;
  duplicated: number;
  lost: number;
  half_done: number;
  /** Put where an operator finds it. */
  parked: number;
  unfinished: number;
  waiting: number;
}

/** A fact about positions in the log, with its evidence. Times are in milliseconds since the run began; a process is told by its instance and which of its lives it was: `a#2`. */
export type LogFinding = {
  finding: 'committed_ahead';
  /** The payment. */
  payment: string;
  /** Where its record is. */
  partition: number;
  /** Where its record is. */
  offset: number;
  /** The process that committed. */
  by: string;
  /** The offset that it committed: the next to be read. */
  position: number;
  /** When the commit was answered. */
  committed_ms: number;
  /** When something was done for the payment after all; none where nothing ever was. */
  done_ms: number | null;
} | {
  finding: 'redelivered_after_commit';
  /** The payment. */
  payment: string;
  /** Where its record is. */
  partition: number;
  /** Where its record is. */
  offset: number;
  /** The process that it was handed to again. */
  to: string;
  /** When it was. */
  delivered_ms: number;
  /** The process that had committed. */
  committed_by: string;
  /** The offset that it had committed: the next to be read. */
  position: number;
  /** When the commit was answered. */
  committed_ms: number;
} | {
  finding: 'out_of_order';
  /** The key. */
  key: string;
  /** The partition of both. */
  partition: number;
  /** The payment whose record stands first. */
  first: string;
  /** The payment that was done first. */
  second: string;
  /** When the second was done. */
  second_done_ms: number;
  /** When the first was asked for, for the first time that it came to anything. */
  first_asked_ms: number;
};

/** A line that an instance of a storm has logged. */
export interface LogLine {
  /** Milliseconds after the storm's first payment was due, by its last look. */
  at_ms: number;
  instance: string;
  /** As the instance wrote it, or how many more there were. */
  line: string;
}

export type ManualAction = 'kill' | 'pause' | 'resume' | 'evict' | 'add' | 'cut-kafka' | 'cut-postgres' | 'heal';

/** One strike by hand. */
export interface ManualCommand {
  /** What is done. */
  what: ManualAction;
  /** To whom, where it is done to one. */
  instance?: string;
}

/** What is done to an instance, or befalls it. */
export type Mark = 'struck' | 'dead' | 'terminated' | 'frozen' | 'thawed' | 'evicted' | 'lock' | 'dot';

/** A window that needs no run of its own for a fault: what survives is the same as in a cell's. */
export interface MergedWindow {
  /** The window. */
  window: Window;
  /** The fault. */
  fault: Fault;
  /** The number of the cell that stands for it. */
  cell: number;
}

export type Outcome = 'once' | 'duplicated' | 'lost' | 'half_done' | 'parked' | 'unfinished';

/** Who owned which partitions, from one moment on. */
export interface Ownership {
  /** Milliseconds after the first payment was due. */
  at_ms: number;
  /** The group's generation, seen at the Kafka tap; none before anybody was heard in one. */
  generation: number | null;
  /** The partitions of each instance; nobody has any while the group decides. */
  partitions: Record<string, number[]>;
}

/** [number of the payment from 1, state, effects] */
export type PaymentChange = [number, PaymentState, number];

export type PaymentState = 'waiting' | 'delivered' | 'once' | 'duplicated' | 'lost' | 'half_done' | 'parked' | 'unfinished';

/** What changed on the wall; everything, where the buffer does not reach back. */
export interface Payments {
  /** Milliseconds since the run began. */
  at_ms: number;
  changed: PaymentChange[];
  counts: LiveCounts;
}

/** What is being done. */
export interface Phase {
  text: string;
}

/** A run begins. In a comparison there are several, one after the other; each plan clears the wall. */
export interface Plan {
  /** The run's number. */
  run: string;
  /** The lab's id. */
  lab: string;
  /** The consumer's name. */
  consumer: string;
  /** How many; 0 in a storm, which has no wall. */
  payments: number;
  /** Of the topic. */
  partitions: number;
  /** Their names. */
  instances: string[];
  /** What is to be done; nothing in a storm. */
  faults: PlannedFault[];
  /** Whether the states of payments tell their effects as they happen, or only what is delivered until the run is over: charges pass a tap, anything else is looked for when nobody can change it any more. */
  effects: Effects;
}

/** A fault, and where it is to strike. */
export interface PlannedFault {
  /** The fault. */
  fault: Fault;
  /** The signature of the boundary event at the window's edge. */
  at: string;
  /** On which side of the event. */
  edge: Edge;
  /** In whose window. */
  payment: string;
}

/** What was refused or went wrong. */
export interface Problem {
  /** What is wrong. */
  error: string;
  /** What to do next. */
  next: string;
  /** The job that is in the way. */
  job?: string;
}

/** A question, as far as the attendee may know it. */
export interface Question {
  id: string;
  ask: string;
  /** What tells the answer, where a run does. */
  run: Shown | null;
  options: Choice[];
  /** The last answer; none yet. */
  answer: Given | null;
  /** Only when it was answered and, where the question names a run, that run was done. */
  reveal: Solution | null;
}

/** What an attendee chooses. */
export interface QuizAnswer {
  /** The question's id. */
  question: string;
  /** A letter. */
  option: string;
}

/** How many questions there are, and how many the attendee has answered, and answered rightly. */
export interface QuizProgress {
  questions: number;
  answered: number;
  right: number;
}

/** A storm's rates over its last looks. */
export interface Rates {
  /** Milliseconds after the first payment was due. */
  at_ms: number;
  hit_rate: number;
  hit_rate_redelivery: number;
  hit_rate_republish: number;
  /** Since the storm began. */
  redeliveries: number;
  /** Null where nothing took effect. */
  effects_per_payment: number | null;
  /** Records behind the end. */
  lag: number;
  /** Since the storm began. */
  rebalances: number;
  /** The group's; null before anybody was heard in one, and in a drill. */
  generation: number | null;
  produced_per_s: number;
  checks_per_s: number;
}

/** Who owns which partitions from now on. */
export interface Rebalance {
  /** Milliseconds since the run began; in a storm, after its first payment was due, by its last look. */
  at_ms: number;
  /** The group's; null before anybody was heard in one, and in a drill. */
  generation: number | null;
  /** By instance. In a run: as the group was when it was whole, and as faults moved them since. */
  partitions: Record<string, number[]>;
}

/** The report of a run, an exploration or a storm. */
export type Report = RunReport | ExploreReport | StormReport;

/** What a drill was, and whether the diagnosis was right. */
export interface Reveal {
  /** Whether cause and action both were right. */
  right: boolean;
  cause: Cause;
  /** The cause that was diagnosed. */
  answer: Cause;
  /** What was to be done first, by the diagnosis. */
  action: Action;
  right_action: Action;
  cause_text: string;
  action_text: string;
  /** What in the metrics and logs shows the cause. */
  evidence: string[];
  /** Why the diagnosis was not it; empty where it was. */
  correction: string[];
  run: string;
  /** Hides the same incident again. */
  seed: number;
}

export type RunKind = 'run' | 'explore' | 'storm';

/** A kept run in one line. */
export interface RunLine {
  run: string;
  kind: RunKind;
  lab: string | null;
  consumer: string | null;
  /** A storm's cause. */
  scenario: string | null;
  state: RunState;
  verdict: Verdict | null;
  /** As the report has them: of a run or of a storm, perhaps of an older version. */
  counts: Record<string, unknown> | null;
  /** Seconds since the Unix epoch. */
  started: number;
  /** How long it took, or of a storm how long payments were produced. */
  seconds: number | null;
}

/** One run of one consumer. `schema` changes when a reader would have to. `crashwindow compare --json` prints an array of these. */
export interface RunReport {
  /** The version of this form. */
  schema: 2;
  /** The lab's id. */
  lab: string;
  /** The lab's name. */
  lab_name: string;
  /** The consumer. */
  consumer: string;
  /** The scenario. */
  scenario: string;
  /** The seed of the schedule. */
  seed: number;
  /** How many instances shared the group. */
  instances: number;
  /** Where it ran. */
  stack: Stack;
  /** The verdict. */
  verdict: Verdict;
  /** The verdict that the lab's manifest expects, where the run is the manifest's. */
  expected: Verdict | null;
  /** What was promised. */
  guarantee: Guarantee;
  /** What the verdict rests on, one clause each. */
  reasons: string[];
  /** How many payments had which outcome. */
  counts: Counts;
  /** What was done to a payment that took effect: `charged`. */
  done: string;
  /** Every payment that did not take effect exactly once. */
  exceptions: Exception[];
  /** Every fault of the schedule. */
  faults: FaultReport[];
  /** Payments that show what happened, the most telling first. */
  witnesses: Witness[];
  /** What a payment costs that nothing struck. */
  cost: Cost;
  /** Where the time went. */
  seconds: Times;
  /** The run folder's number, for `crashwindow replay`. */
  run: string;
  /** The run folder. */
  run_dir: string;
}

export type RunState = 'running' | 'judged' | 'inconclusive';

/** One thing that is done to every consumer of the lab. */
export interface Scenario {
  name: string;
  fault: Fault;
  /** The signature of the boundary event at the window's edge. */
  at: string;
  edge: Edge;
  /** How many payments are struck. */
  strikes: number;
  /** The verdict that each consumer must get. */
  expect: Record<string, Verdict>;
  why: string;
}

export interface Shown {
  consumer: string;
  scenario: string;
}

export interface Solution {
  /** A letter. */
  right: string;
  /** A text for each option. */
  explain: string[];
  /** How many of the struck payments met which outcome in the run that was done. */
  fates: {
    duplicated?: number;
    half_done?: number;
    lost?: number;
    once?: number;
    parked?: number;
    unfinished?: number;
  };
}

/** A consumer's source. */
export interface Source {
  /** Its path from the lab's folder. */
  file: string;
  text: string;
  lines: EventLine[];
}

/** Where a run ran. */
export interface Stack {
  /** `native`, `external`, `compose`. */
  kind: StackKind;
  /** Kafka's version, where it is known. */
  kafka: string | null;
  /** PostgreSQL's version, where it is known. */
  postgres: string | null;
}

/** What is known of Kafka and Postgres. */
export interface StackHealth {
  state: StackState;
  kind: StackKind | null;
  /** Kafka's version. */
  kafka: string | null;
  /** PostgreSQL's version. */
  postgres: string | null;
  error: string | null;
}

/** How a stack runs. */
export type StackKind = 'compose' | 'native' | 'external';

export type StackState = 'up' | 'down';

/** One line of a biography: who told whom. */
export interface Step {
  /** Milliseconds since the run began. */
  at_ms: number;
  /** The lane it begins on. */
  from: string;
  /** The lane it ends on; the same for what is done to an instance. */
  to: string;
  /** The words. */
  text: string;
  /** Of a request what it is, without words. */
  event: string | null;
  /** Whose line it is. */
  instance: string;
  /** `request`, `answer`, `move` or `mark`. */
  kind: 'request' | 'answer' | 'move' | 'mark';
  /** Of what is done to an instance. */
  mark: Mark | null;
  /** The id of the effect that the answered request has made. */
  effect: string | null;
  /** Whether it lies in a crash window. */
  in_window: boolean;
}

/** What can be done to a loaded group. */
export interface Storm {
  consumer: string;
  /** How long payments are produced. */
  seconds: number;
  scenarios: StormScenario[];
}

export type StormAction = 'kill' | 'pause' | 'evict' | 'leave' | 'join' | 'broker-outage' | 'broker-stop' | 'database-outage' | 'slow-database' | 'release' | 'republish' | 'freeze' | 'thaw' | 'heal';

/** What happened in a stretch of time. */
export interface StormBucket {
  /** Seconds after the first payment at which it begins. */
  from_s: number;
  /** How long it is, in seconds. */
  seconds: number;
  /** Payments produced. */
  produced: number;
  /** Checks for a duplicate. */
  checks: number;
  /** Hits on the same record. */
  redelivery_hits: number;
  /** Hits on another record of the same payment. */
  republish_hits: number;
  /** Hits of all checks; 0 where there was none. */
  hit_rate: number;
  /** Lines that the ledger grew by. */
  effects: number;
  /** Effects over payments that took effect; 1 where every effect is its payment's first. */
  effects_per_payment: number;
  /** Records that were checked again, counted at the Postgres tap. */
  redelivered: number;
  /** Assignments. */
  assigned: number;
  /** Partitions given up on request. */
  revoked: number;
  /** Partitions that were gone already when the consumer heard of it. */
  lost: number;
  /** Refused offset commits. */
  commit_failures: number;
  /** Gaps between polls past `max.poll.interval.ms`. */
  late_polls: number;
  /** Records behind the end, when the bucket ended. */
  lag: number;
  /** The programs that ran when the bucket ended. */
  builds: string[];
  /** What was done meanwhile: the number of each mark. */
  marks: number[];
  /** The group's generation when the bucket ended, seen at the Kafka tap. */
  generation?: number | null;
}

/** What is known of a storm when it has settled, all of it from outside the consumers. */
export interface StormFacts {
  /** Payments that Kafka acknowledged, each counted once. */
  payments: number;
  /** Payments that took effect at least once. */
  paid: number;
  /** Effects, of all payments. */
  effects: number;
  /** Effects of payments that nobody produced. */
  strangers: number;
  /** Records that were checked again after their check was completed. */
  redelivered: number;
  /** Dedup statements whose coordinates could not be read at the tap. */
  unread: number;
  /** Strikes that were made, whether they could be carried out or not. */
  planned: number;
  /** Strikes that were carried out. */
  fired: number;
  /** Whether the group came to the end of everything that was produced. */
  drained: boolean;
  /** What the incident was to have and what it had; none where the strikes came by hand. */
  incident?: StormIncident | null;
  /** Records of payments that the producer had sent before. */
  republished?: number;
}

/** What an incident was to have, and what it had. */
export interface StormIncident {
  /** What was promised. */
  promise: StormPromise;
  /** The records that came again, or were sent again. */
  records: number;
  /** Of so many. */
  of: number;
  /** Strikes that were not planned, and carried out because too little had come again. */
  added: number;
  /** Strikes that were planned, and left out because enough had come again or their moment never came. */
  left_out: number;
}

/** What was done, and when: a mark on the time axis. */
export interface StormMark {
  /** Milliseconds after the first payment at which it was done. */
  at_ms: number;
  /** When it was over. */
  until_ms: number;
  /** What was done. */
  blow: StormAction;
  /** To which instance or broker; none where all were struck. */
  instance: string | null;
  /** Why it failed, if it did. */
  problem: string | null;
}

/** The three parts of a storm. The first minute of a change, compressed with the others, belongs to none of them. There are none in a storm of which nothing was planned. */
export interface StormPhases {
  /** Before the incident. */
  before: StormBucket | null;
  /** The incident, once it has begun to show. */
  incident: StormBucket | null;
  /** After it. */
  after: StormBucket | null;
}

/** What an incident is to have, counted from outside the consumers. */
export type StormPromise = {
  what: 'redelivered';
  /** No fewer than these. */
  from: number;
  /** No more than these. */
  to: number;
} | {
  what: 'republished';
  /** No fewer than these. */
  from: number;
  /** No more than these. */
  to: number;
} | {
  what: 'redelivered-after-rollout';
  /** No fewer than these. */
  records: number;
};

/** Redeliveries, counted twice: those of the checks that both sides have counted. */
export interface StormRedeliveries {
  /** At the Postgres tap: records whose check was completed before and that were checked again. */
  outside: number;
  /** By the consumers: `dedup_checks_total{result="hit",origin="redelivery"}`. */
  metric: number;
  /** How far the metric is from what it can be, over the outside count. */
  difference: number;
  /** Whether it is not: the metric told the truth. */
  agree: boolean;
  /** Records that the metric may have beyond `outside`: they came again after a check whose answer came to nobody. */
  doubtful?: number;
  /** Checks that were answered to processes which died before they told of them. They are in neither number. */
  uncounted?: number;
}

/** One storm over a loaded group. `schema` changes when a reader would have to. */
export interface StormReport {
  /** The version of this form. */
  schema: 1;
  /** The lab's id. */
  lab: string;
  /** The lab's name. */
  lab_name: string;
  /** What made the numbers move. */
  cause: Cause;
  /** The consumer. */
  consumer: string;
  /** Plans the same storm again. */
  seed: number;
  /** What was promised. */
  guarantee: Guarantee;
  /** Whether it was kept. */
  verdict: Verdict;
  /** The verdict that the manifest expects. */
  expected: Verdict | null;
  /** Why. */
  reasons: string[];
  /** Payments per second. */
  rate: number;
  /** Instances in the group. */
  instances: number;
  /** Partitions of the topic. */
  partitions: number;
  /** How long payments were produced, in seconds. */
  seconds: number;
  /** What is known from outside the consumers. */
  counts: StormFacts;
  /** The calm before, the incident, and the calm after it. */
  phases: StormPhases;
  /** Whether the metric told the truth. */
  redeliveries: StormRedeliveries;
  /** Rates over time. */
  series: StormBucket[];
  /** What was done. */
  marks: StormMark[];
  /** The number of the run folder. */
  run: string;
  /** The run folder. */
  run_dir: string;
  /** Who owned which partitions, change by change. */
  owners?: Ownership[];
  /** What the taps have refused, each once: what the consumer lacked for it is no fault of the storm's. */
  warnings?: string[];
}

export interface StormScenario {
  cause: Cause;
  expect: Verdict;
  why: string;
}

/** The boundary on which an event was seen. */
export type Tap = 'provider' | 'sink' | 'postgres' | 'kafka';

/** A group of addresses with their labels, as Prometheus' HTTP service discovery has it. */
export interface Target {
  /** Addresses with ports. */
  targets: string[];
  labels: Labels;
}

/** One phase. */
export interface TimedPhase {
  /** Its name. */
  name: string;
  /** How long it took. */
  seconds: number;
}

/** Where the time went, in seconds. */
export interface Times {
  /** All of it. */
  total: number;
  /** By phase, in order. */
  phases: TimedPhase[];
}

/** Whether the guarantee stood. The exit code of a run is `Verdict::exit_code`. */
export type Verdict = 'held' | 'violated' | 'unknown';

/** The gap between two boundary events. */
export interface Window {
  /** The event after which it begins; none for what is not struck in a window. */
  after: string | null;
  /** The event before which it ends; none after the last. */
  before: string | null;
  /** Which of the events of that name within the payment, from 1: of the one at which the window begins, or ends where it has no beginning. */
  occurrence: number;
  /** Where the event after which it begins stands in the recording, from 1. */
  after_event?: number | null;
  /** Where the event before which it ends stands in the recording, from 1. */
  before_event?: number | null;
}

/** One payment that shows what happened. */
export interface Witness {
  /** The payment. */
  payment: string;
  /** What became of it. */
  outcome: Outcome;
  /** Its timeline. */
  biography: BiographyLine[];
  /** The same in one sentence. */
  text: string;
  /** Its effects, as they were counted from outside: charges in the ledger, or transitions in the audit of the table. */
  effects: string[];
}

/** The events of a job by name, with what each carries. */
export interface JobEvents {
  phase: Phase;
  plan: Plan;
  payments: Payments;
  instance: InstanceChange;
  fault: FaultEvent;
  rebalance: Rebalance;
  cell: CellProgress;
  log: LogLine;
  sample: Rates;
  diagnose: Diagnose;
  done: Done;
}

/** Under these names the events of a job are sent. */
export const EVENT_NAMES: readonly (keyof JobEvents)[] = ["phase","plan","payments","instance","fault","rebalance","cell","log","sample","diagnose","done"];

/** Every fault, in the order of a matrix's columns. */
export const FAULTS: Record<Fault, { word: string; help: string; finds: string }> = {
  "kill": {"finds":"effects without a record, and records without an acknowledgement","help":"SIGKILL in the window; the member is evicted by protocol, so nobody waits for its session","word":"killed"},
  "terminate": {"finds":"shutdown paths that commit past what was done, or drop it","help":"SIGTERM in the window, a grace period, SIGKILL: what a rolling deploy does","word":"terminated"},
  "zombie": {"finds":"check-then-act races, and what fencing by the group does not stop","help":"SIGSTOP in the window, eviction; a successor takes over and finishes, or stands at the zombie's row lock or open transaction; SIGCONT","word":"frozen and evicted"},
  "lost-response": {"finds":"retries without a stable key, and a COMMIT of which nobody knows how it ended","help":"the server has acted, the connection drops, the process lives","word":"answer lost"},
  "unavailable": {"finds":"swallowed errors, and acknowledgements of what failed","help":"the request fails at once and never reaches the server","word":"request refused"},
  "stall-kill": {"finds":"auto-commit, and whatever else acknowledges before its effect","help":"the request is held until the payment is acknowledged, then SIGKILL","word":"held, then killed"},
  "duplicate": {"finds":"dedup that is keyed on the offset","help":"the same payment is produced again at a new offset","word":"sent again"},
  "join": {"finds":"revoke handlers that commit past the work in hand, or drop it","help":"one more instance joins in the window, without a crash; the request is held while the group gives its partitions out anew","word":"joined by another"},
};

/** What may become of a payment. */
export const OUTCOMES: Record<Outcome, string> = {
  "once": "once",
  "duplicated": "twice",
  "lost": "lost",
  "half_done": "half-done",
  "parked": "parked",
  "unfinished": "unfinished",
};

/** What may become of the payments of a cell. */
export const CELL_OUTCOMES: Record<CellOutcome, string> = {
  "once": "once",
  "duplicated": "twice",
  "lost": "lost",
  "half_done": "half-done",
  "parked": "parked",
  "unfinished": "unfinished",
  "fenced": "fenced",
  "not_reached": "not reached",
};

/** What is known of a payment, in the order in which it comes to it. `{done}` stands for what is done to a payment that takes effect, `{times}` for how often. */
export const PAYMENT_STATES: Record<PaymentState, string> = {
  "waiting": "waiting",
  "delivered": "delivered",
  "once": "{done} once",
  "duplicated": "{done} {times}",
  "lost": "lost",
  "half_done": "half-done",
  "parked": "parked",
  "unfinished": "unfinished",
};
