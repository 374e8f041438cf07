import { colour } from '../lib/theme';
import type { PaymentState } from '../lib/types';

/** The colours of a grid, read once for each time it is painted. */
export interface Inks {
  calm: string;
  onCalm: string;
  wrong: string;
  onWrong: string;
  faint: string;
  line: string;
  text: string;
}

export function inks(): Inks {
  return {
    calm: colour('--calm'),
    onCalm: colour('--on-calm'),
    wrong: colour('--accent'),
    onWrong: colour('--on-accent'),
    faint: colour('--faint'),
    line: colour('--line-strong'),
    text: colour('--text'),
  };
}

/** From this size on, a cell has room for its number. */
const NUMBERED = 15;

function number(at: CanvasRenderingContext2D, size: number, text: string, ink: string): void {
  if (size < NUMBERED) return;
  at.fillStyle = ink;
  at.font = `600 ${Math.round(size * 0.5)}px system-ui, sans-serif`;
  at.textAlign = 'center';
  at.textBaseline = 'middle';
  at.fillText(text, 0, size * 0.03);
}

/**
 * Draws a payment's state around the origin: each has a shape of its own, and its number of effects
 * where there is room.
 */
export function draw(
  at: CanvasRenderingContext2D,
  size: number,
  state: PaymentState,
  effects: number,
  ink: Inks,
): void {
  const half = size / 2;
  const inner = half - Math.max(0.5, size * 0.08);
  at.lineWidth = Math.max(1, size * 0.09);
  at.beginPath();
  switch (state) {
    case 'waiting':
      at.fillStyle = ink.line;
      at.arc(0, 0, Math.max(0.8, size * 0.09), 0, Math.PI * 2);
      at.fill();
      break;
    case 'delivered':
      at.strokeStyle = ink.calm;
      at.arc(0, 0, inner * 0.62, 0, Math.PI * 2);
      at.stroke();
      break;
    case 'once':
      at.fillStyle = ink.calm;
      at.roundRect(-inner, -inner, inner * 2, inner * 2, size * 0.14);
      at.fill();
      number(at, size, '1', ink.onCalm);
      break;
    case 'duplicated': {
      const point = half * 1.12;
      at.fillStyle = ink.wrong;
      at.moveTo(0, -point);
      at.lineTo(point, 0);
      at.lineTo(0, point);
      at.lineTo(-point, 0);
      at.closePath();
      at.fill();
      number(at, size * 1.1, String(effects), ink.onWrong);
      break;
    }
    case 'lost':
      at.strokeStyle = ink.wrong;
      at.lineWidth = Math.max(1.5, size * 0.14);
      at.moveTo(-inner * 0.7, -inner * 0.7);
      at.lineTo(inner * 0.7, inner * 0.7);
      at.moveTo(inner * 0.7, -inner * 0.7);
      at.lineTo(-inner * 0.7, inner * 0.7);
      at.stroke();
      break;
    case 'half_done':
      at.fillStyle = ink.wrong;
      at.moveTo(-inner, inner);
      at.lineTo(inner, inner);
      at.lineTo(-inner, -inner);
      at.closePath();
      at.fill();
      at.strokeStyle = ink.wrong;
      at.strokeRect(-inner, -inner, inner * 2, inner * 2);
      break;
    case 'parked':
      // A square that is only a frame, with a bar: it stands aside.
      at.strokeStyle = ink.calm;
      at.strokeRect(-inner, -inner, inner * 2, inner * 2);
      at.beginPath();
      at.moveTo(-inner * 0.45, 0);
      at.lineTo(inner * 0.45, 0);
      at.stroke();
      break;
    case 'unfinished':
      at.strokeStyle = ink.wrong;
      at.setLineDash([size * 0.16, size * 0.12]);
      at.strokeRect(-inner, -inner, inner * 2, inner * 2);
      at.setLineDash([]);
      number(at, size, '?', ink.text);
      break;
  }
}

/** A small mark in the corner of a payment in whose window a fault strikes. */
export function drawStruck(at: CanvasRenderingContext2D, size: number, ink: Inks): void {
  const half = size / 2;
  const arm = Math.max(3, size * 0.24);
  at.fillStyle = ink.wrong;
  at.beginPath();
  at.moveTo(half, -half);
  at.lineTo(half - arm, -half);
  at.lineTo(half, -half + arm);
  at.closePath();
  at.fill();
}
