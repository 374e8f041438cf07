import { token } from './token';
import type {
  Biography,
  Health,
  Job,
  JobRequest,
  Lab,
  LabPage,
  ManualAction,
  Problem,
  Question,
  Report,
  Reveal,
  RunLine,
} from './types';

/** What the server refused, in its own words. */
export class Refused extends Error {
  readonly problem: Problem;
  readonly status: number;

  constructor(problem: Problem, status: number) {
    super(problem.error);
    this.problem = problem;
    this.status = status;
  }
}

/** Any failure as something that can be shown. */
export function problemOf(failure: unknown): Problem {
  if (failure instanceof Refused) return failure.problem;
  return {
    error: 'the dashboard does not answer',
    next: 'see whether `crashwindow serve` still runs, then reload',
  };
}

async function answer<T>(response: Response): Promise<T> {
  const body: unknown = await response.json();
  if (!response.ok) throw new Refused(body as Problem, response.status);
  return body as T;
}

async function get<T>(path: string): Promise<T> {
  return answer<T>(await fetch(path));
}

async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json', 'x-crashwindow-token': token() ?? '' };
  return answer<T>(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

/** A run or a cell of an exploration (`1072/cells/0005`) is one segment of a path. */
const segment = encodeURIComponent;

export const api = {
  health: () => get<Health>('/api/health'),
  labs: () => get<Lab[]>('/api/labs'),
  lab: (lab: string) => get<LabPage>(`/api/labs/${segment(lab)}`),
  quiz: (lab: string) => get<Question[]>(`/api/labs/${segment(lab)}/quiz`),
  answer: (lab: string, question: string, option: string) =>
    post<Question[]>(`/api/labs/${segment(lab)}/quiz`, { question, option }),
  start: (request: JobRequest) => post<{ job: string }>('/api/jobs', request),
  job: (job: string) => get<Job>(`/api/jobs/${segment(job)}`),
  stop: (job: string) => post<Job>(`/api/jobs/${segment(job)}/stop`, {}),
  strike: (job: string, what: ManualAction, instance?: string) =>
    post<{ job: string }>(
      `/api/jobs/${segment(job)}/strike`,
      instance === undefined ? { what } : { what, instance },
    ),
  diagnose: (job: string, cause: string, action: string) =>
    post<Reveal>(`/api/jobs/${segment(job)}/diagnosis`, { cause, action }),
  runs: (before?: string) =>
    get<RunLine[]>(before === undefined ? '/api/runs' : `/api/runs?before=${segment(before)}`),
  report: <R extends Report>(run: string) => get<R>(`/api/runs/${segment(run)}`),
  payment: (run: string, payment: string) =>
    get<Biography>(`/api/runs/${segment(run)}/payments/${segment(payment)}`),
};
