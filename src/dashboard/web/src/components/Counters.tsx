import { count } from '../lib/words';
import type { WallState } from '../live/wall';
import { Big } from './bits';

/** A run in numbers. What is delivered, and has no effect yet, is on its way. */
export function Counters({ wall, done }: { wall: WallState; done: string }) {
  const { counts } = wall;
  const gone = counts.once + counts.duplicated + counts.half_done + counts.unfinished;
  const wrongs: [string, number, string][] = [
    ['lost', counts.lost, 'lost'],
    ['half_done', counts.half_done, 'half-done'],
    ['unfinished', counts.unfinished, 'unfinished'],
  ];
  return (
    <dl class="counters">
      <Big
        lead
        id="duplicated"
        wrong={counts.duplicated > 0}
        value={count(counts.duplicated)}
        label={`${done} twice`}
      />
      <Big id="once" value={count(counts.once)} label={`${done} once`} />
      {wrongs.map(([id, n, label]) =>
        id === 'lost' || n > 0 ? (
          <Big key={id} id={id} value={count(n)} wrong={n > 0} label={label} />
        ) : null,
      )}
      <Big
        id="redelivered"
        value={count(counts.redelivered)}
        label={wall.reported ? 'struck and redelivered' : 'redelivered'}
      />
      <Big id="delivered" value={count(counts.delivered + gone)} label="delivered" />
      <Big id="produced" value={count(counts.produced)} label="produced" />
    </dl>
  );
}
