import { useEffect } from 'preact/hooks';
import { Loading, ProblemNote, VerdictBadge } from '../components/bits';
import { Logs } from '../components/Logs';
import { MarkList } from '../components/Marks';
import { lanesOf } from '../components/OwnerLanes';
import { StormCharts } from '../components/StormCharts';
import { StormForm } from '../components/StormForm';
import { StormHands } from '../components/StormHands';
import { StormNow, WeatherBadge } from '../components/StormNow';
import { StormResult } from '../components/StormResult';
import { api } from '../lib/api';
import { useStarter } from '../lib/jobs';
import { useLoad } from '../lib/load';
import { set, usePlace } from '../lib/router';
import { marksOfFaults, phasesOfSeries, seriesOfSamples } from '../lib/storm';
import type { StormReport } from '../lib/types';
import { type Feed, isOn, useFeed } from '../live/feed';

/** The end of the time axis while a storm goes on: what was planned, or now. */
function endOf(feed: Feed, seconds: number): number {
  const request = feed.job?.request;
  const planned = request?.kind === 'storm' ? (request.seconds ?? seconds) : seconds;
  return Math.max(planned, (feed.view.samples.at(-1)?.at_ms ?? 0) / 1000);
}

/** A storm while it goes on. */
function Live({ feed, seconds }: { feed: Feed; seconds: number }) {
  const { view } = feed;
  const sample = view.samples.at(-1);
  const series = seriesOfSamples(view.samples);
  const phases = phasesOfSeries(series);
  const weather = phases.at(-1)?.weather;
  const end = endOf(feed, seconds);
  const marks = marksOfFaults(view.faults);
  const request = feed.job?.request;
  const free = request?.kind === 'storm' && request.free === true;
  const plan = view.runs.at(-1)?.plan;
  const now = (sample?.at_ms ?? 0) / 1000;
  const lanes = lanesOf(view.owners, plan?.instances ?? [], plan?.partitions ?? 0, now, end);
  return (
    <>
      <p class="phase" role="status">
        {weather === undefined ? null : <WeatherBadge weather={weather} />} {view.phase}
      </p>
      {sample === undefined ? null : (
        <>
          <StormNow sample={sample} />
          <StormHands
            job={feed.id}
            planned={plan?.instances ?? []}
            rebalances={view.owners}
            faults={view.faults}
            instances={view.runs.at(-1)?.instances}
            free={free}
          />
          <StormCharts
            series={series}
            marks={marks}
            phases={phases}
            end={end}
            {...(lanes === undefined ? {} : { lanes })}
          />
          <MarkList marks={marks} />
          <Logs lines={view.logs} />
        </>
      )}
    </>
  );
}

/** A storm that was judged, with what was seen of it live where the server still knows. */
function Judged({ report, feed }: { report: StormReport; feed: Feed | null }) {
  const samples = feed?.view.samples ?? [];
  const series = samples.length > 1 ? seriesOfSamples(samples) : null;
  return (
    <>
      <p class="run-verdict">
        <VerdictBadge verdict={report.verdict} large />
        <span>
          {report.guarantee}: {report.reasons.join('; ')} (
          <a href={`/runs/${report.run}`}>run {report.run}</a>, seed {report.seed})
        </span>
      </p>
      <StormResult report={report} live={series} />
    </>
  );
}

/** A loaded group under many strikes, planned or by hand. */
export function Storm() {
  const { params } = usePlace();
  const labs = useLoad('labs', api.labs);
  const feed = useFeed(params.job);
  const starter = useStarter();
  const { run } = params;
  const kept = useLoad(run === undefined ? null : `storm ${run}`, () =>
    api.report<StormReport>(run ?? ''),
  );
  const done = feed?.view.done ?? null;
  useEffect(() => {
    const ended = done !== null && !('error' in done) ? done.runs.at(-1) : undefined;
    if (ended !== undefined) set({ run: ended });
  }, [done]);
  const stormy = (labs.value ?? []).filter((lab) => lab.storm !== null);
  const lab = stormy.find((l) => l.id === params.lab) ?? stormy[0];
  if (lab === undefined || lab.storm === null) {
    return labs.problem === null ? (
      <Loading what="the labs" />
    ) : (
      <ProblemNote problem={labs.problem} />
    );
  }
  const on = isOn(feed);
  const failed = done !== null && 'error' in done ? done : null;
  return (
    <>
      <header class="storm-head">
        <h1>A storm over a loaded group</h1>
        <StormForm
          lab={lab}
          storm={lab.storm}
          on={on}
          starting={starter.starting}
          start={(request) =>
            starter.start(request, (job) => set({ job, run: undefined, lab: lab.id }))
          }
          stop={feed === null ? null : () => starter.stop(feed.id)}
        />
      </header>
      <ProblemNote problem={starter.problem ?? failed ?? kept.problem} />
      {on && feed !== null ? (
        <Live feed={feed} seconds={lab.storm.seconds} />
      ) : kept.value !== null ? (
        <Judged report={kept.value} feed={feed} />
      ) : (
        <p class="explainer">
          Two thousand payments a second go through a group of four, while its instances are killed,
          paused and put out. Watch what the dedup hit rate says, and what effects per payment says:
          only one of them is an emergency.
        </p>
      )}
    </>
  );
}
