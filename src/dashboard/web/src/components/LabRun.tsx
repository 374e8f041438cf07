import { useEffect, useMemo } from 'preact/hooks';
import { api } from '../lib/api';
import { litBy } from '../lib/code';
import { columnOf, mergeRuns, reportsOf } from '../lib/columns';
import { useStarter } from '../lib/jobs';
import { useLoad } from '../lib/load';
import { href, set, usePlace } from '../lib/router';
import { token } from '../lib/token';
import { FAULTS, type LabPage, type Question, type RunReport, type Scenario } from '../lib/types';
import { shortSignature } from '../lib/words';
import { isOn, useFeed } from '../live/feed';
import { BeforeAfter } from './BeforeAfter';
import { BiographyDialog } from './BiographyDialog';
import { ProblemNote } from './bits';
import { CodePair } from './Code';
import { Legend } from './PaymentGrid';
import { RunColumn } from './RunColumn';

function scenarioWords(scenario: Scenario): string {
  const what = FAULTS[scenario.fault].word;
  return `${what} ${scenario.edge} ${shortSignature(scenario.at)}`;
}

/** Broken first, fixed last, as the server tells them. */
function rank(name: string): number {
  return name === 'broken' ? 0 : name === 'fixed' ? 2 : 1;
}

/** Where the lesson is in the numbers of a loaded group. */
function StormInstead({ lab }: { lab: LabPage }) {
  return (
    <section class="storm-instead">
      <p>
        The lesson of this lab is in the numbers of a loaded group, so it is not struck in a window
        but in a storm.
      </p>
      <p>
        {lab.storm?.scenarios.map((scenario) => (
          <a
            key={scenario.cause}
            class="button primary"
            href={href('/storm', { lab: lab.id, scenario: scenario.cause })}
          >
            Storm: {scenario.cause}
          </a>
        ))}
        <a class="button" href="/drill">
          Be on call
        </a>
      </p>
    </section>
  );
}

function Picker(props: { lab: LabPage; value: string; param: string; label: string }) {
  const { lab, value, param, label } = props;
  return (
    <label class="pick">
      <span class="sr">{label}</span>
      <select value={value} onChange={(event) => set({ [param]: event.currentTarget.value })}>
        {lab.consumers.map((consumer) => (
          <option key={consumer.name} value={consumer.name}>
            {consumer.name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Broken and fixed, side by side, while a fault strikes them. */
export function LabRun(props: { lab: LabPage; quiz: Question[]; ran: () => void }) {
  const { lab, quiz, ran } = props;
  const { params } = usePlace();
  const feed = useFeed(params.job);
  const starter = useStarter();
  const names = lab.consumers.map((c) => c.name).sort((a, b) => rank(a) - rank(b));
  const left = params.left ?? names[0] ?? '';
  const on = isOn(feed);
  // While nobody has chosen, the right side is whoever runs now.
  const running = on ? feed?.view.runs.at(-1)?.plan.consumer : undefined;
  const now = running === left ? undefined : running;
  const right = params.right ?? now ?? names.findLast((name) => name !== left) ?? left;
  const scenario = lab.scenarios.find((s) => s.name === params.scenario) ?? lab.scenarios[0];
  const runIds = (params.runs ?? '').split(',').filter((run) => run !== '');
  const kept = useLoad(runIds.length === 0 ? null : `reports ${runIds.join()}`, () =>
    Promise.all(runIds.map((run) => api.report<RunReport>(run))),
  );
  const done = feed?.view.done ?? null;
  const finished = useMemo(() => reportsOf(done), [done]);
  const keptReports = kept.value ?? [];
  // What has ended is kept by its number, so that a reload finds it where the job is forgotten.
  useEffect(() => {
    if (done === null) return;
    ran();
    if (finished.length > 0) set({ runs: mergeRuns(keptReports, finished).join(',') });
  }, [done]);
  const source = (name: string) => lab.sources[name];
  const [leftSource, rightSource] = [source(left), source(right)];
  if (lab.storm !== null || scenario === undefined) {
    return (
      <>
        <StormInstead lab={lab} />
        {leftSource === undefined || rightSource === undefined ? null : (
          <CodePair
            left={{ name: left, source: leftSource, lit: [] }}
            right={{ name: right, source: rightSource, lit: [] }}
          />
        )}
      </>
    );
  }
  const view = feed === null || feed.connection === 'gone' ? null : feed.view;
  const shown = keptReports.filter((report) => report.scenario === scenario.name);
  const columns = [left, right].map((name) => columnOf(name, view, shown));
  const older = shown.filter((r) => !finished.some((f) => f.consumer === r.consumer));
  const all = [...older, ...finished].sort((a, b) => rank(a.consumer) - rank(b.consumer));
  const watch = (job: string) => set({ job });
  const earlier = (name: string) => all.findLast((report) => report.consumer !== name)?.run;
  const cannot = on || starter.starting || token() === null;
  const runOne = (consumer: string) => {
    const replay = earlier(consumer);
    const same = replay === undefined ? { scenario: scenario.name } : { replay };
    starter.start({ kind: 'run', lab: lab.id, consumer, ...same }, watch);
  };
  const compare = () =>
    starter.start({ kind: 'compare', lab: lab.id, scenario: scenario.name }, (job) =>
      set({ job, runs: undefined }),
    );
  const failed = done !== null && 'error' in done ? done : null;
  const payment = params.payment;
  const of = params.of;
  return (
    <>
      <section class="controls" aria-label="What is run">
        <fieldset class="segmented" aria-label="The fault">
          {lab.scenarios.map((s) => (
            <button
              key={s.name}
              type="button"
              aria-pressed={s === scenario}
              disabled={on}
              title={s.why}
              onClick={() => set({ scenario: s.name, runs: undefined, job: undefined })}
            >
              {s.name}
            </button>
          ))}
        </fieldset>
        <p class="scenario-words">
          {scenarioWords(scenario)}, {scenario.strikes} times
        </p>
        {on && feed !== null ? (
          <button type="button" class="button" onClick={() => starter.stop(feed.id)}>
            Stop
          </button>
        ) : (
          <button type="button" class="button primary" disabled={cannot} onClick={compare}>
            Run {lab.consumers.length === 2 ? 'both' : `all ${lab.consumers.length}`} under one
            schedule
          </button>
        )}
      </section>
      <p class="phase" role="status">
        {on ? [running, view?.phase ?? 'starting'].filter(Boolean).join(': ') : ' '}
      </p>
      <ProblemNote problem={starter.problem ?? failed ?? kept.problem} />
      <div class="columns">
        {columns.map((column, i) => (
          <RunColumn
            key={column.consumer}
            column={column}
            about={lab.consumers.find((c) => c.name === column.consumer)?.about ?? ''}
            done={lab.done}
            on={on}
            picker={
              <Picker
                lab={lab}
                value={column.consumer}
                param={i === 0 ? 'left' : 'right'}
                label={i === 0 ? 'On the left' : 'On the right'}
              />
            }
            run={cannot ? null : () => runOne(column.consumer)}
            open={(name, run) => set({ payment: name, of: run })}
          />
        ))}
      </div>
      <Legend done={lab.done} />
      {leftSource === undefined || rightSource === undefined ? null : (
        <CodePair
          left={{
            name: left,
            source: leftSource,
            lit: on ? litBy(columns[0]?.live?.instances.values() ?? [], leftSource.lines) : [],
          }}
          right={{
            name: right,
            source: rightSource,
            lit: on ? litBy(columns[1]?.live?.instances.values() ?? [], rightSource.lines) : [],
          }}
        />
      )}
      <BeforeAfter reports={all} />
      {all.length > 0 && quiz.some((question) => question.answer !== null) ? (
        <p class="onwards">
          <a class="button primary" href={href(`/labs/${lab.id}`, { step: 'explain' })}>
            See what you predicted, explained
          </a>
        </p>
      ) : null}
      {payment === undefined || of === undefined ? null : (
        <BiographyDialog
          run={of}
          payment={payment}
          done={lab.done}
          runs={all.map((report) => ({ run: report.run, label: report.consumer }))}
          turnTo={(run) => set({ of: run })}
          close={() => set({ payment: undefined, of: undefined })}
        />
      )}
    </>
  );
}
