import { useEffect, useRef } from 'preact/hooks';
import { api } from '../lib/api';
import { useLoad } from '../lib/load';
import { laneName } from '../lib/sequence';
import { count, stateWords } from '../lib/words';
import { Loading, ProblemNote } from './bits';
import { SequenceDiagram } from './SequenceDiagram';

/** A run in which the same payment can be looked at. */
export interface Elsewhere {
  run: string;
  label: string;
}

/** One payment's life, over the page; Escape goes back to it. */
export function BiographyDialog(props: {
  run: string;
  payment: string;
  done: string;
  runs: Elsewhere[];
  turnTo: (run: string) => void;
  close: () => void;
}) {
  const { run, payment, done, runs, turnTo, close } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const loaded = useLoad(`${run} ${payment}`, () => api.payment(run, payment));
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const biography = loaded.value;
  return (
    <dialog ref={dialog} class="biography" aria-label={`Biography of ${payment}`} onClose={close}>
      <header>
        <div>
          <p class="eyebrow">
            {payment}, run {run}
          </p>
          <h2 class={biography !== null && biography.outcome !== 'once' ? 'wrong' : ''}>
            {biography === null
              ? 'What became of it'
              : stateWords(biography.outcome, done, biography.effects.length)}
          </h2>
        </div>
        {runs.length > 1 ? (
          <fieldset class="segmented" aria-label="The same payment in">
            {runs.map((other) => (
              <button
                key={other.run}
                type="button"
                aria-pressed={other.run === run}
                onClick={() => turnTo(other.run)}
              >
                {other.label}
              </button>
            ))}
          </fieldset>
        ) : null}
        <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
          Close <kbd>Esc</kbd>
        </button>
      </header>
      <ProblemNote problem={loaded.problem} />
      {biography === null ? (
        loaded.problem === null && <Loading what="what became of it" />
      ) : (
        <>
          <SequenceDiagram biography={biography} done={done} />
          <p class="effects">
            Counted from outside:{' '}
            {biography.effects.length === 0 ? 'no effect' : biography.effects.join(' and ')}
          </p>
          <details>
            <summary>Line by line</summary>
            <table class="lines">
              <thead>
                <tr>
                  <th scope="col">ms</th>
                  <th scope="col">who</th>
                  <th scope="col">what</th>
                </tr>
              </thead>
              <tbody>
                {biography.lines.map((line, i) => (
                  <tr key={i} class={line.mark === 'struck' ? 'wrong' : ''}>
                    <td class="num">{count(Math.round(line.at_ms))}</td>
                    <td>{laneName(line.instance)}</td>
                    <td>
                      {line.text}
                      {line.in_window ? <span class="soft"> (in the crash window)</span> : null}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        </>
      )}
    </dialog>
  );
}
