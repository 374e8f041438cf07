import { useState } from 'preact/hooks';
import { api, problemOf } from '../lib/api';
import { token } from '../lib/token';
import { OUTCOMES, type Outcome, type Problem, type Question } from '../lib/types';
import { ProblemNote } from './bits';

/** One question before it is explained: an option is chosen with one key or one click. */
export function Predict(props: {
  lab: string;
  question: Question;
  number: number;
  of: number;
  answered: (quiz: Question[]) => void;
}) {
  const { lab, question, number, of, answered } = props;
  const [problem, setProblem] = useState<Problem | null>(null);
  // Shown before it is kept: another question's answer may redraw this one meanwhile.
  const [picked, setPicked] = useState<string | null>(null);
  const chosen = picked ?? question.answer?.chosen;
  const choose = async (letter: string) => {
    setPicked(letter);
    try {
      answered(await api.answer(lab, question.id, letter));
      setProblem(null);
    } catch (failure) {
      setPicked(null);
      setProblem(problemOf(failure));
    }
  };
  return (
    <fieldset class="question">
      <legend>
        <span class="eyebrow">
          Question {number} of {of}
        </span>
        {question.ask}
      </legend>
      {question.options.map((option) => (
        <label key={option.letter} class="option">
          <input
            type="radio"
            name={`${lab}-${question.id}`}
            checked={chosen === option.letter}
            disabled={token() === null}
            onChange={() => void choose(option.letter)}
          />
          <span class="letter" aria-hidden="true">
            {option.letter}
          </span>
          <span>{option.text}</span>
        </label>
      ))}
      <ProblemNote problem={problem} />
    </fieldset>
  );
}

function fateWords(fates: Partial<Record<Outcome, number>>): string {
  const outcomes = Object.keys(OUTCOMES) as Outcome[];
  const told = outcomes.filter((outcome) => (fates[outcome] ?? 0) > 0);
  return told.map((outcome) => `${OUTCOMES[outcome]}: ${fates[outcome]}`).join(', ');
}

/** One question with the explanation of every option. */
export function Explained(props: { question: Question; number: number }) {
  const { question, number } = props;
  const { reveal, answer } = question;
  if (reveal === null || answer === null) return null;
  const right = answer.chosen === reveal.right;
  return (
    <section class="explained" aria-labelledby={`explained-${question.id}`}>
      <h2 id={`explained-${question.id}`}>
        <span class="eyebrow">
          Question {number}: you were {right ? 'right' : 'wrong'}
        </span>
        {question.ask}
      </h2>
      {answer.run !== null && Object.keys(reveal.fates).length > 0 ? (
        <p class="soft">
          The struck payments of <a href={`/runs/${answer.run}`}>run {answer.run}</a>:{' '}
          {fateWords(reveal.fates)}
        </p>
      ) : null}
      <ol class="options">
        {question.options.map((option, i) => {
          const isRight = option.letter === reveal.right;
          const isChosen = option.letter === answer.chosen;
          return (
            <li key={option.letter} class={isRight ? 'right' : isChosen ? 'chosen' : ''}>
              <p>
                <span class="letter">{option.letter}</span>
                <strong>{option.text}</strong>
                {isRight ? <span class="tag">✓ right</span> : null}
                {isChosen ? <span class="tag">your answer</span> : null}
              </p>
              <p class="why">{reveal.explain[i]}</p>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
