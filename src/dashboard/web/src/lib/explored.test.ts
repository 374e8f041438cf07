import { describe, expect, it } from 'vitest';
import { matrix } from './matrix';
import type { ExploreReport } from './types';
import { windowWords } from './words';

/** A real report, and how its rows are to be named: `make zoo` gives both. */
const { VITE_EXPLORED: explored, VITE_ROWS: rows } = import.meta.env;

describe.skipIf(explored === undefined)('the report of an exploration', () => {
  const names = () => {
    const report = JSON.parse(explored) as ExploreReport;
    const windows = matrix(report).filter((row) => row.number !== null);
    return windows.map((row) => windowWords(row.window));
  };

  it('has the rows that terminal and page have', () => {
    expect(names()).toEqual(JSON.parse(rows));
  });

  it('would not have them with two windows of one name', () => {
    const mixed = names().map((name) => name.replace('2nd ', ''));
    expect(mixed).not.toEqual(JSON.parse(rows));
  });
});
