import type { JobEvents } from './types';

/** A stretch in which a partition had one owner; in seconds. */
export interface Owned {
  partition: number;
  owner: string;
  from: number;
  to: number;
}

type Rebalance = JobEvents['rebalance'];

function ownersAt(rebalance: Rebalance): Map<number, string> {
  const owners = new Map<number, string>();
  for (const [instance, partitions] of Object.entries(rebalance.partitions)) {
    for (const partition of partitions) owners.set(partition, instance);
  }
  return owners;
}

/** Who had which partition, and from when to when; what nobody had is in no stretch. */
export function ownership(rebalances: Rebalance[], end: number): Owned[] {
  const stretches: Owned[] = [];
  const open = new Map<number, Owned>();
  for (const rebalance of rebalances) {
    const at = rebalance.at_ms / 1000;
    const owners = ownersAt(rebalance);
    for (const [partition, stretch] of open) {
      if (owners.get(partition) === stretch.owner) continue;
      stretches.push({ ...stretch, to: at });
      open.delete(partition);
    }
    for (const [partition, owner] of owners) {
      if (!open.has(partition)) open.set(partition, { partition, owner, from: at, to: at });
    }
  }
  for (const stretch of open.values()) stretches.push({ ...stretch, to: end });
  return stretches;
}

/** `a has 4 partitions, b has 12`. */
export function ownersWords(rebalance: Rebalance | undefined): string {
  if (rebalance === undefined) return 'nobody has been asked yet';
  return Object.entries(rebalance.partitions)
    .map(([instance, partitions], i) =>
      i === 0
        ? `${instance} has ${partitions.length} partitions`
        : `${instance} ${partitions.length}`,
    )
    .join(', ');
}

/** Those after which somebody owned something: between them a group decides, and nobody works. */
export function assignments(rebalances: Rebalance[]): Rebalance[] {
  return rebalances.filter(({ partitions }) => Object.values(partitions).some((p) => p.length > 0));
}

/** Every instance by name, in a fixed order: its place gives its colour. */
export function instancesOf(rebalances: Rebalance[], planned: string[]): string[] {
  const names = new Set(planned);
  for (const rebalance of rebalances) {
    for (const name of Object.keys(rebalance.partitions)) names.add(name);
  }
  return [...names];
}
