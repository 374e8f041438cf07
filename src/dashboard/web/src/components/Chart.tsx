import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Mark, Phase } from '../lib/storm';
import { colour, onTheme } from '../lib/theme';

/** Room for the numbers on the left; what is drawn beside a chart on the same axis leaves it too. */
export const AXIS_LEFT = 84;
export const AXIS_RIGHT = 18;

/** All charts of a page move one cursor. */
const CURSOR = 'storm';

export interface Line {
  label: string;
  values: (number | null)[];
  /** A custom property of the style sheet. */
  ink: string;
  dashed?: boolean;
  bars?: boolean;
}

export interface Axis {
  at: number[];
  /** The end of the time axis, in seconds. */
  end: number;
  marks: Mark[];
  phases: Phase[];
}

function shade(plot: uPlot, phases: Phase[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = colour('--incident');
  for (const phase of phases) {
    if (phase.weather !== 'incident') continue;
    const from = plot.valToPos(phase.from, 'x', true);
    const to = plot.valToPos(phase.to, 'x', true);
    ctx.fillRect(from, bbox.top, Math.max(1, to - from), bbox.height);
  }
  ctx.restore();
}

function strike(plot: uPlot, marks: Mark[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colour('--accent');
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  for (const mark of marks) {
    const x = Math.round(plot.valToPos(mark.at, 'x', true)) + 0.5;
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.restore();
}

interface Drawn {
  axis: Axis;
  lines: Line[];
  tell: (value: number) => string;
  floor: number;
  least: number;
  isLast: boolean;
  hover: (index: number | null) => void;
}

function build(host: HTMLElement, width: number, drawn: { current: Drawn }): uPlot {
  const { lines, tell, isLast } = drawn.current;
  const text = colour('--soft');
  const grid = { stroke: colour('--line'), width: 1 };
  const font = '13px system-ui, sans-serif';
  const bars = uPlot.paths.bars;
  const options: uPlot.Options = {
    width,
    height: isLast ? 128 : 96,
    padding: [8, AXIS_RIGHT, isLast ? 0 : 6, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: CURSOR }, points: { size: 7 } },
    scales: {
      x: { time: false, range: () => [0, drawn.current.axis.end] },
      y: {
        range: (_, __, max) => {
          const { floor, least } = drawn.current;
          return [floor, Math.max(least, floor + ((max ?? floor) - floor) * 1.1)];
        },
      },
    },
    axes: [
      {
        show: isLast,
        stroke: text,
        grid,
        ticks: grid,
        font,
        size: 32,
        values: (_, at) => at.map((second) => `${second} s`),
      },
      {
        stroke: text,
        grid,
        ticks: grid,
        font,
        size: AXIS_LEFT,
        space: 28,
        values: (_, at) => at.map(tell),
      },
    ],
    series: [
      {},
      ...lines.map(
        (line): uPlot.Series => ({
          label: line.label,
          stroke: colour(line.ink),
          width: 2,
          points: { show: false },
          ...(line.dashed === true ? { dash: [6, 4] } : {}),
          ...(line.bars === true && bars !== undefined
            ? { paths: bars({ size: [0.8, 8, 3] }), fill: colour(line.ink) }
            : {}),
        }),
      ),
    ],
    hooks: {
      drawClear: [(plot) => shade(plot, drawn.current.axis.phases)],
      draw: [(plot) => strike(plot, drawn.current.axis.marks)],
      setCursor: [(plot) => drawn.current.hover(plot.cursor.idx ?? null)],
    },
  };
  return new uPlot(options, dataOf(drawn.current), host);
}

function dataOf({ axis, lines }: Drawn): uPlot.AlignedData {
  return [axis.at, ...lines.map((line) => line.values)];
}

function Key({ line }: { line: Line }) {
  const dash = line.dashed === true ? '6 4' : undefined;
  return (
    <span class="key">
      <svg width={24} height={10} aria-hidden="true">
        {line.bars === true ? (
          <rect x={4} width={12} height={10} style={{ fill: `var(${line.ink})` }} />
        ) : (
          <line
            x2={24}
            y1={5}
            y2={5}
            stroke-width={3}
            stroke-dasharray={dash}
            style={{ stroke: `var(${line.ink})` }}
          />
        )}
      </svg>
      {line.label}
    </span>
  );
}

/** One quantity over the time axis, with what was done as lines and the incident shaded. */
export function Chart(props: {
  title: string;
  words: string;
  axis: Axis;
  lines: Line[];
  width: number;
  tell: (value: number) => string;
  /** Where the axis begins, and the least that it ends at. */
  floor?: number;
  least: number;
  isLast?: boolean;
  hover: (index: number | null) => void;
}) {
  const { title, words, axis, lines, width, tell, floor = 0, least, isLast = false, hover } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [themes, setThemes] = useState(0);
  const drawn = useRef<Drawn>({ axis, lines, tell, floor, least, isLast, hover });
  drawn.current = { axis, lines, tell, floor, least, isLast, hover };
  useEffect(() => onTheme(() => setThemes((n) => n + 1)), []);
  useEffect(() => {
    if (host.current === null || width === 0) return;
    const made = build(host.current, width, drawn);
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [width, themes, lines.length]);
  useEffect(() => {
    plot.current?.setData(dataOf(drawn.current));
  });
  return (
    <figure class="chart">
      <figcaption>
        <strong>{title}</strong>
        {lines.length > 1 ? lines.map((line) => <Key key={line.label} line={line} />) : null}
        <span class="chart-words">{words}</span>
      </figcaption>
      <div ref={host} role="img" aria-label={`${title}: ${words}`} />
    </figure>
  );
}
