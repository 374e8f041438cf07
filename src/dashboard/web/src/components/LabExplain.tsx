import { href } from '../lib/router';
import type { LabPage, Question } from '../lib/types';
import { Explained } from './Quiz';

function missing(question: Question): string {
  if (question.answer === null) return 'not predicted yet';
  if (question.run === null) return 'not explained yet';
  return `predicted; run ${question.run.consumer} under ${question.run.scenario} to see`;
}

/** What was right, and what is wrong with everything else; only for what was predicted and seen. */
export function LabExplain({ lab, quiz }: { lab: LabPage; quiz: Question[] }) {
  const known = quiz.filter((question) => question.reveal !== null);
  const right = known.filter((q) => q.answer?.chosen === q.reveal?.right).length;
  const open = quiz.filter((question) => question.reveal === null);
  return (
    <div class="explain">
      {known.length === 0 ? null : (
        <p class="score">
          {right} of {known.length} <span class="soft">predicted right</span>
        </p>
      )}
      {quiz.map((question, i) => (
        <Explained key={question.id} question={question} number={i + 1} />
      ))}
      {open.length === 0 ? null : (
        <section class="open" aria-labelledby="still-open">
          <h2 id="still-open">Still open</h2>
          <ul>
            {open.map((question) => (
              <li key={question.id}>
                <a
                  href={href(`/labs/${lab.id}`, {
                    step: question.answer === null ? 'predict' : 'run',
                    scenario: question.run?.scenario,
                    left: question.run?.consumer,
                  })}
                >
                  {question.ask}
                </a>
                <span class="soft"> {missing(question)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
