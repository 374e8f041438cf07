import { useEffect, useRef } from 'preact/hooks';
import type { JobEvents } from '../lib/types';

/** What the instances log, as it comes; who reads further up is left there. */
export function Logs({ lines }: { lines: JobEvents['log'][] }) {
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  const last = lines.at(-1);
  useEffect(() => {
    const there = box.current;
    if (there !== null && follows.current) there.scrollTop = there.scrollHeight;
  }, [last]);
  if (lines.length === 0) return null;
  return (
    <section aria-labelledby="logs">
      <h2 id="logs">Logs</h2>
      <pre
        ref={box}
        class="logs live"
        role="log"
        aria-live="off"
        aria-label="Logs of the instances"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled with keys.
        tabIndex={0}
        onScroll={({ currentTarget: t }) => {
          follows.current = t.scrollHeight - t.scrollTop - t.clientHeight < 24;
        }}
      >
        {lines.map((l, i) => (
          <span key={i}>
            {(l.at_ms / 1000).toFixed(1).padStart(6)} {l.instance} {l.line}
            {'\n'}
          </span>
        ))}
      </pre>
    </section>
  );
}
