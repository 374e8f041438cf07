import { set, usePlace } from '../lib/router';
import { token } from '../lib/token';
import type { Cause, JobRequest, Lab } from '../lib/types';

const FREE = 'free';

/** The shortest storm that has room for its phases, and the longest that the server takes. */
const SHORTEST_S = 18;
const LONGEST_S = 3_600;

const CAUSES: Record<Cause, string> = {
  rebalances: 'Rebalances',
  release: 'Release',
  republish: 'Republish',
  slow: 'Slow',
};

/** Which storm is started. What is chosen stands in the address. */
export function StormForm(props: {
  lab: Lab;
  storm: NonNullable<Lab['storm']>;
  on: boolean;
  starting: boolean;
  start: (request: JobRequest) => void;
  stop: (() => void) | null;
}) {
  const { lab, storm, on, starting, start, stop } = props;
  const { params } = usePlace();
  const chosen = params.scenario ?? storm.scenarios[0]?.cause ?? FREE;
  const seconds = params.seconds ?? String(storm.seconds);
  const seed = params.seed ?? '';
  const request = (): JobRequest => ({
    kind: 'storm',
    lab: lab.id,
    seconds: Number(seconds),
    ...(chosen === FREE ? { free: true } : { scenario: chosen as Cause }),
    ...(seed === '' ? {} : { seed: Number(seed) }),
  });
  return (
    <form
      class="controls"
      onSubmit={(event) => {
        event.preventDefault();
        start(request());
      }}
    >
      <fieldset class="segmented" aria-label="What the storm is about" disabled={on}>
        {storm.scenarios.map(({ cause }) => (
          <button
            key={cause}
            type="button"
            aria-pressed={chosen === cause}
            onClick={() => set({ scenario: cause })}
          >
            {CAUSES[cause]}
          </button>
        ))}
        <button
          type="button"
          aria-pressed={chosen === FREE}
          onClick={() => set({ scenario: FREE })}
        >
          Only by hand
        </button>
      </fieldset>
      <label class="pick">
        <span>Seconds</span>
        <input
          type="number"
          min={SHORTEST_S}
          max={LONGEST_S}
          required
          value={seconds}
          disabled={on}
          onChange={(event) => set({ seconds: event.currentTarget.value })}
        />
      </label>
      <label class="pick">
        <span>Seed</span>
        <input
          type="number"
          min={0}
          placeholder="any"
          value={seed}
          disabled={on}
          onChange={(event) => set({ seed: event.currentTarget.value })}
        />
      </label>
      {on ? (
        <button type="button" class="button" disabled={stop === null} onClick={() => stop?.()}>
          Stop
        </button>
      ) : (
        <button type="submit" class="button primary" disabled={starting || token() === null}>
          Start the storm
        </button>
      )}
    </form>
  );
}
