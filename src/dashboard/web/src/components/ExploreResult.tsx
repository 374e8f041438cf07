import { useStarter } from '../lib/jobs';
import { cellRun, FAULTS, matrix } from '../lib/matrix';
import { go, href, set, usePlace } from '../lib/router';
import { token } from '../lib/token';
import type { ExploreCell, ExploreReport } from '../lib/types';
import {
  counted,
  FAULT_MEANS,
  faultWord,
  outcomeWord,
  shortSignature,
  windowWords,
} from '../lib/words';
import { BiographyDialog } from './BiographyDialog';
import { ProblemNote } from './bits';

const SIGN = { held: '', violated: '✕ ', unknown: '? ' };

function Cell({ cell, open }: { cell: ExploreCell; open: boolean }) {
  return (
    <button
      type="button"
      class={`cell ${cell.verdict}`}
      aria-pressed={open}
      aria-label={`${faultWord(cell.fault)}, ${windowWords(cell.window.after, cell.window.before)}: ${outcomeWord(cell.outcome)}, ${cell.verdict}`}
      data-cell={cell.cell}
      onClick={() => set({ cell: open ? undefined : String(cell.cell) })}
    >
      {SIGN[cell.verdict]}
      {outcomeWord(cell.outcome)}
    </button>
  );
}

function Matrix({ report, open }: { report: ExploreReport; open: number }) {
  const faults = FAULTS.filter((fault) => report.cells.some((cell) => cell.fault === fault));
  return (
    <table class="matrix">
      <caption class="sr">
        Every window of the consumer, struck with every fault that applies
      </caption>
      <thead>
        <tr>
          <th scope="col">Window</th>
          {faults.map((fault) => (
            <th key={fault} scope="col" title={FAULT_MEANS[fault]}>
              {fault}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {matrix(report).map((row, i) => (
          <tr key={`${row.after} ${row.before} ${row.occurrence}`}>
            <th scope="row">
              <span class="window-number" aria-hidden="true">
                {i + 1}
              </span>
              <span>
                {row.after === null ? null : (
                  <>
                    after <b>{shortSignature(row.after)}</b>
                  </>
                )}
                {row.after !== null && row.before !== null ? ', ' : ''}
                {row.before === null ? null : (
                  <>
                    before <b>{shortSignature(row.before)}</b>
                  </>
                )}
                {row.occurrence > 1 ? `, occurrence ${row.occurrence}` : ''}
              </span>
            </th>
            {faults.map((fault) => {
              const cell = row.cells.get(fault);
              return (
                <td key={fault}>
                  {cell === undefined ? (
                    <span class="soft" title="does not apply">
                      ·
                    </span>
                  ) : (
                    <Cell cell={cell} open={cell.cell === open} />
                  )}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The matrix; a cell tells what happened in it, and can be run again. */
export function ExploreResult({ report }: { report: ExploreReport }) {
  const { params } = usePlace();
  const starter = useStarter();
  const open = Number(params.cell ?? 0);
  const cell = report.cells.find((c) => c.cell === open);
  const broken = report.cells.filter((c) => c.verdict === 'violated').length;
  const replay = (of: ExploreCell) =>
    starter.start({ kind: 'replay', run: cellRun(of) }, (job) => go(href('/runs', { job })));
  return (
    <>
      <dl class="counters">
        <div class={broken > 0 ? 'big lead wrong' : 'big lead'} data-figure="broken">
          <dt>{broken === 1 ? 'cell breaks' : 'cells break'} the promise</dt>
          <dd>{broken}</dd>
        </div>
        <div class="big" data-figure="cells">
          <dt>cells struck</dt>
          <dd>{report.cells.length}</dd>
        </div>
        {report.unreached === 0 ? null : (
          <div class="big">
            <dt>not reached</dt>
            <dd>{report.unreached}</dd>
          </div>
        )}
      </dl>
      <Matrix report={report} open={open} />
      {cell === undefined ? (
        <p class="soft">A cell opens the life of its payment.</p>
      ) : (
        <section class="cell-detail" aria-live="polite">
          <p>{cell.text}</p>
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
          <ProblemNote problem={starter.problem} />
          {params.payment === undefined ? null : (
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
