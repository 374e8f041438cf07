import { useEffect, useState } from 'preact/hooks';
import { BeforeAfter } from '../components/BeforeAfter';
import { Loading, ProblemNote } from '../components/bits';
import { RunTable } from '../components/RunTable';
import { api, problemOf } from '../lib/api';
import { reportsOf } from '../lib/columns';
import { useLoad } from '../lib/load';
import { go, set, usePlace } from '../lib/router';
import type { Problem, RunLine, RunReport } from '../lib/types';
import { isOn, useFeed } from '../live/feed';

/** How many the server tells at once; fewer are the last. */
const PAGE = 50;

/** A replay, which has no page of its own until it has a number. */
function Replay({ job }: { job: string }) {
  const feed = useFeed(job);
  const done = feed?.view.done ?? null;
  useEffect(() => {
    const run = reportsOf(done).at(-1)?.run;
    if (run !== undefined) go(`/runs/${run}`);
  }, [done]);
  if (feed === null) return null;
  if (done !== null && 'error' in done) return <ProblemNote problem={done} />;
  return isOn(feed) ? (
    <p class="phase" role="status">
      <span class="pulse" aria-hidden="true" /> Replaying: {feed.view.phase}
    </p>
  ) : null;
}

/** The history; two or more can be held against each other. */
export function Runs() {
  const { params } = usePlace();
  const first = useLoad('runs', () => api.runs());
  const [older, setOlder] = useState<RunLine[]>([]);
  const [more, setMore] = useState(true);
  const [problem, setProblem] = useState<Problem | null>(null);
  const picked = (params.compare ?? '').split(',').filter((run) => run !== '');
  const reports = useLoad(picked.length < 2 ? null : `reports ${picked.join()}`, () =>
    Promise.all(picked.map((run) => api.report<RunReport>(run))),
  );
  const runs = [...(first.value ?? []), ...older];
  const pick = (run: string) => {
    const next = picked.includes(run) ? picked.filter((r) => r !== run) : [...picked, run];
    set({ compare: next.join(',') });
  };
  const loadOlder = async () => {
    try {
      const page = await api.runs(runs.at(-1)?.run);
      setOlder([...older, ...page]);
      setMore(page.length === PAGE);
    } catch (failure) {
      setProblem(problemOf(failure));
    }
  };
  const job = params.job;
  return (
    <>
      <h1>Runs</h1>
      {job === undefined ? null : <Replay key={job} job={job} />}
      <ProblemNote problem={first.problem ?? reports.problem ?? problem} />
      {picked.length === 1 ? <p class="soft">Choose another to compare it with.</p> : null}
      {reports.value === null ? null : <BeforeAfter reports={reports.value} />}
      {first.value === null ? (
        first.problem === null && <Loading what="the runs" />
      ) : (
        <RunTable runs={runs} picked={picked} pick={pick} />
      )}
      {more && (first.value?.length ?? 0) === PAGE ? (
        <p>
          <button type="button" class="button" onClick={() => void loadOlder()}>
            Older runs
          </button>
        </p>
      ) : null}
    </>
  );
}
