import { useState } from 'preact/hooks';
import { api, problemOf } from '../lib/api';
import { token } from '../lib/token';
import type { JobEvents, Problem, Reveal } from '../lib/types';
import { ProblemNote } from './bits';

function Choice<V extends string>(props: {
  legend: string;
  name: string;
  options: { value: V; text: string }[];
  chosen: V | null;
  choose: (value: V) => void;
}) {
  const { legend, name, options, chosen, choose } = props;
  return (
    <fieldset class="question">
      <legend>{legend}</legend>
      {options.map(({ value, text }, i) => (
        <label key={value} class="option">
          <input
            type="radio"
            name={name}
            value={value}
            checked={chosen === value}
            onChange={() => choose(value)}
          />
          <span class="letter" aria-hidden="true">
            {String.fromCharCode(97 + i)}
          </span>
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** What it was, and what is done first. */
export function Diagnose({ job, ask }: { job: string; ask: JobEvents['diagnose'] }) {
  const [cause, setCause] = useState<Reveal['cause'] | null>(null);
  const [action, setAction] = useState<Reveal['action'] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [sent, setSent] = useState(false);
  const answer = async () => {
    if (cause === null || action === null) return;
    setSent(true);
    try {
      await api.diagnose(job, cause, action);
      setProblem(null);
    } catch (failure) {
      setSent(false);
      setProblem(problemOf(failure));
    }
  };
  return (
    <form
      class="diagnose"
      aria-label="Diagnosis"
      onSubmit={(event) => {
        event.preventDefault();
        void answer();
      }}
    >
      <Choice
        legend="What happened?"
        name="cause"
        options={ask.causes.map((c) => ({ value: c.cause, text: c.text }))}
        chosen={cause}
        choose={setCause}
      />
      <Choice
        legend="What do you do first?"
        name="action"
        options={ask.actions.map((a) => ({ value: a.action, text: a.text }))}
        chosen={action}
        choose={setAction}
      />
      <p class="onwards">
        <button
          type="submit"
          class="button primary"
          disabled={sent || cause === null || action === null || token() === null}
        >
          That is it: tell me
        </button>
      </p>
      <ProblemNote problem={problem} />
    </form>
  );
}

/** The truth, with what told it. */
export function Revealed({ reveal }: { reveal: Reveal }) {
  const { right } = reveal;
  const isCause = reveal.answer === reveal.cause;
  const isAction = reveal.action === reveal.right_action;
  return (
    <section class={right ? 'revealed held' : 'revealed violated'} aria-labelledby="revealed">
      <h2 id="revealed">
        <span aria-hidden="true">{right ? '✓' : '✕'}</span> {right ? 'Right.' : 'Not that.'}{' '}
        {reveal.cause_text}
      </h2>
      <p>
        <strong>First:</strong> {reveal.action_text}
      </p>
      <p class="soft">
        Your diagnosis was {isCause ? 'right' : 'wrong'}, your first action{' '}
        {isAction ? 'right' : 'wrong'}. This was a {reveal.cause} incident, seed {reveal.seed},{' '}
        <a href={`/runs/${reveal.run}`}>run {reveal.run}</a>.
      </p>
      <h3>What told it</h3>
      <ul>
        {reveal.evidence.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {reveal.correction.length === 0 ? null : (
        <>
          <h3>What was against your answer</h3>
          <ul>
            {reveal.correction.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
