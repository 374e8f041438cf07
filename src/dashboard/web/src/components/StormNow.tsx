import { tellCount, tellEffects, tellShare, WEATHER_WORDS, type Weather } from '../lib/storm';
import type { Rates } from '../lib/types';
import { Big } from './bits';

const SIGNS: Record<Weather, string> = { steady: '●', incident: '▲', recovery: '◆' };

/** The state of the storm in one word and one shape. */
export function WeatherBadge({ weather }: { weather: Weather }) {
  return (
    <span class={`weather ${weather}`}>
      <span aria-hidden="true">{SIGNS[weather]}</span> {WEATHER_WORDS[weather]}
    </span>
  );
}

/** The last look, in numbers that are read from the back of a room. */
export function StormNow({ sample }: { sample: Rates }) {
  const effects = sample.effects_per_payment;
  return (
    <dl class="counters">
      <Big
        lead
        id="hit-rate"
        value={tellShare(sample.hit_rate)}
        label="of dedup checks hit"
        wrong={sample.hit_rate > 0.01}
      />
      <Big
        id="effects"
        value={effects === null ? '–' : tellEffects(effects)}
        label="effects per payment"
        wrong={effects !== null && effects > 1}
      />
      <Big id="redeliveries" value={tellCount(sample.redeliveries)} label="redeliveries" />
      <Big id="lag" value={tellCount(sample.lag)} label="records behind" />
      {sample.generation === null ? null : (
        <Big id="generation" value={tellCount(sample.generation)} label="generation of the group" />
      )}
      <Big id="produced" value={tellCount(sample.produced_per_s)} label="produced a second" />
      <Big id="checked" value={tellCount(sample.checks_per_s)} label="checked a second" />
    </dl>
  );
}
