import { useCallback } from 'preact/hooks';
import { Loading, ProblemNote } from '../components/bits';
import { LabExplain } from '../components/LabExplain';
import { LabPredict } from '../components/LabPredict';
import { LabRun } from '../components/LabRun';
import { api } from '../lib/api';
import { useLoad } from '../lib/load';
import { href, usePlace } from '../lib/router';
import type { LabPage, Question } from '../lib/types';

const STEPS = ['predict', 'run', 'explain'] as const;
type Step = (typeof STEPS)[number];

const NAMES: Record<Step, string> = { predict: 'Predict', run: 'Run', explain: 'Explain' };

/** Where somebody stands who comes without saying where to. */
function standing(quiz: Question[]): Step {
  return quiz.some((question) => question.answer === null) ? 'predict' : 'run';
}

function Steps({ lab, step, quiz }: { lab: LabPage; step: Step; quiz: Question[] }) {
  const answered = quiz.filter((question) => question.answer !== null).length;
  const revealed = quiz.filter((question) => question.reveal !== null).length;
  const about: Record<Step, string> = {
    predict: `${answered} of ${quiz.length}`,
    run: '',
    explain: `${revealed} of ${quiz.length}`,
  };
  return (
    <nav class="steps" aria-label="Steps of the lab">
      {STEPS.map((name, i) => (
        <a
          key={name}
          href={href(`/labs/${lab.id}`, { step: name })}
          aria-current={name === step ? 'step' : undefined}
        >
          <span class="step-number" aria-hidden="true">
            {i + 1}
          </span>
          {NAMES[name]}
          <span class="soft">{about[name]}</span>
        </a>
      ))}
    </nav>
  );
}

export function Lab({ id }: { id: string }) {
  const { params } = usePlace();
  const lab = useLoad(`lab ${id}`, () => api.lab(id));
  const quiz = useLoad(`quiz ${id}`, () => api.quiz(id));
  const { again } = quiz;
  const ran = useCallback(() => again(), [again]);
  if (lab.value === null || quiz.value === null) {
    const problem = lab.problem ?? quiz.problem;
    return problem === null ? <Loading what="the lab" /> : <ProblemNote problem={problem} />;
  }
  const asked = STEPS.find((name) => name === params.step);
  const step = asked ?? standing(quiz.value);
  return (
    <>
      <header class={step === 'run' ? 'lab-head compact' : 'lab-head'}>
        <div>
          <p class="eyebrow">Lab {lab.value.id}</p>
          <h1>{lab.value.title}</h1>
        </div>
        <p class="lab-question">{lab.value.question}</p>
        <Steps lab={lab.value} step={step} quiz={quiz.value} />
      </header>
      {step === 'predict' ? (
        <LabPredict lab={lab.value} quiz={quiz.value} answered={quiz.set} />
      ) : step === 'run' ? (
        <LabRun lab={lab.value} quiz={quiz.value} ran={ran} />
      ) : (
        <LabExplain lab={lab.value} quiz={quiz.value} />
      )}
    </>
  );
}
