import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import {
  type Mark,
  type Phase,
  rangeWords,
  type Series,
  tellCount,
  tellEffects,
  tellShare,
} from '../lib/storm';
import { useWidth } from '../lib/width';
import { Chart } from './Chart';
import { MarkStrip } from './Marks';

/** What stands at one moment of the time axis, in words. */
function Moment({ series, index }: { series: Series; index: number | null }) {
  const i = index ?? series.at.length - 1;
  const at = series.at[i];
  if (at === undefined) return <p class="moment"> </p>;
  const effects = series.effects[i] ?? null;
  const generation = series.generation[i] ?? null;
  return (
    <p class="moment">
      <strong>{index === null ? 'now' : `at ${at.toFixed(1)} s`}</strong>
      <span>{tellShare(series.redelivery[i] ?? 0)} redelivered</span>
      <span>{tellShare(series.republish[i] ?? 0)} republished</span>
      <span>{tellCount(series.again[i] ?? 0)} a second again</span>
      <span>{effects === null ? 'no' : tellEffects(effects)} effects per payment</span>
      <span>{tellCount(series.lag[i] ?? 0)} behind</span>
      <span>{tellCount(series.rebalances[i] ?? 0)} rebalance events</span>
      {generation === null ? null : <span>generation {generation}</span>}
    </p>
  );
}

/** Everything that is counted in a storm, one above the other on one time axis. */
export function StormCharts(props: {
  series: Series;
  marks: Mark[];
  phases: Phase[];
  /** The end of the time axis, in seconds. */
  end: number;
  /** What else is drawn on this axis, for its width. */
  lanes?: (width: number) => ComponentChildren;
}) {
  const { series, marks, phases, end, lanes } = props;
  const [box, width] = useWidth<HTMLDivElement>();
  const [index, setIndex] = useState<number | null>(null);
  const axis = { at: series.at, end, marks, phases };
  const common = { axis, width, hover: setIndex };
  const words = (values: (number | null)[], tell: (value: number) => string) =>
    rangeWords(series.at, values, tell);
  const hits = series.at.map((_, i) => (series.redelivery[i] ?? 0) + (series.republish[i] ?? 0));
  return (
    <div class="storm-charts" ref={box}>
      <Moment series={series} index={index} />
      {width === 0 ? null : <MarkStrip marks={marks} phases={phases} end={end} width={width} />}
      <Chart
        {...common}
        title="Dedup hit rate"
        words={words(hits, tellShare)}
        lines={[
          { label: 'of redeliveries', values: series.redelivery, ink: '--calm' },
          { label: 'of republished', values: series.republish, ink: '--second', dashed: true },
        ]}
        tell={(v) => `${(v * 100).toFixed(v < 0.1 ? 1 : 0)} %`}
        least={0.02}
      />
      <Chart
        {...common}
        title="Effects per payment"
        words={words(series.effects, tellEffects)}
        lines={[{ label: 'effects per payment', values: series.effects, ink: '--accent' }]}
        tell={(v) => v.toFixed(3)}
        floor={1}
        least={1.01}
      />
      <Chart
        {...common}
        title="Redeliveries a second"
        words={words(series.again, tellCount)}
        lines={[{ label: 'redeliveries', values: series.again, ink: '--calm' }]}
        tell={tellCount}
        least={10}
      />
      <Chart
        {...common}
        title="Lag"
        words={words(series.lag, tellCount)}
        lines={[{ label: 'records behind', values: series.lag, ink: '--calm' }]}
        tell={tellCount}
        least={100}
      />
      <Chart
        {...common}
        title="Rebalance events"
        words={words(series.rebalances, tellCount)}
        lines={[{ label: 'events', values: series.rebalances, ink: '--calm', bars: true }]}
        tell={tellCount}
        least={10}
        isLast
      />
      {width === 0 ? null : lanes?.(width)}
    </div>
  );
}
