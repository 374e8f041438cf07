import { useState } from 'preact/hooks';
import { api, problemOf } from '../lib/api';
import { instancesOf } from '../lib/owners';
import { blowWords } from '../lib/storm';
import { token } from '../lib/token';
import type { InstanceState, JobEvents, ManualAction, Problem } from '../lib/types';
import { counted } from '../lib/words';
import type { FaultEvent, InstanceView } from '../live/state';
import { ProblemNote } from './bits';

const TO_ONE: [ManualAction, string][] = [
  ['kill', 'Kill'],
  ['pause', 'Pause'],
  ['resume', 'Resume'],
  ['evict', 'Evict'],
];

const TO_ALL: [ManualAction, string][] = [
  ['add', 'Add an instance'],
  ['cut-kafka', 'Cut the broker'],
  ['cut-postgres', 'Cut the database'],
  ['heal', 'Heal both'],
];

/** What an instance is, where that is not what it mostly is: at work on its partitions. */
const STATES: Partial<Record<InstanceState, string>> = {
  starting: 'starts',
  frozen: 'paused',
  killed: 'killed',
  ended: 'ended',
};

/** Which server is cut off by hand. */
export function cutBy(faults: FaultEvent[]): { kafka: boolean; postgres: boolean } {
  const cut = { kafka: false, postgres: false };
  for (const fault of faults) {
    if (fault.fault === 'broker-outage') cut.kafka = true;
    if (fault.fault === 'database-outage') cut.postgres = true;
    if (fault.fault === 'heal') Object.assign(cut, { kafka: false, postgres: false });
  }
  return cut;
}

/** What the room does to the storm. */
export function StormHands(props: {
  job: string;
  planned: string[];
  rebalances: JobEvents['rebalance'][];
  faults: FaultEvent[];
  instances: Map<string, InstanceView> | undefined;
  /** Whether only hands strike, so that what was cut is known to be cut still. */
  free: boolean;
}) {
  const { job, planned, rebalances, faults, instances, free } = props;
  const [problem, setProblem] = useState<Problem | null>(null);
  const [asked, setAsked] = useState<{ words: string; marks: number } | null>(null);
  const mayStrike = token() !== null;
  const now = rebalances.at(-1)?.partitions;
  const names = instancesOf(rebalances, planned);
  // One that was replaced is told no more.
  const present = names.filter((name) => now === undefined || name in now);
  const cut = free ? cutBy(faults) : { kafka: false, postgres: false };
  const strike = async (what: ManualAction, instance?: string) => {
    setAsked({
      words: instance === undefined ? what : `${what} ${instance}`,
      marks: faults.length,
    });
    try {
      await api.strike(job, what, instance);
      setProblem(null);
    } catch (failure) {
      setAsked(null);
      setProblem(problemOf(failure));
    }
  };
  const last = faults.at(-1);
  const waits = asked !== null && asked.marks === faults.length;
  return (
    <section class="hands" aria-labelledby="hands">
      <h2 id="hands">Strike it</h2>
      <ul class="hands-list">
        {present.map((name) => (
          <li key={name}>
            <span class={`who own-${names.indexOf(name) % 8}`}>{name}</span>
            <span class="hands-state">
              {STATES[instances?.get(name)?.state ?? 'joined'] ??
                counted(now?.[name]?.length ?? 0, 'partition')}
            </span>
            {TO_ONE.map(([what, word]) => (
              <button
                key={what}
                type="button"
                class="button small"
                disabled={!mayStrike}
                aria-label={`${word} ${name}`}
                onClick={() => void strike(what, name)}
              >
                {word}
              </button>
            ))}
          </li>
        ))}
      </ul>
      <p class="actions">
        {TO_ALL.map(([what, word]) => (
          <button
            key={what}
            type="button"
            class="button"
            disabled={!mayStrike}
            onClick={() => void strike(what)}
          >
            {word}
          </button>
        ))}
      </p>
      <p class="asked" role="status">
        {waits
          ? `asked for: ${asked.words}`
          : last === undefined
            ? ''
            : `⚡ done: ${blowWords(last.fault, last.instance)}`}
        {last?.problem == null || waits ? '' : `, which failed: ${last.problem}`}
        {cut.kafka ? ' · the broker is cut off' : ''}
        {cut.postgres ? ' · the database is cut off' : ''}
      </p>
      <ProblemNote problem={problem} />
    </section>
  );
}
