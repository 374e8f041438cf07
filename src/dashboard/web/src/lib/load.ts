import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { problemOf } from './api';
import type { Problem } from './types';

export interface Loaded<T> {
  value: T | null;
  problem: Problem | null;
  again: () => void;
  set: (value: T) => void;
}

/**
 * Loads what a page shows, anew whenever `key` changes; null loads nothing. What was shown stays
 * until the new is there, unless the key is another.
 */
export function useLoad<T>(key: string | null, load: () => Promise<T>): Loaded<T> {
  const [shown, show] = useState<{ key: string | null; value: T | null; problem: Problem | null }>({
    key: null,
    value: null,
    problem: null,
  });
  const [turn, setTurn] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  useEffect(() => {
    if (key === null) return;
    let wanted = true;
    loader.current().then(
      (value) => wanted && show({ key, value, problem: null }),
      (failure: unknown) =>
        wanted && show((old) => ({ key, value: old.value, problem: problemOf(failure) })),
    );
    return () => {
      wanted = false;
    };
  }, [key, turn]);
  const again = useCallback(() => setTurn((n) => n + 1), []);
  const set = useCallback((value: T) => show({ key, value, problem: null }), [key]);
  const isCurrent = shown.key === key;
  return {
    value: isCurrent ? shown.value : null,
    problem: isCurrent ? shown.problem : null,
    again,
    set,
  };
}
