import { matrix, sameAs, wasRun, windowNumber } from '../lib/matrix';
import { set } from '../lib/router';
import {
  CELL_OUTCOMES,
  type ExploreCell,
  type ExploreReport,
  FAULTS,
  type Fault,
  type Window,
} from '../lib/types';
import { windowEdges, windowWords } from '../lib/words';

const SIGN = { held: '', violated: '✕ ', unknown: '? ' };

/** What became of a cell's payments, or that there is no run of it. */
function word(cell: ExploreCell): string {
  return wasRun(cell) ? CELL_OUTCOMES[cell.outcome] : 'not run';
}

function Cell({ cell, open }: { cell: ExploreCell; open: boolean }) {
  return (
    <button
      type="button"
      class={`cell ${cell.verdict}`}
      aria-pressed={open}
      aria-label={`${FAULTS[cell.fault].word}, ${windowWords(cell.window)}: ${word(cell)}, ${cell.verdict}`}
      data-cell={cell.cell}
      onClick={() => set({ cell: open ? undefined : String(cell.cell) })}
    >
      {SIGN[cell.verdict]}
      {word(cell)}
    </button>
  );
}

/** A window that needs no run of its own; it leads to the cell that stands for it. */
function Same({ cell, window }: { cell: ExploreCell; window: Window }) {
  const as = `as in window ${windowNumber(cell.window) ?? ''}: ${word(cell)}, ${cell.verdict}`;
  return (
    <button
      type="button"
      class={`same ${cell.verdict}`}
      title={as}
      aria-label={`${FAULTS[cell.fault].word}, ${windowWords(window)}: ${as}`}
      data-same={cell.cell}
      onClick={() => set({ cell: String(cell.cell) })}
    >
      {sameAs(cell)}
    </button>
  );
}

function Edges({ window }: { window: Window }) {
  const edges = windowEdges(window);
  if (edges.length === 0) return <span>in no window</span>;
  return (
    <span>
      {edges.map(({ side, event }, i) => (
        <span key={side}>
          {i === 0 ? '' : ', '}
          {side} <b>{event}</b>
        </span>
      ))}
    </span>
  );
}

/** Every window of a consumer with what every fault came to in it. */
export function Matrix({ report, open }: { report: ExploreReport; open: number }) {
  const occurs = (fault: Fault) => report.cells.some((cell) => cell.fault === fault);
  const faults = (Object.keys(FAULTS) as Fault[]).filter(occurs);
  const isSame = (report.merged ?? []).length > 0;
  return (
    <>
      <table class="matrix">
        <caption class="sr">
          Every window of the consumer, struck with every fault that applies
        </caption>
        <thead>
          <tr>
            <th scope="col">Window</th>
            {faults.map((fault) => (
              <th
                key={fault}
                scope="col"
                title={`${FAULTS[fault].help}; finds ${FAULTS[fault].finds}`}
              >
                {fault}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix(report).map((row, i) => (
            <tr key={i}>
              <th scope="row">
                {row.number === null ? null : <span class="window-number">{row.number}</span>}
                <Edges window={row.window} />
              </th>
              {faults.map((fault) => {
                const square = row.squares.get(fault);
                return (
                  <td key={fault}>
                    {square === undefined ? (
                      <span class="soft" title="does not apply">
                        ·
                      </span>
                    ) : square.same ? (
                      <Same cell={square.cell} window={row.window} />
                    ) : (
                      <Cell cell={square.cell} open={square.cell.cell === open} />
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {isSame ? (
        <p class="soft matrix-legend">
          <b>=N</b> needs no run of its own: between here and window N nothing was changed, so a
          kill leaves the same behind.
        </p>
      ) : null}
    </>
  );
}
