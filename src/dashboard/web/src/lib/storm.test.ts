import { describe, expect, it } from 'vitest';
import { rowsOf } from '../components/Marks';
import { cutBy } from '../components/StormHands';
import type { FaultEvent } from '../live/state';
import { instancesOf, ownership, ownersWords } from './owners';
import { marksOfFaults, phasesOfSeries, rangeWords, type Series, seriesOfSamples } from './storm';
import type { Rates } from './types';

function sample(second: number, more: Partial<Rates> = {}): Rates {
  return {
    at_ms: second * 1000,
    hit_rate: 0,
    hit_rate_redelivery: 0,
    hit_rate_republish: 0,
    redeliveries: 0,
    effects_per_payment: 1,
    lag: 0,
    rebalances: 0,
    generation: null,
    produced_per_s: 0,
    checks_per_s: 0,
    ...more,
  };
}

function series(hitRates: number[], effects: (number | null)[] = []): Series {
  return seriesOfSamples(
    hitRates.map((hit_rate_redelivery, i) =>
      sample(i, { hit_rate_redelivery, effects_per_payment: effects[i] ?? 1 }),
    ),
  );
}

function fault(fault: string, instance: string | null, at_ms = 0, problem: string | null = null) {
  return { at_ms, fault, payment: null, instance, text: fault, problem } satisfies FaultEvent;
}

describe('the phases of a storm', () => {
  it('are steady while nothing is wrong', () => {
    expect(phasesOfSeries(series([0, 0.0005, 0.0004])).map((p) => p.weather)).toEqual(['steady']);
  });

  it('tell an incident by the hit rate, and recovery only after it stayed calm', () => {
    const hits = [0, 0, 0.08, 0, 0.08, 0, 0, 0, 0, 0];
    const phases = phasesOfSeries(series(hits));
    expect(phases.map((p) => [p.weather, p.from, p.to])).toEqual([
      ['steady', 0, 2],
      ['incident', 2, 8],
      ['recovery', 8, 9],
    ]);
  });

  it('tell an incident by effects where no hit is counted', () => {
    const phases = phasesOfSeries(series([0, 0, 0], [1, 1.02, null]));
    expect(phases.at(-1)?.weather).toBe('incident');
  });
});

describe('series', () => {
  it('make rates of totals, and count no rebalance before the first look', () => {
    const made = seriesOfSamples([
      sample(1, { redeliveries: 10, rebalances: 32 }),
      sample(3, { redeliveries: 50, rebalances: 40 }),
    ]);
    expect(made.again).toEqual([10, 20]);
    expect(made.rebalances).toEqual([0, 8]);
  });

  it('keep the generation that was seen at the tap', () => {
    const made = seriesOfSamples([sample(1, {}), sample(2, { generation: 7 })]);
    expect(made.generation).toEqual([null, 7]);
  });

  it('are told in words', () => {
    const tell = (n: number) => String(n);
    expect(rangeWords([0, 1, 2], [1, 9, 2], tell)).toBe('from 1, at most 9 at 1 s, last 2');
    expect(rangeWords([0], [null], tell)).toBe('nothing yet');
  });
});

describe('marks', () => {
  it('are numbered by time, whatever the order in which they were told', () => {
    const marks = marksOfFaults([fault('kill', 'b', 9_000), fault('broker-outage', null, 2_000)]);
    expect(marks.map((m) => [m.number, m.at, m.words])).toEqual([
      [1, 2, 'cut the broker'],
      [2, 9, 'kill b'],
    ]);
  });

  it('take another row where they would cover each other', () => {
    const marks = marksOfFaults([1_000, 1_100, 9_000].map((at) => fault('kill', 'a', at)));
    expect(rowsOf(marks, (at) => at * 10)).toEqual([0, 1, 0]);
  });
});

describe('hands', () => {
  it('know what is cut off', () => {
    const told = [fault('broker-outage', null), fault('database-outage', null)];
    expect(cutBy(told)).toEqual({ kafka: true, postgres: true });
    expect(cutBy([...told, fault('heal', null)])).toEqual({ kafka: false, postgres: false });
  });
});

describe('ownership', () => {
  const told = [
    { at_ms: 0, generation: 1, partitions: { a: [0, 1], b: [2] } },
    { at_ms: 5_000, generation: 2, partitions: { a: [0], b: [2] } },
    { at_ms: 8_000, generation: 3, partitions: { a: [0], b: [2, 1], c: [] } },
  ];

  it('goes on until another has the partition, and has a gap where nobody has', () => {
    const lane = ownership(told, 10).filter((o) => o.partition === 1);
    expect(lane).toEqual([
      { partition: 1, owner: 'a', from: 0, to: 5 },
      { partition: 1, owner: 'b', from: 8, to: 10 },
    ]);
    expect(ownership(told, 10).find((o) => o.partition === 0)).toEqual({
      partition: 0,
      owner: 'a',
      from: 0,
      to: 10,
    });
  });

  it('is told in words, and instances keep their places', () => {
    expect(ownersWords(told.at(-1))).toBe('a has 1 partitions, b 2, c 0');
    expect(instancesOf(told, ['a', 'b'])).toEqual(['a', 'b', 'c']);
  });
});
