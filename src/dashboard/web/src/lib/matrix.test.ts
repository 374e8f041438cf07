import { describe, expect, it } from 'vitest';
import { sameSchedule } from '../components/BeforeAfter';
import { cellRun, matrix } from './matrix';
import { sequence } from './sequence';
import type { Biography, ExploreCell, ExploreReport, RunReport, Step } from './types';
import { shortSignature, stateWords, windowWords } from './words';

function cell(after: string | null, before: string | null, fault: 'kill' | 'zombie'): ExploreCell {
  return { window: { after, before, occurrence: 1 }, fault } as ExploreCell;
}

describe('the matrix', () => {
  it('has windows in the order of the recording, each with its cells by fault', () => {
    const report = {
      recording: ['SELECT', 'POST', 'INSERT'],
      cells: [
        cell('POST', 'INSERT', 'kill'),
        cell('SELECT', 'POST', 'kill'),
        cell('SELECT', 'POST', 'zombie'),
        cell(null, 'SELECT', 'kill'),
      ],
    } as ExploreReport;
    const rows = matrix(report);
    expect(rows.map((row) => [row.after, row.before])).toEqual([
      [null, 'SELECT'],
      ['SELECT', 'POST'],
      ['POST', 'INSERT'],
    ]);
    expect([...(rows[1]?.cells.keys() ?? [])]).toEqual(['kill', 'zombie']);
  });

  it('knows a cell by the command that replays it', () => {
    const replay = 'crashwindow replay 1072/cells/0005';
    expect(cellRun({ replay } as ExploreCell)).toMatch(/1072\/cells\/0005$/);
  });
});

describe('a biography', () => {
  const step = (instance: string, text: string, more: Partial<Step> = {}): Step => ({
    at_ms: 0,
    from: instance,
    to: 'provider',
    text,
    instance,
    kind: 'request',
    strike: false,
    in_window: false,
    ...more,
  });

  it('shades the crash window and the stretch in which an instance is frozen', () => {
    const biography = {
      lanes: ['kafka', 'a', 'provider'],
      effects: ['ch_1', 'ch_2'],
      lines: [
        step('a', 'sent SELECT', { in_window: true }),
        step('a', 'was struck', { in_window: true, strike: true }),
        step('a', 'was frozen', { in_window: true }),
        step('b', 'POST /v1/charges → ch_1'),
        step('a', 'was thawed'),
        step('a', 'POST /v1/charges → ch_2'),
      ],
    } as Biography;
    const drawn = sequence(biography);
    expect(drawn.window).toEqual({ from: 0, to: 2 });
    expect(drawn.stretches).toEqual([{ lane: 1, from: 2, to: 4, kind: 'frozen' }]);
    expect(drawn.rows.map((row) => row.effect)).toEqual([0, 0, 0, 1, 0, 2]);
  });
});

describe('a comparison', () => {
  const run = (seed: number, payment: string) =>
    ({
      seed,
      counts: { payments: 40 },
      faults: [{ fault: 'kill', payment, window: { at: 'POST', edge: 'after' } }],
    }) as RunReport;

  it('is said to be under one schedule only where it is', () => {
    expect(sameSchedule([run(7, 'msg-0001'), run(7, 'msg-0001')])).toBe(true);
    expect(sameSchedule([run(7, 'msg-0001'), run(8, 'msg-0001')])).toBe(false);
    expect(sameSchedule([run(7, 'msg-0001'), run(7, 'msg-0002')])).toBe(false);
  });
});

describe('words', () => {
  it('are short for a statement and for a window', () => {
    expect(shortSignature('SELECT 1 FROM processed WHERE msg_id = ?')).toBe('SELECT processed');
    expect(shortSignature('INSERT INTO processed (id) VALUES (?)')).toBe('INSERT processed');
    expect(shortSignature('kafka OffsetCommit')).toBe('OffsetCommit');
    expect(windowWords('COMMIT', null)).toBe('after COMMIT');
  });

  it('say how often', () => {
    expect(stateWords('duplicated', 'charged', 2)).toBe('charged twice');
    expect(stateWords('duplicated', 'charged', 3)).toBe('charged 3 times');
  });
});
