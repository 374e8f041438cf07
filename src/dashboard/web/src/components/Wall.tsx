import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { onTheme } from '../lib/theme';
import { useWidth } from '../lib/width';
import { counted, paymentName, stateWords } from '../lib/words';
import { cellOf, exceptions, STATES, type WallState } from '../live/wall';
import { Glyph } from './Glyph';
import { draw, drawStruck, inks } from './glyph';

interface Grid {
  width: number;
  size: number;
  columns: number;
  rows: number;
}

/** The largest cells with which all payments fit into the room there is. */
export function gridFor(payments: number, width: number, height: number): Grid {
  const ideal = Math.floor(Math.sqrt((width * height) / Math.max(payments, 1)));
  const size = Math.max(5, Math.min(34, ideal));
  const columns = Math.max(1, Math.floor(width / size));
  return { width, size, columns, rows: Math.ceil(payments / columns) };
}

/** The words of a wall: what its picture shows. */
export function wallWords(wall: WallState, done: string): string {
  const parts = STATES.map((state) => {
    const n = state === 'waiting' ? wall.counts.waiting : wall.counts[state];
    return n === 0 ? '' : `${n} ${stateWords(state, done)}`;
  });
  const told = parts.filter((part) => part !== '');
  return `${counted(wall.states.length, 'payment')}: ${told.join(', ')}`;
}

interface Painted {
  wall: WallState;
  grid: Grid;
  states: Uint8Array;
  effects: Uint8Array;
  cursor: number;
}

/** Paints what differs from what was painted last; everything where the grid is another. */
function paint(
  canvas: HTMLCanvasElement,
  wall: WallState,
  grid: Grid,
  cursor: number,
  last: Painted | null,
): Painted {
  const at = canvas.getContext('2d') as CanvasRenderingContext2D;
  const scale = devicePixelRatio;
  const isNew = last === null || last.wall !== wall || last.grid !== grid;
  if (isNew) {
    canvas.width = Math.round(grid.width * scale);
    canvas.height = Math.round(grid.rows * grid.size * scale);
  }
  const ink = inks();
  const { size, columns } = grid;
  for (let i = 0; i < wall.states.length; i++) {
    const isCursor = cursor === i + 1;
    if (!isNew) {
      const same = last.states[i] === wall.states[i] && last.effects[i] === wall.effects[i];
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
    const { state, effects } = cellOf(wall, i + 1);
    draw(at, size * 0.84, state, effects, ink);
    if (size >= 12 && wall.struck.has(i + 1)) drawStruck(at, size, ink);
    if (isCursor) {
      at.strokeStyle = ink.text;
      at.lineWidth = 2;
      at.strokeRect(-size / 2 + 1, -size / 2 + 1, size - 2, size - 2);
    }
    at.restore();
  }
  return { wall, grid, states: wall.states.slice(), effects: wall.effects.slice(), cursor };
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
export function Wall(props: {
  wall: WallState;
  done: string;
  label: string;
  open: ((payment: string) => void) | null;
  height?: number;
}) {
  const { wall, done, label, open, height = 220 } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const painted = useRef<Painted | null>(null);
  const [box, width] = useWidth<HTMLDivElement>();
  const [cursor, setCursor] = useState(0);
  const [themes, setThemes] = useState(0);
  const payments = wall.states.length;
  const grid = useMemo(() => gridFor(payments, width, height), [payments, width, height]);
  useEffect(() => onTheme(() => setThemes((n) => n + 1)), []);
  useEffect(() => {
    painted.current = null;
  }, [themes]);
  // After every drawing of the component: the wall is changed in place.
  useEffect(() => {
    if (canvas.current === null || width === 0) return;
    painted.current = paint(canvas.current, wall, grid, cursor, painted.current);
  });
  const { size, columns, rows } = grid;
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
    const { state, effects } = cellOf(wall, number);
    return `${paymentName(number)}: ${stateWords(state, done, effects)}`;
  };
  return (
    <div class="wall" ref={box}>
      <div
        role="application"
        aria-roledescription="payment wall"
        aria-label={`${label}. ${wallWords(wall, done)}. Arrow keys move, Enter opens a payment.`}
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

/** The most exceptions that are named; the wall shows all. */
const NAMED = 12;

/** What went wrong, as buttons: the wall's exceptions without its picture. */
export function Exceptions(props: {
  wall: WallState;
  done: string;
  open: ((payment: string) => void) | null;
}) {
  const { wall, done, open } = props;
  const all = exceptions(wall);
  if (all.length === 0) return null;
  return (
    <ul class="exceptions">
      {all.slice(0, NAMED).map((number) => {
        const { state, effects } = cellOf(wall, number);
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
