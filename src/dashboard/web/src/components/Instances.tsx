import { heldWord } from '../lib/code';
import { shortSignature } from '../lib/words';
import type { InstanceView } from '../live/state';

function about(instance: InstanceView): string {
  const { struck } = instance;
  if (struck !== null) return `${struck.payment}, at ${shortSignature(struck.at)}`;
  if (instance.payment === null) return '';
  const at = instance.event === null ? '' : `, ${shortSignature(instance.event)}`;
  return `${instance.payment}${at}`;
}

/** What each instance is about. */
export function Instances({ instances }: { instances: Iterable<InstanceView> }) {
  return (
    <ul class="instances" aria-label="Instances">
      {[...instances]
        .sort((a, b) => a.name.localeCompare(b.name))
        .map((instance) => {
          const held = heldWord(instance);
          const evicted = held !== null && instance.state === 'evicted' ? ', evicted' : '';
          return (
            <li key={instance.name} class={held === null ? '' : 'held'}>
              <span class={`who who-${instance.name}`}>{instance.name}</span>
              <strong>{held === null ? instance.state : `${held}${evicted}`}</strong>
              <span class="soft">{about(instance)}</span>
            </li>
          );
        })}
    </ul>
  );
}
