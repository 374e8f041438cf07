import type { Outcome } from '../lib/types';
import { count, stateWords } from '../lib/words';
import type { GridState } from '../live/grid';
import { Big } from './bits';

/** A run in numbers. What is delivered, and has no effect yet, is on its way. */
export function Counters({ grid, done }: { grid: GridState; done: string }) {
  const { counts } = grid;
  const gone =
    counts.once + counts.duplicated + counts.half_done + counts.parked + counts.unfinished;
  // What is parked is where an operator finds it: no promise is broken by it.
  const others: [Outcome, boolean][] = [
    ['lost', true],
    ['half_done', true],
    ['parked', false],
    ['unfinished', true],
  ];
  return (
    <dl class="counters">
      <Big
        lead
        id="duplicated"
        wrong={counts.duplicated > 0}
        value={count(counts.duplicated)}
        label={stateWords('duplicated', done)}
      />
      <Big id="once" value={count(counts.once)} label={stateWords('once', done)} />
      {others.map(([id, wrong]) => {
        const n = counts[id];
        return id === 'lost' || n > 0 ? (
          <Big
            key={id}
            id={id}
            value={count(n)}
            wrong={wrong && n > 0}
            label={stateWords(id, done)}
          />
        ) : null;
      })}
      <Big
        id="redelivered"
        value={count(counts.redelivered)}
        label={grid.reported ? 'struck and redelivered' : 'redelivered'}
      />
      <Big id="delivered" value={count(counts.delivered + gone)} label="delivered" />
      <Big id="produced" value={count(counts.produced)} label="produced" />
    </dl>
  );
}
