import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** The width of an element in CSS pixels, as it is now; 0 before it is known. */
export function useWidth<E extends HTMLElement>(): [RefObject<E | null>, number] {
  const element = useRef<E>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const there = element.current;
    if (there === null) return;
    const observer = new ResizeObserver(() => setWidth(there.clientWidth));
    observer.observe(there);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
