import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../lib/api';
import { jobHref, jobWords, useStarter } from '../lib/jobs';
import { useLoad } from '../lib/load';
import { setTheme, type Theme, theme } from '../lib/theme';
import { token } from '../lib/token';
import type { Health } from '../lib/types';
import { JOBS } from '../live/feed';
import { ReadOnlyNote } from './bits';

const PAGES: [string, string][] = [
  ['/', 'Labs'],
  ['/explore', 'Explore'],
  ['/storm', 'Storm'],
  ['/drill', 'Drill'],
  ['/runs', 'Runs'],
];

/** How often the stack's health is asked for. */
const EVERY_MS = 5_000;

function isHere(page: string, path: string): boolean {
  return page === '/' ? path === '/' || path.startsWith('/labs') : path.startsWith(page);
}

function useHealth(): { health: Health | null; unreachable: boolean } {
  const loaded = useLoad('health', api.health);
  const { again } = loaded;
  useEffect(() => {
    const timer = setInterval(() => document.hidden || again(), EVERY_MS);
    addEventListener(JOBS, again);
    return () => {
      clearInterval(timer);
      removeEventListener(JOBS, again);
    };
  }, [again]);
  return { health: loaded.value, unreachable: loaded.problem !== null };
}

const THEMES: [Theme, string][] = [
  ['light', 'Light'],
  ['dark', 'Dark'],
  ['auto', 'Auto'],
];

function ThemeSwitch() {
  const [now, change] = useState<Theme>(theme);
  return (
    <fieldset class="segmented small" aria-label="Colours">
      {THEMES.map(([value, label]) => (
        <button
          key={value}
          type="button"
          aria-pressed={now === value}
          onClick={() => {
            setTheme(value);
            change(value);
          }}
        >
          {label}
        </button>
      ))}
    </fieldset>
  );
}

/** The job that goes on, wherever one is. */
function Running({ id }: { id: string }) {
  const loaded = useLoad(`job ${id}`, () => api.job(id));
  const starter = useStarter();
  if (loaded.value === null) return null;
  const to = jobHref(loaded.value);
  // Its own page tells of it.
  if (new URLSearchParams(location.search).get('job') === id) return null;
  return (
    <div class="running" role="status">
      <span class="pulse" aria-hidden="true" />
      <span>{jobWords(loaded.value)}</span>
      <a href={to}>Watch it</a>
      {token() === null ? null : (
        <button
          type="button"
          class="quiet"
          disabled={starter.starting}
          onClick={() => starter.stop(id)}
        >
          Stop it
        </button>
      )}
    </div>
  );
}

function Stack({ health, unreachable }: { health: Health | null; unreachable: boolean }) {
  if (unreachable) return <span class="stack down">✕ the dashboard does not answer</span>;
  if (health === null) return <span class="stack">…</span>;
  const up = health.stack.state === 'up';
  return <span class={`stack ${up ? 'up' : 'down'}`}>{up ? '● stack up' : '○ stack down'}</span>;
}

export function Shell({ path, children }: { path: string; children: ComponentChildren }) {
  const { health, unreachable } = useHealth();
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="top">
        <a class="brand" href="/">
          <img src="/mark.svg" alt="" width={22} height={22} />
          Crashwindow
        </a>
        <nav aria-label="Pages">
          {PAGES.map(([to, label]) => (
            <a key={to} href={to} aria-current={isHere(to, path) ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
        {health?.job == null ? null : <Running key={health.job} id={health.job} />}
        <Stack health={health} unreachable={unreachable} />
        <ThemeSwitch />
      </header>
      <main id="main" tabIndex={-1}>
        <ReadOnlyNote />
        {children}
      </main>
    </>
  );
}
