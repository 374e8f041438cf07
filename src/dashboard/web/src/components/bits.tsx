import type { ComponentChildren } from 'preact';
import { token } from '../lib/token';
import type { Problem, Verdict } from '../lib/types';
import { VERDICT_MEANS } from '../lib/words';

const SIGN: Record<Verdict, string> = { held: '✓', violated: '✕', unknown: '?' };

export function VerdictBadge({ verdict, large }: { verdict: Verdict; large?: boolean }) {
  return (
    <span class={`verdict ${verdict}${large ? ' large' : ''}`} title={VERDICT_MEANS[verdict]}>
      <span aria-hidden="true">{SIGN[verdict]}</span> {verdict}
    </span>
  );
}

export function ProblemNote({ problem }: { problem: Problem | null }) {
  if (problem === null) return null;
  return (
    <div class="problem" role="alert">
      <p>
        <strong>Not done:</strong> {problem.error}
      </p>
      {problem.next === '' ? null : <p class="soft">Next: {problem.next}</p>}
    </div>
  );
}

/** Said where something could be started if the page had been opened with its token. */
export function ReadOnlyNote() {
  if (token() !== null) return null;
  return (
    <p class="read-only" role="note">
      You are looking only. To start runs, open the URL that <code>crashwindow serve</code> printed.
    </p>
  );
}

/** A number to be read from the back of a room. */
export function Big(props: {
  value: ComponentChildren;
  label: string;
  wrong?: boolean;
  lead?: boolean;
  id?: string;
}) {
  const { value, label, wrong = false, lead = false, id } = props;
  return (
    <div class={`big${wrong ? ' wrong' : ''}${lead ? ' lead' : ''}`} data-figure={id}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p class="soft loading" role="status">
      Loading {what} …
    </p>
  );
}
