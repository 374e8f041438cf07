import { describe, expect, it } from 'vitest';
import { sameSchedule } from '../components/BeforeAfter';
import { cellRun, matrix, sameAs, wasRun } from './matrix';
import { sequence } from './sequence';
import type {
  Biography,
  ExploreCell,
  ExploreReport,
  Fault,
  Mark,
  RunReport,
  Step,
  Window,
} from './types';
import { hitWords, nth, shortSignature, stateWords, windowWords } from './words';

const EVENTS = ['SELECT 1 FROM t', 'POST /v1/charges', 'INSERT INTO t', 'INSERT INTO t', 'COMMIT'];

/** The window after the event with this number. */
function windowAfter(number: number): Window {
  const event = EVENTS[number - 1] ?? null;
  return {
    after: event,
    before: EVENTS[number] ?? null,
    occurrence: EVENTS.slice(0, number).filter((other) => other === event).length,
    after_event: number,
    before_event: number < EVENTS.length ? number + 1 : null,
  };
}

function cell(number: number, window: Window, fault: Fault = 'kill'): ExploreCell {
  const replay = `crashwindow replay runs/0007/cells/000${number}`;
  return { cell: number, window, fault, payment: 'msg-0002', replay } as ExploreCell;
}

function report(cells: ExploreCell[], merged: ExploreReport['merged'] = []): ExploreReport {
  return { recording: EVENTS, cells, merged } as ExploreReport;
}

describe('the matrix', () => {
  it('has windows in the order of the recording, each with its cells by fault', () => {
    const first: Window = {
      after: null,
      before: EVENTS[0] ?? null,
      occurrence: 1,
      after_event: null,
      before_event: 1,
    };
    const cells = [
      cell(1, windowAfter(5)),
      cell(2, windowAfter(4)),
      cell(3, windowAfter(3)),
      cell(4, windowAfter(1)),
      cell(5, windowAfter(1), 'zombie'),
      cell(6, first, 'unavailable'),
    ];
    const rows = matrix(report(cells));
    expect(rows.map((row) => row.number)).toEqual([0, 1, 3, 4, 5]);
    expect([...(rows[1]?.squares.keys() ?? [])]).toEqual(['kill', 'zombie']);
  });

  it('tells two events alike from each other', () => {
    const rows = matrix(report([cell(1, windowAfter(4)), cell(2, windowAfter(3))]));
    expect(rows.map((row) => windowWords(row.window))).toEqual([
      'after INSERT t, before INSERT t',
      'after 2nd INSERT t, before COMMIT',
    ]);
    expect([1, 2, 3, 11, 21].map(nth)).toEqual(['', '2nd ', '3rd ', '11th ', '21st ']);
  });

  it('shows a window that needs no run with the cell that stands for it', () => {
    const merged = [{ window: windowAfter(2), fault: 'kill' as Fault, cell: 1 }];
    const rows = matrix(report([cell(1, windowAfter(1)), cell(2, windowAfter(3))], merged));
    const square = rows[1]?.squares.get('kill');
    expect(rows.map((row) => row.number)).toEqual([1, 2, 3]);
    expect(square?.same).toBe(true);
    expect(square === undefined ? '' : sameAs(square.cell)).toBe('=1');
  });

  it('keeps the order of the cells where no positions are told', () => {
    const old = ({ after, before, occurrence }: Window): Window => ({ after, before, occurrence });
    const cells = [
      cell(1, old(windowAfter(3))),
      cell(2, old(windowAfter(1))),
      cell(3, old(windowAfter(3)), 'zombie'),
    ];
    const rows = matrix(report(cells));
    expect(rows.map((row) => row.window.after)).toEqual([EVENTS[2], EVENTS[0]]);
    expect(rows.map((row) => row.number)).toEqual([null, null]);
  });

  it('says how many payments were hit, and which', () => {
    const hit = (n: number | undefined) => hitWords({ payment: 'msg-0002', hit: n } as ExploreCell);
    expect([undefined, 0, 1].map(hit)).toEqual(['msg-0002', 'msg-0002', 'msg-0002']);
    expect(hit(2)).toBe('msg-0002 and 1 other');
    expect(hit(4)).toBe('msg-0002 and 3 others');
  });

  it('knows a cell of which no run could be made', () => {
    expect(wasRun(cell(1, windowAfter(1)))).toBe(true);
    expect(wasRun({ replay: '' } as ExploreCell)).toBe(false);
  });

  it('knows a cell by the command that replays it', () => {
    const replay = 'crashwindow replay 1072/cells/0005';
    expect(cellRun({ replay } as ExploreCell)).toMatch(/1072\/cells\/0005$/);
  });
});

describe('a biography', () => {
  /** Words decide nothing, so all have the same. */
  const step = (instance: string, more: Partial<Step> = {}): Step => ({
    at_ms: 0,
    from: instance,
    to: 'provider',
    text: 'was frozen by ch_1',
    event: null,
    instance,
    kind: 'request',
    mark: null,
    effect: null,
    in_window: false,
    ...more,
  });

  it('shades the crash window and the stretch in which an instance is frozen', () => {
    const biography = {
      lanes: ['kafka', 'a', 'provider'],
      effects: ['ch_1', 'ch_2'],
      lines: [
        step('a', { in_window: true, event: 'SELECT' }),
        step('a', { in_window: true, kind: 'mark', mark: 'struck' }),
        step('a', { in_window: true, kind: 'mark', mark: 'frozen' }),
        step('b', { kind: 'answer', effect: 'ch_1' }),
        step('a', { kind: 'mark', mark: 'thawed' }),
        step('a', { kind: 'answer', effect: 'ch_2' }),
        step('a', { kind: 'answer', effect: 'ch_12' }),
      ],
    } as Biography;
    const drawn = sequence(biography);
    expect(drawn.window).toEqual({ from: 0, to: 2 });
    expect(drawn.stretches).toEqual([{ lane: 1, from: 2, to: 4, kind: 'frozen' }]);
    expect(drawn.rows.map((row) => row.effect)).toEqual([0, 0, 0, 1, 0, 2, 0]);
    expect(drawn.rows[0]?.text).toBe('SELECT');
  });

  it('shades who is dead, and not who is asked to end', () => {
    const drawn = (mark: Mark) =>
      sequence({
        lanes: ['a'],
        effects: [] as string[],
        lines: [step('a', { kind: 'mark', mark }), step('a')],
      } as Biography).stretches;
    expect(drawn('dead')).toEqual([{ lane: 0, from: 0, to: 1, kind: 'dead' }]);
    expect(drawn('terminated')).toEqual([]);
  });

  it('draws the same whatever the words', () => {
    const words = (text: string) =>
      ({
        lanes: ['a', 'provider'],
        effects: ['ch_1'],
        lines: [
          step('a', { text, event: 'POST /v1/charges' }),
          step('a', { text, kind: 'mark', mark: 'dead', in_window: true }),
          step('a', { text, kind: 'answer', effect: 'ch_1' }),
        ],
      }) as Biography;
    const bare = (text: string) => {
      const { rows, ...drawn } = sequence(words(text));
      return { ...drawn, rows: rows.map(({ from, to, effect }) => ({ from, to, effect })) };
    };
    for (const text of ['', 'was thawed', 'was struck (kill)', 'sent X', 'charged ch_1']) {
      expect(bare(text)).toEqual(bare('z'));
    }
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
    expect(windowWords({ after: 'COMMIT', before: null, occurrence: 1 })).toBe('after COMMIT');
    expect(windowWords({ after: null, before: 'COMMIT', occurrence: 2 })).toBe('before 2nd COMMIT');
    expect(windowWords({ after: null, before: null, occurrence: 1 })).toBe('in no window');
  });

  it('say how often', () => {
    expect(stateWords('duplicated', 'charged', 2)).toBe('charged twice');
    expect(stateWords('duplicated', 'charged', 3)).toBe('charged 3 times');
    expect(stateWords('parked', 'charged')).toBe('parked');
  });
});
