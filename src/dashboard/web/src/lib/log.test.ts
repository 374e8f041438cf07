import { describe, expect, it } from 'vitest';
import { logWords } from './log';
import type { ExploreCell, LogFinding } from './types';

function ahead(payment: string, done_ms: number | null): LogFinding {
  return {
    finding: 'committed_ahead',
    payment,
    partition: 1,
    offset: 2,
    by: 'a#1',
    position: 3,
    committed_ms: 100,
    done_ms,
  };
}

describe('what was seen of the log', () => {
  it('is a line for each kind, with the evidence of the first', () => {
    const log: LogFinding[] = [
      ahead('msg-0003', 112.5),
      {
        finding: 'redelivered_after_commit',
        payment: 'msg-0005',
        partition: 0,
        offset: 6,
        to: 'b#1',
        delivered_ms: 30,
        committed_by: 'a#1',
        position: 9,
        committed_ms: 20,
      },
      ahead('msg-0004', null),
    ];
    expect(logWords({ log } as ExploreCell)).toEqual([
      'committed ahead of work: a#1 committed offset 3 of partition 1, past msg-0003 at 2, when ' +
        'nothing was seen to be done for it; that was done 12.5 ms later; so it was with 1 other ' +
        'payment',
      'redelivered after the commit: b#1 was given msg-0005, at 6 of partition 0, 10.0 ms after ' +
        'a#1 had committed offset 9; the payment had been done',
    ]);
  });

  it('is nothing in a report of a version that knew none', () => {
    expect(logWords({} as ExploreCell)).toEqual([]);
  });
});
