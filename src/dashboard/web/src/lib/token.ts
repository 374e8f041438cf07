const KEY = 'crashwindow-token';

/**
 * Takes the token out of the printed URL, so that it is on no projector and in no bookmark, and keeps
 * it for this tab alone.
 */
export function takeToken(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given === null) return;
  sessionStorage.setItem(KEY, given);
  history.replaceState(history.state, '', location.pathname + location.search);
}

/** Null where the page was opened without it: it can look and start nothing. */
export function token(): string | null {
  return sessionStorage.getItem(KEY);
}
