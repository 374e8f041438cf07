import { useEffect } from 'preact/hooks';
import { Loading, ProblemNote, VerdictBadge } from '../components/bits';
import { ExploreResult } from '../components/ExploreResult';
import { api } from '../lib/api';
import { useStarter } from '../lib/jobs';
import { useLoad } from '../lib/load';
import { set, usePlace } from '../lib/router';
import { token } from '../lib/token';
import type { ExploreReport, Lab } from '../lib/types';
import { isOn, useFeed } from '../live/feed';

function Progress({ done, of, phase }: { done: number; of: number; phase: string }) {
  return (
    <section class="exploring" role="status">
      <p class="exploring-count">
        {of === 0 ? '…' : done} <span class="soft">{of === 0 ? '' : `of ${of} cells`}</span>
      </p>
      <progress value={done} max={of === 0 ? 1 : of} aria-label="Cells that were struck" />
      <p class="soft">{phase}</p>
    </section>
  );
}

function Choice(props: { labs: Lab[]; lab: Lab; consumer: string; disabled: boolean }) {
  const { labs, lab, consumer, disabled } = props;
  const other = { cell: undefined, payment: undefined, run: undefined, job: undefined };
  return (
    <>
      <label class="pick">
        <span>Lab</span>
        <select
          value={lab.id}
          disabled={disabled}
          onChange={(event) =>
            set({ ...other, lab: event.currentTarget.value, consumer: undefined })
          }
        >
          {labs.map((l) => (
            <option key={l.id} value={l.id}>
              {l.id} {l.title}
            </option>
          ))}
        </select>
      </label>
      <label class="pick">
        <span>Consumer</span>
        <select
          value={consumer}
          disabled={disabled}
          onChange={(event) => set({ ...other, consumer: event.currentTarget.value })}
        >
          {lab.consumers.map((c) => (
            <option key={c.name} value={c.name}>
              {c.name}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

/** Every crash window of a consumer, struck with every fault that applies. */
export function Explore() {
  const { params } = usePlace();
  const labs = useLoad('labs', api.labs);
  const feed = useFeed(params.job);
  const starter = useStarter();
  const run = params.run;
  const kept = useLoad(run === undefined ? null : `explore ${run}`, () =>
    api.report<ExploreReport>(run ?? ''),
  );
  const done = feed?.view.done ?? null;
  useEffect(() => {
    const ended = done !== null && !('error' in done) ? done.runs.at(-1) : undefined;
    if (ended !== undefined) set({ run: ended, job: undefined });
  }, [done]);
  // A lab whose lesson is a storm has windows of a batch, not of a payment.
  const explorable = (labs.value ?? []).filter((lab) => lab.storm === null);
  const lab = explorable.find((l) => l.id === params.lab) ?? explorable[0];
  if (lab === undefined) {
    return labs.problem === null ? (
      <Loading what="the labs" />
    ) : (
      <ProblemNote problem={labs.problem} />
    );
  }
  const consumer = lab.consumers.find((c) => c.name === params.consumer) ?? lab.consumers[0];
  const name = consumer?.name ?? '';
  const on = isOn(feed);
  const report = on ? null : kept.value;
  const failed = done !== null && 'error' in done ? done : null;
  const start = () =>
    starter.start({ kind: 'explore', lab: lab.id, consumer: name }, (job) =>
      set({ job, run: undefined, cell: undefined, payment: undefined }),
    );
  return (
    <>
      <header class="explore-head">
        <h1>
          {report === null ? (
            'Every window, every fault'
          ) : (
            <>
              <VerdictBadge verdict={report.verdict} large /> {report.headline}
            </>
          )}
        </h1>
        <div class="controls">
          <Choice labs={explorable} lab={lab} consumer={name} disabled={on} />
          {on && feed !== null ? (
            <button type="button" class="button" onClick={() => starter.stop(feed.id)}>
              Stop
            </button>
          ) : (
            <button
              type="button"
              class="button primary"
              disabled={starter.starting || token() === null}
              onClick={start}
            >
              Explore {name}
            </button>
          )}
        </div>
        <p class="soft">{consumer?.about}</p>
      </header>
      <ProblemNote problem={starter.problem ?? failed ?? kept.problem} />
      {on && feed !== null ? (
        <Progress
          done={feed.view.cells?.done ?? 0}
          of={feed.view.cells?.of ?? 0}
          phase={feed.view.phase}
        />
      ) : null}
      {report === null ? (
        on ? null : (
          <p class="explainer">
            One run is recorded. Every gap between two things that the consumer does for a payment
            is a window, and each window is struck with every fault that applies, in a run of its
            own. For a consumer of your own: <code>crashwindow explore -- CMD</code>.
          </p>
        )
      ) : (
        <ExploreResult report={report} />
      )}
    </>
  );
}
