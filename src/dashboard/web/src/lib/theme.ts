export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'crashwindow-theme';

export function theme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

export function setTheme(next: Theme): void {
  if (next === 'auto') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, next);
  applyTheme();
  dispatchEvent(new Event('themechange'));
}

const system = () => matchMedia('(prefers-color-scheme: dark)');

/** Says in the document which colours are meant; `auto` is what the system says now. */
export function applyTheme(): void {
  const now = theme();
  const dark = now === 'auto' ? system().matches : now === 'dark';
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

export function followSystem(): void {
  system().addEventListener('change', () => {
    applyTheme();
    dispatchEvent(new Event('themechange'));
  });
}

/** Calls back when the colours change, by the switch or by the system. */
export function onTheme(changed: () => void): () => void {
  addEventListener('themechange', changed);
  return () => removeEventListener('themechange', changed);
}

/** A colour of the style sheet, for what is drawn on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
