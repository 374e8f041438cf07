import { href } from '../lib/router';
import type { LabPage, Question } from '../lib/types';
import { CodeAlone } from './Code';
import { Predict } from './Quiz';

/** What is read before anything is known of it. */
function firstConsumer(lab: LabPage): string {
  return lab.consumers.find((c) => c.name === 'broken')?.name ?? lab.consumers[0]?.name ?? '';
}

/** The snippet, and what somebody who has read it expects. */
export function LabPredict(props: {
  lab: LabPage;
  quiz: Question[];
  answered: (quiz: Question[]) => void;
}) {
  const { lab, quiz, answered } = props;
  const name = firstConsumer(lab);
  const source = lab.sources[name];
  const missing = quiz.filter((question) => question.answer === null).length;
  return (
    <div class="predict">
      {source === undefined ? null : <CodeAlone name={name} source={source} />}
      <div class="questions">
        {quiz.map((question, i) => (
          <Predict
            key={question.id}
            lab={lab.id}
            question={question}
            number={i + 1}
            of={quiz.length}
            answered={answered}
          />
        ))}
        <p class="onwards">
          <a class="button primary" href={href(`/labs/${lab.id}`, { step: 'run' })}>
            {missing === 0 ? 'Run it' : `Run it without ${missing} of the predictions`}
          </a>
        </p>
      </div>
    </div>
  );
}
