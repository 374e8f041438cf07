import type { ExploreCell, LogFinding } from './types';
import { counted } from './words';

const HEADS: Record<LogFinding['finding'], string> = {
  committed_ahead: 'committed ahead of work',
  redelivered_after_commit: 'redelivered after the commit',
  out_of_order: 'order broken within a key',
};

function evidence(f: LogFinding): string {
  switch (f.finding) {
    case 'committed_ahead': {
      const done =
        f.done_ms === null
          ? 'nothing was done for it afterwards'
          : `that was done ${(f.done_ms - f.committed_ms).toFixed(1)} ms later`;
      return (
        `${f.by} committed offset ${f.position} of partition ${f.partition}, past ${f.payment} at ` +
        `${f.offset}, when nothing was seen to be done for it; ${done}`
      );
    }
    case 'redelivered_after_commit':
      return (
        `${f.to} was given ${f.payment}, at ${f.offset} of partition ${f.partition}, ` +
        `${(f.delivered_ms - f.committed_ms).toFixed(1)} ms after ${f.committed_by} had committed ` +
        `offset ${f.position}; the payment had been done`
      );
    case 'out_of_order':
      return (
        `${f.second} was done before ${f.first} was begun, which has the same key, ${f.key}, and ` +
        `stands before it in partition ${f.partition}`
      );
  }
}

/** What was seen of the log in a cell, a line for each kind of finding, as the terminal has it. */
export function logWords(cell: ExploreCell): string[] {
  const log = cell.log ?? [];
  const isFirst = (f: LogFinding, at: number) =>
    log.findIndex((other) => other.finding === f.finding) === at;
  return log.filter(isFirst).map((first) => {
    const others = log.filter((f) => f.finding === first.finding).length - 1;
    const so = others === 0 ? '' : `; so it was with ${counted(others, 'other payment')}`;
    return `${HEADS[first.finding]}: ${evidence(first)}${so}`;
  });
}
