import { Loading, ProblemNote, VerdictBadge } from '../components/bits';
import { RunTable } from '../components/RunTable';
import { api } from '../lib/api';
import { useLoad } from '../lib/load';
import type { Health, Lab } from '../lib/types';
import { counted } from '../lib/words';

function progressWords(lab: Lab): string {
  const { questions, answered, right } = lab.quiz;
  if (answered === 0) return `${counted(questions, 'question')} to predict`;
  return `${answered} of ${questions} predicted, ${right} right`;
}

function LabCard({ lab }: { lab: Lab }) {
  const { questions, answered, right } = lab.quiz;
  return (
    <li class="lab-card">
      <a href={`/labs/${lab.id}`}>
        <span class="lab-number">{lab.id}</span>
        <h2>{lab.title}</h2>
        <p class="lab-question">{lab.question}</p>
        <p class="progress">
          <span class="pips" aria-hidden="true">
            {Array.from({ length: questions }, (_, i) => (
              <span key={i} class={i < right ? 'pip right' : i < answered ? 'pip done' : 'pip'} />
            ))}
          </span>
          {progressWords(lab)}
        </p>
      </a>
    </li>
  );
}

function StackHealth({ health }: { health: Health }) {
  const { stack } = health;
  const up = stack.state === 'up';
  return (
    <section class={`health ${up ? 'up' : 'down'}`} aria-label="The stack">
      <p class="health-word">{up ? 'Ready.' : 'Not running yet.'}</p>
      <p>
        {up ? (
          <>
            A real Kafka {stack.kafka ?? ''} and a real Postgres {stack.postgres ?? ''} answer
            {stack.kind === null ? '' : ` (${stack.kind})`}.
          </>
        ) : (
          <>
            {stack.error ?? 'Kafka and Postgres do not answer'}. The first run starts them; so does{' '}
            <code>crashwindow up</code>.
          </>
        )}
      </p>
    </section>
  );
}

export function Home() {
  const health = useLoad('health', api.health);
  const labs = useLoad('labs', api.labs);
  const runs = useLoad('runs', () => api.runs());
  return (
    <>
      <div class="home-head">
        <h1>How often was the customer charged?</h1>
        {health.value === null ? null : <StackHealth health={health.value} />}
      </div>
      <ProblemNote problem={labs.problem ?? health.problem} />
      {labs.value === null ? (
        labs.problem === null && <Loading what="the labs" />
      ) : (
        <ol class="lab-cards">
          {labs.value.map((lab) => (
            <LabCard key={lab.id} lab={lab} />
          ))}
        </ol>
      )}
      <section aria-labelledby="last-runs">
        <div class="section-head">
          <h2 id="last-runs">The last runs</h2>
          <a href="/runs">All runs</a>
        </div>
        {runs.value === null ? null : runs.value.length === 0 ? (
          <p class="soft">
            None yet. Open lab 01, predict, and press run: a <VerdictBadge verdict="violated" /> is
            the lesson.
          </p>
        ) : (
          <RunTable runs={runs.value.slice(0, 6)} />
        )}
      </section>
    </>
  );
}
