import { OUTCOMES, type RunReport } from '../lib/types';
import { count, stateWords } from '../lib/words';
import { VerdictBadge } from './bits';

interface Line {
  label: string;
  of: (report: RunReport) => string;
  wrong?: (report: RunReport) => boolean;
}

function lines(done: string, parks: boolean): Line[] {
  const parked = { label: OUTCOMES.parked, of: (r: RunReport) => count(r.counts.parked ?? 0) };
  return [
    { label: stateWords('once', done), of: (r) => count(r.counts.once) },
    {
      label: stateWords('duplicated', done),
      of: (r) => count(r.counts.duplicated),
      wrong: (r) => r.counts.duplicated > 0,
    },
    { label: OUTCOMES.lost, of: (r) => count(r.counts.lost), wrong: (r) => r.counts.lost > 0 },
    {
      label: `${OUTCOMES.half_done} or ${OUTCOMES.unfinished}`,
      of: (r) => count(r.counts.half_done + r.counts.unfinished),
      wrong: (r) => r.counts.half_done + r.counts.unfinished > 0,
    },
    ...(parks ? [parked] : []),
    { label: 'struck and redelivered', of: (r) => count(r.counts.redeliveries) },
    { label: 'time for a payment, median', of: (r) => `${r.cost.p50_ms.toFixed(1)} ms` },
    { label: 'slowest of a hundred', of: (r) => `${r.cost.p99_ms.toFixed(1)} ms` },
    { label: 'payments per second', of: (r) => r.cost.payments_per_second.toFixed(0) },
    { label: 'database commits per payment', of: (r) => r.cost.database_commits.toFixed(1) },
  ];
}

/** Whether all of them were struck at the same payments, in the same windows. */
export function sameSchedule(reports: RunReport[]): boolean {
  const schedules = reports.map((report) =>
    JSON.stringify([
      report.seed,
      report.counts.payments,
      report.faults.map((f) => [f.fault, f.payment, f.window.at, f.window.edge]),
    ]),
  );
  return new Set(schedules).size <= 1;
}

/** Consumers of a lab under one schedule. */
export function BeforeAfter({ reports }: { reports: RunReport[] }) {
  const [first] = reports;
  if (first === undefined) return null;
  const parks = reports.some((report) => (report.counts.parked ?? 0) > 0);
  const under = sameSchedule(reports)
    ? `under the identical schedule: ${first.faults.length} strikes, seed ${first.seed}`
    : 'the schedules differ: compare with care';
  return (
    <table class="before-after">
      <caption>
        {reports.length > 1 ? 'Before and after, ' : 'So far, '}
        {reports.length > 1 ? under : `seed ${first.seed}`}
      </caption>
      <thead>
        <tr>
          <td />
          {reports.map((report) => (
            <th key={report.run} scope="col">
              {report.consumer}
              <a class="soft" href={`/runs/${report.run}`}>
                run {report.run}
              </a>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">{first.guarantee}</th>
          {reports.map((report) => (
            <td key={report.run}>
              <VerdictBadge verdict={report.verdict} />
            </td>
          ))}
        </tr>
        {lines(first.done, parks).map((line) => (
          <tr key={line.label}>
            <th scope="row">{line.label}</th>
            {reports.map((report) => (
              <td key={report.run} class={line.wrong?.(report) ? 'num wrong' : 'num'}>
                {line.of(report)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
