import { useEffect, useRef } from 'preact/hooks';
import { onTheme } from '../lib/theme';
import type { PaymentState } from '../lib/types';
import { draw, inks } from './glyph';

/** A payment's state as the grid draws it; the words stand beside it. */
export function Glyph(props: { state: PaymentState; effects?: number; size?: number }) {
  const { state, effects = 2, size = 20 } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const paint = () => {
      const at = canvas.current?.getContext('2d');
      if (!at) return;
      const scale = devicePixelRatio;
      at.setTransform(scale, 0, 0, scale, 0, 0);
      at.clearRect(0, 0, size, size);
      at.translate(size / 2, size / 2);
      draw(at, size * 0.82, state, effects, inks());
    };
    paint();
    return onTheme(paint);
  }, [state, effects, size]);
  const pixels = Math.round(size * devicePixelRatio);
  return (
    <canvas
      ref={canvas}
      class="glyph"
      width={pixels}
      height={pixels}
      style={{ width: `${size}px`, height: `${size}px` }}
    />
  );
}
