import { useStarter } from '../lib/jobs';
import { logWords } from '../lib/log';
import { cellRun, wasRun } from '../lib/matrix';
import { go, href, set, usePlace } from '../lib/router';
import { token } from '../lib/token';
import type { ExploreCell, ExploreReport } from '../lib/types';
import { counted, hitWords, NOBODYS } from '../lib/words';
import { BiographyDialog } from './BiographyDialog';
import { ProblemNote } from './bits';
import { Matrix } from './Matrix';

/** What changes something and is attributed to no payment: why nothing can be said. */
function Nobodys({ events }: { events: string[] }) {
  return (
    <section class="nobodys" aria-labelledby="nobodys">
      <h2 id="nobodys">Nobody can say which payment this is about</h2>
      <ul>
        {events.map((event) => (
          <li key={event}>
            <code>{event}</code>
          </li>
        ))}
      </ul>
      <p>{NOBODYS}</p>
    </section>
  );
}

/** The matrix; a cell tells what happened in it, and can be run again. */
export function ExploreResult({ report }: { report: ExploreReport }) {
  const { params } = usePlace();
  const starter = useStarter();
  const open = Number(params.cell ?? 0);
  const cell = report.cells.find((c) => c.cell === open);
  const notRun = report.cells.filter((c) => !wasRun(c)).length;
  const unreached = report.unreached - notRun;
  const nobodys = report.unattributed ?? [];
  const reasons = report.reasons.join('; ');
  const broken = report.cells.filter((c) => c.verdict === 'violated').length;
  const replay = (of: ExploreCell) =>
    starter.start({ kind: 'replay', run: cellRun(of) }, (job) => go(href('/runs', { job })));
  return (
    <>
      {nobodys.length === 0 ? null : <Nobodys events={nobodys} />}
      {reasons === report.headline ? null : (
        <p class="soft">
          {report.verdict}: {report.guarantee} was promised, and {reasons}.
        </p>
      )}
      <dl class="counters">
        <div class={broken > 0 ? 'big lead wrong' : 'big lead'} data-figure="broken">
          <dt>{broken === 1 ? 'cell breaks' : 'cells break'} the promise</dt>
          <dd>{broken}</dd>
        </div>
        <div class="big" data-figure="cells">
          <dt>cells struck</dt>
          <dd>{report.cells.length}</dd>
        </div>
        {unreached === 0 ? null : (
          <div class="big">
            <dt>not reached</dt>
            <dd>{unreached}</dd>
          </div>
        )}
        {notRun === 0 ? null : (
          <div class="big" data-figure="not-run">
            <dt>could not be run</dt>
            <dd>{notRun}</dd>
          </div>
        )}
      </dl>
      <Matrix report={report} open={open} />
      {cell === undefined ? (
        <p class="soft">A cell opens the life of its payment.</p>
      ) : (
        <section class="cell-detail" aria-live="polite">
          <p>
            <b>{hitWords(cell)}</b>: {cell.text}
          </p>
          {logWords(cell).map((line) => (
            <p key={line}>{line}</p>
          ))}
          {wasRun(cell) ? (
            <p class="actions">
              <button
                type="button"
                class="button primary"
                onClick={() => set({ payment: cell.payment })}
              >
                Biography of {cell.payment}
              </button>
              {token() === null ? null : (
                <button
                  type="button"
                  class="button"
                  disabled={starter.starting}
                  onClick={() => replay(cell)}
                >
                  Replay this cell
                </button>
              )}
              <code>{cell.replay}</code>
            </p>
          ) : null}
          <ProblemNote problem={starter.problem} />
          {params.payment === undefined || !wasRun(cell) ? null : (
            <BiographyDialog
              run={cellRun(cell)}
              payment={params.payment}
              done="took effect"
              runs={[]}
              turnTo={() => undefined}
              close={() => set({ payment: undefined })}
            />
          )}
        </section>
      )}
      <section aria-labelledby="recording">
        <h2 id="recording">What it does for one payment</h2>
        <ol class="recording">
          {report.recording.map((signature, i) => (
            <li key={i}>
              <code>{signature}</code>
            </li>
          ))}
        </ol>
        {report.warnings.map((warning) => (
          <p key={warning} class="warning">
            {warning}
          </p>
        ))}
        <p class="soft">
          {counted(report.cells.length, 'run')} in {report.seconds.total.toFixed(1)} s
        </p>
      </section>
    </>
  );
}
