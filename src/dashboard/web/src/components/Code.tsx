import { useMemo, useState } from 'preact/hooks';
import { fold, type Lit } from '../lib/code';
import { type DiffRow, sideBySide } from '../lib/diff';
import { tokens } from '../lib/highlight';
import type { Source } from '../lib/types';

/** Drawn once, however often what is lit beside it changes. */
function Line({ text }: { text: string }) {
  return useMemo(
    () => (
      <code>
        {tokens(text).map((token, i) => (
          <span key={i} class={`t-${token.kind}`}>
            {token.text}
          </span>
        ))}
      </code>
    ),
    [text],
  );
}

function Side(props: { side: DiffRow['left']; same: boolean; mark: string; lit: Lit[] }) {
  const { side, same, mark, lit } = props;
  if (side === null) return <td class="code-line none" />;
  const here = lit.filter((l) => l.line === side.line);
  const held = here.some((l) => l.held !== null);
  const kind = `code-line${same ? '' : ' differs'}${here.length > 0 ? ' lit' : ''}${held ? ' held' : ''}`;
  return (
    <td class={kind} data-line={side.line}>
      <span class="code-number" aria-hidden="true">
        {same ? ' ' : mark}
        {side.line}
      </span>
      <Line text={side.text} />
      <span class="code-who">
        {here.map((l) => (
          <span key={l.name} class={`who who-${l.name}${l.held === null ? '' : ' held'}`}>
            {l.name}
            {l.held === null ? '' : ` ${l.held}`}
          </span>
        ))}
      </span>
    </td>
  );
}

/** Two consumers side by side; the lines in which they differ are the lesson. */
export function CodePair(props: {
  left: { name: string; source: Source; lit: Lit[] };
  right: { name: string; source: Source; lit: Lit[] };
}) {
  const { left, right } = props;
  const [whole, setWhole] = useState(false);
  const rows = useMemo(
    () => sideBySide(left.source.text, right.source.text),
    [left.source, right.source],
  );
  const parts = useMemo(
    () => fold(rows, new Set(left.source.lines.map((l) => l.line))),
    [rows, left.source],
  );
  const differing = rows.filter((row) => !row.same).length;
  return (
    <section class="code" aria-label={`${left.name} and ${right.name} side by side`}>
      <div class="code-head">
        <h2>
          {left.source.file} <span class="soft">and</span> {right.source.file}
        </h2>
        <p class="soft">
          {differing} lines differ: − in {left.name}, + in {right.name}
        </p>
        <button type="button" class="quiet" aria-pressed={whole} onClick={() => setWhole(!whole)}>
          {whole ? 'Fold what is the same' : 'Show every line'}
        </button>
      </div>
      <table class="code-rows">
        <tbody>
          {parts.map((part, i) =>
            part.folded && !whole ? (
              <tr key={i} class="code-fold">
                <td colSpan={2}>{part.rows.length} lines alike</td>
              </tr>
            ) : (
              part.rows.map((row) => (
                <tr class="code-row" key={`${row.left?.line ?? '-'}:${row.right?.line ?? '-'}`}>
                  <Side side={row.left} same={row.same} mark="−" lit={left.lit} />
                  <Side side={row.right} same={row.same} mark="+" lit={right.lit} />
                </tr>
              ))
            ),
          )}
        </tbody>
      </table>
    </section>
  );
}

/** One consumer alone, for whom has yet to say what it does. */
export function CodeAlone({ name, source }: { name: string; source: Source }) {
  const lines = source.text.trimEnd().split('\n');
  return (
    <section class="code alone" aria-label={`The code of ${name}`}>
      <div class="code-head">
        <h2>{source.file}</h2>
      </div>
      <table class="code-rows">
        <tbody>
          {lines.map((text, i) => (
            <tr class="code-row" key={i}>
              <Side side={{ line: i + 1, text }} same mark="" lit={[]} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
