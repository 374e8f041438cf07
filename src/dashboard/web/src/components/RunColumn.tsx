import type { ComponentChildren } from 'preact';
import type { Column } from '../lib/columns';
import { VerdictBadge } from './bits';
import { Counters } from './Counters';
import { Instances } from './Instances';
import { Exceptions, PaymentGrid } from './PaymentGrid';

/** One consumer: its verdict, its numbers, its grid and its instances. */
export function RunColumn(props: {
  column: Column;
  about: string;
  done: string;
  on: boolean;
  picker: ComponentChildren;
  run: (() => void) | null;
  open: (payment: string, run: string) => void;
}) {
  const { column, about, done, on, picker, run, open } = props;
  const { grid, report, live, consumer } = column;
  const judged = report?.run ?? null;
  const openPayment = judged === null ? null : (payment: string) => open(payment, judged);
  const lastFault = live?.faults.at(-1);
  return (
    <section class="column" aria-label={consumer} data-consumer={consumer}>
      <header>
        {picker}
        {report === null ? null : <VerdictBadge verdict={report.verdict} large />}
        <button type="button" class="quiet" disabled={run === null} onClick={() => run?.()}>
          Run {consumer}
        </button>
      </header>
      <p class="about soft">{about}</p>
      {grid === null ? (
        <p class="nothing">{on ? 'Its turn comes.' : 'Not run yet.'}</p>
      ) : (
        <>
          <Counters grid={grid} done={done} />
          {live?.plan.effects === 'at the end' && report === null ? (
            <p class="soft">What took effect is counted when the run is over.</p>
          ) : null}
          <PaymentGrid
            grid={grid}
            done={done}
            label={`Payments of ${consumer}`}
            open={openPayment}
          />
          {on && live !== null && report === null ? (
            <>
              <Instances instances={live.instances.values()} />
              <p class="last-fault wrong" aria-live="polite">
                {lastFault === undefined ? ' ' : `⚡ ${lastFault.text}: ${lastFault.payment ?? ''}`}
              </p>
            </>
          ) : (
            <Exceptions grid={grid} done={done} open={openPayment} />
          )}
        </>
      )}
    </section>
  );
}
