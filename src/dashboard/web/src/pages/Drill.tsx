import { useEffect } from 'preact/hooks';
import { ProblemNote } from '../components/bits';
import { Diagnose, Revealed } from '../components/Diagnose';
import { Logs } from '../components/Logs';
import { StormCharts } from '../components/StormCharts';
import { StormNow } from '../components/StormNow';
import { StormResult } from '../components/StormResult';
import { useStarter } from '../lib/jobs';
import { set, usePlace } from '../lib/router';
import { seriesOfSamples } from '../lib/storm';
import { token } from '../lib/token';
import { type Feed, isOn, useFeed } from '../live/feed';

/** What somebody on call sees: metrics, and when it is over the logs. */
function Incident({ feed, seconds }: { feed: Feed; seconds: number }) {
  const { view } = feed;
  const sample = view.samples.at(-1);
  const series = seriesOfSamples(view.samples);
  const end = Math.max(seconds, series.at.at(-1) ?? 0);
  return (
    <>
      <p class="phase" role="status">
        {view.diagnose === null ? view.phase : 'The incident is over. What was it?'}
      </p>
      {view.diagnose === null ? null : <Diagnose job={feed.id} ask={view.diagnose} />}
      {sample === undefined || view.diagnose !== null ? null : <StormNow sample={sample} />}
      {sample === undefined ? null : (
        <StormCharts series={series} marks={[]} phases={[]} end={end} />
      )}
      <Logs lines={view.logs} />
      {view.diagnose === null ? null : (
        <section aria-labelledby="digest">
          <h2 id="digest">What the instances logged, summed up</h2>
          <pre class="logs digest">{view.diagnose.logs}</pre>
        </section>
      )}
    </>
  );
}

/** The length of a drill that was asked for with none. */
const USUAL_S = 90;

/** An incident that only its metrics and logs tell of. */
export function Drill() {
  const { params } = usePlace();
  const feed = useFeed(params.job);
  const starter = useStarter();
  const done = feed?.view.done ?? null;
  useEffect(() => {
    const ended = done !== null && !('error' in done) ? done.runs.at(-1) : undefined;
    if (ended !== undefined) set({ run: ended });
  }, [done]);
  const on = isOn(feed);
  const failed = done !== null && 'error' in done ? done : null;
  const over = done !== null && 'reveal' in done && done.reveal !== undefined ? done : null;
  const seconds = params.seconds ?? String(USUAL_S);
  const start = () =>
    starter.start({ kind: 'drill', seconds: Number(seconds) }, (job) =>
      set({ job, run: undefined }),
    );
  const series = feed === null ? null : seriesOfSamples(feed.view.samples);
  return (
    <>
      <header class="storm-head">
        <h1>You are on call</h1>
        <form
          class="controls"
          onSubmit={(event) => {
            event.preventDefault();
            start();
          }}
        >
          <label class="pick">
            <span>Seconds</span>
            <input
              type="number"
              min={18}
              max={3_600}
              required
              value={seconds}
              disabled={on}
              onChange={(event) => set({ seconds: event.currentTarget.value })}
            />
          </label>
          {on && feed !== null ? (
            <button type="button" class="button" onClick={() => starter.stop(feed.id)}>
              Stop
            </button>
          ) : (
            <button
              type="submit"
              class="button primary"
              disabled={starter.starting || token() === null}
            >
              {over === null ? 'Page me' : 'Page me again'}
            </button>
          )}
        </form>
      </header>
      <ProblemNote problem={starter.problem ?? failed} />
      {over !== null ? (
        <>
          <Revealed reveal={over.reveal} />
          <StormResult report={over.report} live={series} />
        </>
      ) : on && feed !== null ? (
        <Incident feed={feed} seconds={Number(seconds)} />
      ) : params.run !== undefined ? (
        <p>
          This drill is over: <a href={`/runs/${params.run}`}>run {params.run}</a> has what it was.
        </p>
      ) : (
        <p class="explainer">
          Something will happen to a group under load. You see its metrics, and afterwards its logs;
          nobody tells you what was done. Say what it was and what you do first.
        </p>
      )}
    </>
  );
}
