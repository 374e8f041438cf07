import { BeforeAfter } from '../components/BeforeAfter';
import { BiographyDialog } from '../components/BiographyDialog';
import { Loading, ProblemNote, VerdictBadge } from '../components/bits';
import { Counters } from '../components/Counters';
import { ExploreResult } from '../components/ExploreResult';
import { Exceptions, Legend, PaymentGrid } from '../components/PaymentGrid';
import { StormResult } from '../components/StormResult';
import { api } from '../lib/api';
import { columnOf } from '../lib/columns';
import { useStarter } from '../lib/jobs';
import { useLoad } from '../lib/load';
import { go, href, set, usePlace } from '../lib/router';
import { token } from '../lib/token';
import {
  type ExploreReport,
  FAULTS,
  type Report,
  type RunReport,
  type StormReport,
} from '../lib/types';
import { shortSignature } from '../lib/words';

function isExplore(report: Report): report is ExploreReport {
  return 'cells' in report;
}

function isStorm(report: Report): report is StormReport {
  return 'cause' in report;
}

function Faults({ report }: { report: RunReport }) {
  return (
    <section aria-labelledby="faults">
      <h2 id="faults">What was done</h2>
      <ul class="faults">
        {report.faults.map((fault) => (
          <li key={`${fault.payment} ${fault.window.at}`}>
            <strong>{fault.payment}</strong>: {FAULTS[fault.fault].word} {fault.window.edge}{' '}
            {shortSignature(fault.window.at)}
            {fault.fired ? '' : ', but it never came to that'}
            {fault.redelivered ? ', delivered again' : ''}
            {fault.problem === null ? '' : ` (${fault.problem})`}
          </li>
        ))}
      </ul>
    </section>
  );
}

function OneRun({ report }: { report: RunReport }) {
  const { params } = usePlace();
  const payment = params.payment;
  const { grid } = columnOf(report.consumer, null, [report]);
  const open = (name: string) => set({ payment: name });
  if (grid === null) return null;
  return (
    <>
      <section class="column alone">
        <Counters grid={grid} done={report.done} />
        <PaymentGrid
          grid={grid}
          done={report.done}
          label={`Payments of run ${report.run}`}
          open={open}
          height={320}
        />
        <Exceptions grid={grid} done={report.done} open={open} />
      </section>
      <Legend done={report.done} />
      {report.faults.length === 0 ? null : <Faults report={report} />}
      <BeforeAfter reports={[report]} />
      {payment === undefined ? null : (
        <BiographyDialog
          run={report.run}
          payment={payment}
          done={report.done}
          runs={[]}
          turnTo={() => undefined}
          close={() => set({ payment: undefined })}
        />
      )}
    </>
  );
}

function heading(report: Report): string {
  if (isExplore(report)) return report.headline;
  if (isStorm(report)) return `A storm over lab ${report.lab}: ${report.cause}`;
  return `${report.lab === 'none' ? '' : `Lab ${report.lab}, `}${report.consumer}: ${report.scenario}`;
}

/** One run that was kept. */
export function Run({ id }: { id: string }) {
  const loaded = useLoad(`report ${id}`, () => api.report<Report>(id));
  const starter = useStarter();
  const report = loaded.value;
  if (report === null) {
    return loaded.problem === null ? (
      <Loading what="the run" />
    ) : (
      <ProblemNote problem={loaded.problem} />
    );
  }
  const replay = () =>
    starter.start({ kind: 'replay', run: id }, (job) => go(href('/runs', { job })));
  const canReplay = !isStorm(report) && !isExplore(report) && token() !== null;
  return (
    <>
      <header class="run-head">
        <p class="eyebrow">Run {id}</p>
        <h1>{heading(report)}</h1>
        <p class="run-verdict">
          <VerdictBadge verdict={report.verdict} large />
          <span>
            {report.guarantee}: {report.reasons.join('; ')}
          </span>
        </p>
        <p class="actions">
          {canReplay ? (
            <button type="button" class="button" disabled={starter.starting} onClick={replay}>
              Replay it
            </button>
          ) : null}
          <a class="button" href={`/api/runs/${id}/download.json`} download={`run-${id}.json`}>
            Download JSON
          </a>
          <a class="button" href={`/api/runs/${id}/download.html`} download={`run-${id}.html`}>
            Download HTML
          </a>
        </p>
        <ProblemNote problem={starter.problem} />
      </header>
      {isExplore(report) ? (
        <ExploreResult report={report} />
      ) : isStorm(report) ? (
        <StormResult report={report} />
      ) : (
        <OneRun report={report} />
      )}
    </>
  );
}
