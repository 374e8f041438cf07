import { OUTCOMES, type RunLine } from '../lib/types';
import { count, seconds, when } from '../lib/words';
import { VerdictBadge } from './bits';

function num(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** The one number by which a run is remembered. */
function result(run: RunLine): string {
  const { counts } = run;
  if (counts === null) return '';
  if (run.kind === 'storm') {
    return `${count(num(counts.paid))} paid, ${count(num(counts.effects))} effects`;
  }
  const told: string[] = [];
  for (const [outcome, word] of Object.entries(OUTCOMES)) {
    const n = num(counts[outcome]);
    if (outcome !== 'once' && n > 0) told.push(`${count(n)} ${word}`);
  }
  const payments = count(num(counts.payments));
  return told.length === 0 ? `${payments} ${OUTCOMES.once}` : `${told.join(', ')} of ${payments}`;
}

function about(run: RunLine): string {
  const lab = run.lab === null || run.lab === 'none' ? '' : `lab ${run.lab}`;
  const consumer = run.consumer ?? (run.kind === 'explore' ? 'exploration' : '');
  return [lab, consumer].filter((part) => part !== '').join(', ');
}

/** Runs, the newest first; with `pick`, two can be chosen to be compared. */
export function RunTable(props: {
  runs: RunLine[];
  picked?: string[];
  pick?: (run: string) => void;
}) {
  const { runs, picked = [], pick } = props;
  return (
    <table class="runs">
      <thead>
        <tr>
          {pick === undefined ? null : (
            <th scope="col">
              <span class="sr">Compare</span>
            </th>
          )}
          <th scope="col">Run</th>
          <th scope="col">What</th>
          <th scope="col">Scenario</th>
          <th scope="col">Verdict</th>
          <th scope="col">Counted</th>
          <th scope="col" class="num">
            Took
          </th>
          <th scope="col">When</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.run}>
            {pick === undefined ? null : (
              <td>
                {run.kind === 'run' && run.verdict !== null ? (
                  <input
                    type="checkbox"
                    aria-label={`Compare run ${run.run}`}
                    checked={picked.includes(run.run)}
                    onChange={() => pick(run.run)}
                  />
                ) : null}
              </td>
            )}
            <td>
              <a href={`/runs/${run.run}`}>{run.run}</a>
            </td>
            <td>{about(run)}</td>
            <td>{run.scenario ?? ''}</td>
            <td>
              {run.verdict === null ? (
                <span class="soft">{run.state === 'running' ? 'no verdict' : run.state}</span>
              ) : (
                <VerdictBadge verdict={run.verdict} />
              )}
            </td>
            <td>{result(run)}</td>
            <td class="num">{run.seconds === null ? '' : seconds(run.seconds)}</td>
            <td class="soft">{when(run.started)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
