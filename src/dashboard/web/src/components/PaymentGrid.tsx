import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { onTheme } from '../lib/theme';
import { useWidth } from '../lib/width';
import { counted, paymentName, stateWords } from '../lib/words';
import { cellOf, exceptions, type GridState, STATES } from '../live/grid';
import { Glyph } from './Glyph';
import { draw, drawStruck, inks } from './glyph';

interface Layout {
  width: number;
  size: number;
  columns: number;
  rows: number;
}

/** The largest cells with which all payments fit into the room there is. */
export function layoutFor(payments: number, width: number, height: number): Layout {
  const ideal = Math.floor(Math.sqrt((width * height) / Math.max(payments, 1)));
  const size = Math.max(5, Math.min(34, ideal));
  const columns = Math.max(1, Math.floor(width / size));
  return { width, size, columns, rows: Math.ceil(payments / columns) };
}

/** The words of a grid: what its picture shows. */
export function gridWords(grid: GridState, done: string): string {
  const parts = STATES.map((state) => {
    const n = state === 'waiting' ? grid.counts.waiting : grid.counts[state];
    return n === 0 ? '' : `${n} ${stateWords(state, done)}`;
  });
  const told = parts.filter((part) => part !== '');
  return `${counted(grid.states.length, 'payment')}: ${told.join(', ')}`;
}

interface Painted {
  grid: GridState;
  layout: Layout;
  states: Uint8Array;
  effects: Uint8Array;
  cursor: number;
}

/** Paints what differs from what was painted last; everything where the layout is another. */
function paint(
  canvas: HTMLCanvasElement,
  grid: GridState,
  layout: Layout,
  cursor: number,
  last: Painted | null,
): Painted {
  const at = canvas.getContext('2d') as CanvasRenderingContext2D;
  const scale = devicePixelRatio;
  const isNew = last === null || last.grid !== grid || last.layout !== layout;
  if (isNew) {
    canvas.width = Math.round(layout.width * scale);
    canvas.height = Math.round(layout.rows * layout.size * scale);
  }
  const ink = inks();
  const { size, columns } = layout;
  for (let i = 0; i < grid.states.length; i++) {
    const isCursor = cursor === i + 1;
    if (!isNew) {
      const same = last.states[i] === grid.states[i] && last.effects[i] === grid.effects[i];
      if (same && isCursor === (last.cursor === i + 1)) continue;
    }
    const [x, y] = [(i % columns) * size, Math.floor(i / columns) * size];
    at.setTransform(scale, 0, 0, scale, x * scale, y * scale);
    at.clearRect(0, 0, size, size);
    at.save();
    at.beginPath();
    at.rect(0, 0, size, size);
    at.clip();
    at.translate(size / 2, size / 2);
    const { state, effects } = cellOf(grid, i + 1);
    draw(at, size * 0.84, state, effects, ink);
    if (size >= 12 && grid.struck.has(i + 1)) drawStruck(at, size, ink);
    if (isCursor) {
      at.strokeStyle = ink.text;
      at.lineWidth = 2;
      at.strokeRect(-size / 2 + 1, -size / 2 + 1, size - 2, size - 2);
    }
    at.restore();
  }
  return { grid, layout, states: grid.states.slice(), effects: grid.effects.slice(), cursor };
}

const STEPS: Record<string, (columns: number, all: number) => number> = {
  ArrowRight: () => 1,
  ArrowLeft: () => -1,
  ArrowDown: (columns) => columns,
  ArrowUp: (columns) => -columns,
  Home: (_, all) => -all,
  End: (_, all) => all,
};

/** Every payment of a run, one cell each; a cell opens its payment. */
export function PaymentGrid(props: {
  grid: GridState;
  done: string;
  label: string;
  open: ((payment: string) => void) | null;
  height?: number;
}) {
  const { grid, done, label, open, height = 220 } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const painted = useRef<Painted | null>(null);
  const [box, width] = useWidth<HTMLDivElement>();
  const [cursor, setCursor] = useState(0);
  const [themes, setThemes] = useState(0);
  const payments = grid.states.length;
  const layout = useMemo(() => layoutFor(payments, width, height), [payments, width, height]);
  useEffect(() => onTheme(() => setThemes((n) => n + 1)), []);
  useEffect(() => {
    painted.current = null;
  }, [themes]);
  // After every drawing of the component: the grid is changed in place.
  useEffect(() => {
    if (canvas.current === null || width === 0) return;
    painted.current = paint(canvas.current, grid, layout, cursor, painted.current);
  });
  const { size, columns, rows } = layout;
  const at = (event: MouseEvent) => {
    const column = Math.floor(event.offsetX / size);
    const number = Math.floor(event.offsetY / size) * columns + column + 1;
    return column < columns && number >= 1 && number <= payments ? number : 0;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key]?.(columns, payments);
    if (step !== undefined) {
      event.preventDefault();
      setCursor((now) => Math.max(1, Math.min(payments, Math.max(now, 1) + step)));
    } else if ((event.key === 'Enter' || event.key === ' ') && cursor > 0) {
      event.preventDefault();
      open?.(paymentName(cursor));
    }
  };
  const tell = (number: number) => {
    const { state, effects } = cellOf(grid, number);
    return `${paymentName(number)}: ${stateWords(state, done, effects)}`;
  };
  return (
    <div class="wall" ref={box}>
      <div
        role="application"
        aria-roledescription="payment wall"
        aria-label={`${label}. ${gridWords(grid, done)}. Arrow keys move, Enter opens a payment.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it has keys of its own.
        tabIndex={0}
        onKeyDown={onKeyDown}
        onFocus={() => setCursor((now) => Math.max(now, 1))}
        onBlur={() => setCursor(0)}
      >
        <canvas
          ref={canvas}
          style={{
            width: `${width}px`,
            height: `${rows * size}px`,
            cursor: open === null ? 'default' : 'pointer',
          }}
          title={cursor > 0 ? tell(cursor) : undefined}
          onClick={(event) => {
            const number = at(event);
            if (number > 0) open?.(paymentName(number));
          }}
          onMouseMove={(event) => {
            const number = at(event);
            if (canvas.current !== null) {
              canvas.current.title = number > 0 ? tell(number) : '';
            }
          }}
        />
      </div>
      <p class="sr" aria-live="polite">
        {cursor > 0 ? tell(cursor) : ''}
      </p>
    </div>
  );
}

/** What the shapes mean. */
export function Legend({ done }: { done: string }) {
  return (
    <ul class="legend" aria-label="What the cells mean">
      {STATES.map((state) => (
        <li key={state}>
          <Glyph state={state} />
          {stateWords(state, done)}
        </li>
      ))}
      <li>
        <span class="struck-mark" aria-hidden="true" />a fault strikes here
      </li>
    </ul>
  );
}

/** The most exceptions that are named; the grid shows all. */
const NAMED = 12;

/** What went wrong, as buttons: the grid's exceptions without its picture. */
export function Exceptions(props: {
  grid: GridState;
  done: string;
  open: ((payment: string) => void) | null;
}) {
  const { grid, done, open } = props;
  const all = exceptions(grid);
  if (all.length === 0) return null;
  return (
    <ul class="exceptions">
      {all.slice(0, NAMED).map((number) => {
        const { state, effects } = cellOf(grid, number);
        const words = stateWords(state, done, effects);
        return (
          <li key={number}>
            <button
              type="button"
              class={state === 'parked' ? 'chip' : 'chip wrong'}
              disabled={open === null}
              onClick={() => open?.(paymentName(number))}
            >
              <Glyph state={state} effects={effects} size={16} />
              {paymentName(number)} <span class="soft">{words}</span>
            </button>
          </li>
        );
      })}
      {all.length > NAMED ? <li class="soft">and {all.length - NAMED} more</li> : null}
    </ul>
  );
}
