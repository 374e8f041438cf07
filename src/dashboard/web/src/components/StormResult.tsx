import {
  marksOfReport,
  phasesOfReport,
  phasesOfSeries,
  type Series,
  seriesOfBuckets,
  tellCount,
  tellEffects,
  tellShare,
} from '../lib/storm';
import type { StormBucket, StormReport } from '../lib/types';
import { percent } from '../lib/words';
import { Big } from './bits';
import { MarkList } from './Marks';
import { lanesOf } from './OwnerLanes';
import { StormCharts } from './StormCharts';

const ROWS: [string, (bucket: StormBucket) => string][] = [
  ['dedup checks', (b) => tellCount(b.checks)],
  ['hit rate', (b) => tellShare(b.hit_rate)],
  ['hits of redeliveries', (b) => tellCount(b.redelivery_hits)],
  ['hits of republished payments', (b) => tellCount(b.republish_hits)],
  ['redelivered, seen from outside', (b) => tellCount(b.redelivered)],
  ['effects per payment', (b) => tellEffects(b.effects_per_payment)],
  ['rebalances: assigned, revoked, lost', (b) => `${b.assigned}, ${b.revoked}, ${b.lost}`],
  ['commits that failed', (b) => tellCount(b.commit_failures)],
  ['polls that came late', (b) => tellCount(b.late_polls)],
  ['records behind', (b) => tellCount(b.lag)],
];

/** Steady state, incident and recovery beside each other. */
function Phases({ report }: { report: StormReport }) {
  const { before, incident, after } = report.phases;
  const stretches: [string, StormBucket | null][] = [
    ['steady state', before],
    ['incident', incident],
    ['recovery', after],
  ];
  const known = stretches.filter((s): s is [string, StormBucket] => s[1] !== null);
  if (known.length === 0) return null;
  return (
    <table class="before-after">
      <caption>Before, in and after the incident</caption>
      <thead>
        <tr>
          <td />
          {known.map(([name, bucket]) => (
            <th key={name} scope="col">
              {name}{' '}
              <span class="soft">
                {Math.round(bucket.from_s)} to {Math.round(bucket.from_s + bucket.seconds)} s
              </span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {ROWS.map(([label, tell]) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            {known.map(([name, bucket]) => (
              <td key={name} class="num">
                {tell(bucket)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A storm that was judged. What was watched live is finer than what is kept. */
export function StormResult(props: { report: StormReport; live?: Series | null }) {
  const { report, live = null } = props;
  const { counts, redeliveries } = report;
  const marks = marksOfReport(report);
  const series = live ?? seriesOfBuckets(report.series);
  const end = Math.max(report.seconds, series.at.at(-1) ?? 0);
  const planned = phasesOfReport(report);
  // Those of an older version do not say who owned what.
  const lanes = lanesOf(report.owners ?? [], [], report.partitions, end, end);
  const again = counts.effects - counts.paid;
  return (
    <>
      <dl class="counters">
        <Big
          lead
          id="again"
          wrong={again > 0}
          value={tellCount(again)}
          label={again === 1 ? 'effect too many' : 'effects too many'}
        />
        <Big id="payments" value={tellCount(counts.payments)} label="payments" />
        <Big id="paid" value={tellCount(counts.paid)} label="paid" />
        <Big
          id="unpaid"
          wrong={counts.payments > counts.paid}
          value={tellCount(counts.payments - counts.paid)}
          label="never paid"
        />
        <Big id="redelivered" value={tellCount(counts.redelivered)} label="redelivered" />
        <Big id="fired" value={`${counts.fired} of ${counts.planned}`} label="strikes" />
      </dl>
      <p class={redeliveries.agree ? 'agree' : 'agree wrong'}>
        {redeliveries.agree ? '✓ The metric agrees with ' : '✕ The metric does not agree with '}
        what was counted from outside: {tellCount(redeliveries.metric)} redeliveries in{' '}
        <code>dedup_checks_total</code>, {tellCount(redeliveries.outside)} at the Postgres tap (
        {percent(redeliveries.difference)} apart).
      </p>
      <StormCharts
        series={series}
        marks={marks}
        phases={planned.length > 0 ? planned : phasesOfSeries(series)}
        end={end}
        {...(lanes === undefined ? {} : { lanes })}
      />
      <section aria-labelledby="was-done">
        <h2 id="was-done">What was done</h2>
        {marks.length === 0 ? (
          <p class="soft">Nothing: no strike was planned, and none came by hand.</p>
        ) : null}
        <MarkList marks={marks} />
      </section>
      <Phases report={report} />
    </>
  );
}
