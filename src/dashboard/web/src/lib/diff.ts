/** One row of two texts side by side; a line that the other text has not stands alone. */
export interface DiffRow {
  left: { line: number; text: string } | null;
  right: { line: number; text: string } | null;
  same: boolean;
}

/** Where the longest common lines are, counted from the end: the classic table. */
function lengths(left: string[], right: string[]): Uint16Array[] {
  const table = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    const row = table[i] as Uint16Array;
    const below = table[i + 1] as Uint16Array;
    for (let j = right.length - 1; j >= 0; j--) {
      row[j] =
        left[i] === right[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return table;
}

/** Two texts line by line, so that what both have stands at the same height. */
export function sideBySide(leftText: string, rightText: string): DiffRow[] {
  const left = leftText.trimEnd().split('\n');
  const right = rightText.trimEnd().split('\n');
  const table = lengths(left, right);
  const rows: DiffRow[] = [];
  let [i, j] = [0, 0];
  let removed: number[] = [];
  let added: number[] = [];
  const flush = () => {
    for (let n = 0; n < Math.max(removed.length, added.length); n++) {
      const [l, r] = [removed[n], added[n]];
      rows.push({
        left: l === undefined ? null : { line: l + 1, text: left[l] ?? '' },
        right: r === undefined ? null : { line: r + 1, text: right[r] ?? '' },
        same: false,
      });
    }
    removed = [];
    added = [];
  };
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      flush();
      const text = left[i] ?? '';
      rows.push({ left: { line: i + 1, text }, right: { line: j + 1, text }, same: true });
      i++;
      j++;
    } else if (j >= right.length || (table[i + 1]?.[j] ?? -1) >= (table[i]?.[j + 1] ?? -1)) {
      if (i < left.length) removed.push(i++);
      else added.push(j++);
    } else {
      added.push(j++);
    }
  }
  flush();
  return rows;
}
