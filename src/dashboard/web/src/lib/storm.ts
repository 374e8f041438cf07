import type { FaultEvent } from '../live/state';
import type { Rates, StormBucket, StormReport } from './types';
import { count, percent } from './words';

/** Columns over one time axis in seconds, from which a storm is drawn. */
export interface Series {
  at: number[];
  /** Shares of all dedup checks. */
  redelivery: number[];
  republish: number[];
  /** Records delivered again, a second. */
  again: number[];
  /** Null where nothing took effect. */
  effects: (number | null)[];
  lag: number[];
  /** Assigned, revoked or lost since the point before. */
  rebalances: number[];
  /** Null where nobody was heard in one. */
  generation: (number | null)[];
}

/** Something that was done, as a mark on the time axis; numbered from 1 by time. */
export interface Mark {
  number: number;
  /** Seconds. */
  at: number;
  words: string;
  problem: string | null;
}

export type Weather = 'steady' | 'incident' | 'recovery';

/** A stretch of the time axis, in seconds. */
export interface Phase {
  from: number;
  to: number;
  weather: Weather;
}

export const WEATHER_WORDS: Record<Weather, string> = {
  steady: 'steady state',
  incident: 'incident',
  recovery: 'recovery',
};

/** A healthy group sees some hundredths of a per cent; lab 4's incident eight per cent. */
const ROUGH_HIT_RATE = 0.01;

/** What a customer can notice: more than one effect in two thousand. */
const ROUGH_EFFECTS = 1.0005;

/** How many looks in a row must be calm before an incident is said to be over. */
const CALM_LOOKS = 4;

const BLOWS: Record<string, string> = {
  kill: 'kill',
  pause: 'pause and evict',
  evict: 'evict',
  leave: 'stop and replace',
  join: 'add',
  'broker-outage': 'cut the broker',
  'broker-stop': 'stop and start',
  'database-outage': 'cut the database',
  'slow-database': 'slow database for',
  release: 'release to',
  republish: 'produce payments again',
  freeze: 'pause',
  thaw: 'resume',
  heal: 'heal broker and database',
};

export function blowWords(blow: string, instance: string | null): string {
  const words = BLOWS[blow] ?? blow;
  return instance === null ? words : `${words} ${instance}`;
}

function numbered(marks: Omit<Mark, 'number'>[]): Mark[] {
  const byTime = [...marks].sort((a, b) => a.at - b.at);
  return byTime.map((mark, i) => ({ ...mark, number: i + 1 }));
}

export function marksOfFaults(faults: FaultEvent[]): Mark[] {
  return numbered(
    faults.map((f) => ({
      at: f.at_ms / 1000,
      words: blowWords(f.fault, f.instance),
      problem: f.problem,
    })),
  );
}

export function marksOfReport(report: StormReport): Mark[] {
  return numbered(
    report.marks.map((m) => ({
      at: m.at_ms / 1000,
      words: blowWords(m.blow, m.instance),
      problem: m.problem,
    })),
  );
}

function emptySeries(): Series {
  return {
    at: [],
    redelivery: [],
    republish: [],
    again: [],
    effects: [],
    lag: [],
    rebalances: [],
    generation: [],
  };
}

export function seriesOfSamples(samples: Rates[]): Series {
  const series = emptySeries();
  let before: Rates | null = null;
  for (const now of samples) {
    const seconds = (now.at_ms - (before?.at_ms ?? 0)) / 1000;
    const grown = (of: (s: Rates) => number) =>
      Math.max(0, of(now) - (before === null ? 0 : of(before)));
    series.at.push(now.at_ms / 1000);
    series.redelivery.push(now.hit_rate_redelivery);
    series.republish.push(now.hit_rate_republish);
    series.again.push(seconds <= 0 ? 0 : grown((s) => s.redeliveries) / seconds);
    series.effects.push(now.effects_per_payment);
    series.lag.push(now.lag);
    // What came before the first look is the group coming together.
    series.rebalances.push(before === null ? 0 : grown((s) => s.rebalances));
    series.generation.push(now.generation);
    before = now;
  }
  return series;
}

export function seriesOfBuckets(buckets: StormBucket[]): Series {
  const series = emptySeries();
  for (const bucket of buckets) {
    const share = (hits: number) => (bucket.checks === 0 ? 0 : hits / bucket.checks);
    series.at.push(bucket.from_s + bucket.seconds / 2);
    series.redelivery.push(share(bucket.redelivery_hits));
    series.republish.push(share(bucket.republish_hits));
    series.again.push(bucket.redelivered / bucket.seconds);
    series.effects.push(bucket.effects_per_payment);
    series.lag.push(bucket.lag);
    series.rebalances.push(bucket.assigned + bucket.revoked + bucket.lost);
    series.generation.push(bucket.generation ?? null);
  }
  return series;
}

function isRough(series: Series, i: number): boolean {
  const hits = (series.redelivery[i] ?? 0) + (series.republish[i] ?? 0);
  return hits > ROUGH_HIT_RATE || (series.effects[i] ?? 1) > ROUGH_EFFECTS;
}

/** What the numbers alone say: calm, rough, and calm again. */
export function phasesOfSeries(series: Series): Phase[] {
  const phases: Phase[] = [];
  let calm = 0;
  series.at.forEach((at, i) => {
    const last = phases.at(-1);
    const rough = isRough(series, i);
    calm = rough ? 0 : calm + 1;
    const goesOn = last?.weather === 'incident' && calm < CALM_LOOKS;
    const now: Weather =
      rough || goesOn ? 'incident' : last === undefined ? 'steady' : after(last.weather);
    if (last !== undefined) last.to = at;
    if (last?.weather !== now) phases.push({ from: at, to: at, weather: now });
  });
  return phases;
}

function after(weather: Weather): Weather {
  return weather === 'incident' ? 'recovery' : weather;
}

/** The phases that the schedule of a storm had. */
export function phasesOfReport(report: StormReport): Phase[] {
  const { before, incident, after } = report.phases;
  const phase = (bucket: StormBucket | null, weather: Weather): Phase[] =>
    bucket === null ? [] : [{ from: bucket.from_s, to: bucket.from_s + bucket.seconds, weather }];
  return [...phase(before, 'steady'), ...phase(incident, 'incident'), ...phase(after, 'recovery')];
}

/** `from 0.05 % up to 8.10 % at 34 s, 0.04 % at the end`. */
export function rangeWords(
  at: number[],
  values: (number | null)[],
  tell: (value: number) => string,
): string {
  const known = values.flatMap((value, i) => (value === null ? [] : [{ value, at: at[i] ?? 0 }]));
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return 'nothing yet';
  const top = known.reduce((best, point) => (point.value > best.value ? point : best), first);
  return `from ${tell(first.value)}, at most ${tell(top.value)} at ${Math.round(top.at)} s, last ${tell(last.value)}`;
}

export const tellShare = (share: number) => percent(share);
export const tellCount = (n: number) => count(Math.round(n));
export const tellEffects = (n: number) => n.toFixed(4);
