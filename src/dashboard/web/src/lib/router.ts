import { useEffect, useState } from 'preact/hooks';

/** Where the page is: all that a reload needs. */
export interface Place {
  path: string;
  params: Record<string, string>;
}

const watchers = new Set<() => void>();

export function place(): Place {
  return {
    path: location.pathname,
    params: Object.fromEntries(new URLSearchParams(location.search)),
  };
}

export function href(path: string, params: Record<string, string | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value !== undefined && value !== '') search.set(key, value);
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

function moved(): void {
  for (const watcher of watchers) watcher();
}

export function go(to: string): void {
  history.pushState(null, '', to);
  moved();
  scrollTo(0, 0);
}

/** Changes what the page shows without a step in the browser's history. */
export function set(changes: Record<string, string | undefined>): void {
  const { path, params } = place();
  history.replaceState(null, '', href(path, { ...params, ...changes }));
  moved();
}

export function usePlace(): Place {
  const [now, change] = useState(place);
  useEffect(() => {
    const watcher = () => change(place());
    watchers.add(watcher);
    addEventListener('popstate', watcher);
    return () => {
      watchers.delete(watcher);
      removeEventListener('popstate', watcher);
    };
  }, []);
  return now;
}

/** Lets links within the page move it without a load; all others are the browser's. */
export function followLinks(): void {
  addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link === null || link.origin !== location.origin || link.target !== '') return;
    const isElsewhere = link.hasAttribute('download') || link.pathname.startsWith('/api/');
    if (isElsewhere || link.hash !== '' || link.pathname.includes('.')) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
