import { useState } from 'preact/hooks';
import { api, problemOf } from './api';
import { href } from './router';
import type { Job, JobRequest, Problem } from './types';

/** The page on which a job is watched. */
export function jobHref(job: Job): string {
  const { request, id } = job;
  switch (request.kind) {
    case 'run':
      return href(`/labs/${request.lab}`, {
        step: 'run',
        job: id,
        scenario: request.scenario,
      });
    case 'compare':
      return href(`/labs/${request.lab}`, { step: 'run', job: id, scenario: request.scenario });
    case 'explore':
      return href('/explore', { lab: request.lab, consumer: request.consumer, job: id });
    case 'replay':
      return href('/runs', { job: id });
    case 'storm':
      return href('/storm', { lab: request.lab, job: id });
    case 'drill':
      return href('/drill', { job: id });
  }
}

export function jobWords(job: Job): string {
  const { request } = job;
  switch (request.kind) {
    case 'run':
      return `lab ${request.lab}, ${request.consumer}`;
    case 'compare':
      return `lab ${request.lab}, every consumer`;
    case 'explore':
      return `exploring lab ${request.lab}, ${request.consumer}`;
    case 'replay':
      return `replaying run ${request.run}`;
    case 'storm':
      return `a storm over lab ${request.lab}`;
    case 'drill':
      return 'a drill';
  }
}

export interface Starter {
  problem: Problem | null;
  starting: boolean;
  start: (request: JobRequest, then: (job: string) => void) => void;
  stop: (job: string) => void;
}

/** Starts and stops jobs, and keeps what was refused. */
export function useStarter(): Starter {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [starting, setStarting] = useState(false);
  const attempt = async <T>(work: Promise<T>, then: (value: T) => void) => {
    setStarting(true);
    try {
      const value = await work;
      setProblem(null);
      then(value);
    } catch (failure) {
      setProblem(problemOf(failure));
    } finally {
      setStarting(false);
    }
  };
  return {
    problem,
    starting,
    start: (request, then) => void attempt(api.start(request), ({ job }) => then(job)),
    stop: (job) => void attempt(api.stop(job), () => undefined),
  };
}
