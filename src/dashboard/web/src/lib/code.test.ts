import { describe, expect, it } from 'vitest';
import { fold, lineOf, litBy } from './code';
import { sideBySide } from './diff';
import { tokens } from './highlight';

describe('two texts side by side', () => {
  it('stand at the same height where they are alike', () => {
    const rows = sideBySide('a\nb\nc\n', 'a\nx\ny\nc\n');
    expect(rows.map((r) => [r.left?.text ?? null, r.right?.text ?? null, r.same])).toEqual([
      ['a', 'a', true],
      ['b', 'x', false],
      [null, 'y', false],
      ['c', 'c', true],
    ]);
    expect(rows[2]?.right?.line).toBe(3);
  });

  it('lose no line of either', () => {
    const [left, right] = ['1\n2\n3\n4', '0\n2\n4\n5'];
    const rows = sideBySide(left, right);
    expect(rows.flatMap((r) => r.left?.text ?? []).join('\n')).toBe(left);
    expect(rows.flatMap((r) => r.right?.text ?? []).join('\n')).toBe(right);
  });

  it('are folded far from what differs and from what is sent', () => {
    const text = Array.from({ length: 30 }, (_, i) => `line ${i + 1}`);
    const other = text.with(14, 'another');
    const parts = fold(sideBySide(text.join('\n'), other.join('\n')), new Set([20]));
    expect(parts.map((p) => [p.folded, p.rows.length])).toEqual([
      [true, 12],
      [false, 10],
      [true, 8],
    ]);
  });
});

describe('the line of an event', () => {
  const lines = [
    { event: 'SELECT', line: 4 },
    { event: 'SELECT 1 FROM processed', line: 9 },
  ];

  it('is that of the longest beginning', () => {
    expect(lineOf(lines, 'SELECT 1 FROM processed WHERE id = ?')).toBe(9);
    expect(lineOf(lines, 'SELECT 2')).toBe(4);
    expect(lineOf(lines, 'INSERT')).toBeNull();
  });

  it('of an instance that is held is that of its window', () => {
    const instance = {
      name: 'a',
      state: 'frozen' as const,
      payment: 'msg-0001',
      event: 'x',
      line: 2,
      struck: { fault: 'zombie', at: 'SELECT 1 FROM processed', payment: 'msg-0001' },
    };
    expect(litBy([instance], lines)).toEqual([{ name: 'a', line: 9, held: 'frozen' }]);
    const free = { ...instance, state: 'joined' as const, struck: null };
    expect(litBy([free], lines)).toEqual([{ name: 'a', line: 2, held: null }]);
  });
});

describe('highlighting', () => {
  it('loses nothing of a line', () => {
    const line = 'let x = db.query("SELECT \\" 1"); // why';
    expect(
      tokens(line)
        .map((t) => t.text)
        .join(''),
    ).toBe(line);
    expect(tokens(line).map((t) => t.kind)).toContain('comment');
  });
});
