import {
  type ExploreCell,
  PAYMENT_STATES,
  type PaymentState,
  type Verdict,
  type Window,
} from './types';

const number = new Intl.NumberFormat('en-GB');

export function count(n: number): string {
  return number.format(n);
}

/** `3 payments`, `1 payment`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

export function percent(share: number, digits = 2): string {
  return `${(share * 100).toFixed(digits)} %`;
}

export function ms(value: number): string {
  return value < 10_000 ? `${count(Math.round(value))} ms` : `${(value / 1000).toFixed(1)} s`;
}

export function seconds(value: number): string {
  return value < 10 ? `${value.toFixed(1)} s` : `${Math.round(value)} s`;
}

export function times(n: number): string {
  return ['never', 'once', 'twice'][n] ?? `${n} times`;
}

export function paymentName(index: number): string {
  return `msg-${String(index).padStart(4, '0')}`;
}

export function paymentIndex(name: string): number {
  return Number(name.replace('msg-', ''));
}

/** What a payment's state is called, where an effect is called `done` (`charged`). */
export function stateWords(state: PaymentState, done: string, effects = 2): string {
  return PAYMENT_STATES[state]
    .replace('{times}', times(Math.max(effects, 2)))
    .replace('{done}', () => done);
}

export const VERDICT_MEANS: Record<Verdict, string> = {
  held: 'the promise was kept',
  violated: 'the promise was broken',
  unknown: 'nothing can be said',
};

/** `POST /v1/charges`, `SELECT processed`: the few words that a window is known by. */
export function shortSignature(signature: string): string {
  const words = signature.split(/\s+/);
  const table = (after: string) => {
    const at = words.findIndex((word) => word.toUpperCase() === after);
    return at < 0 ? '' : ` ${(words[at + 1] ?? '').replace(/[(;].*$/, '')}`;
  };
  switch (words[0]?.toUpperCase()) {
    case 'SELECT':
    case 'DELETE':
      return `${words[0]}${table('FROM')}`;
    case 'INSERT':
      return `INSERT${table('INTO')}`;
    case 'UPDATE':
      return `UPDATE ${words[1] ?? ''}${words[3] === undefined ? '' : ` ${words[3]}`}`.trim();
    case 'KAFKA':
      return words.slice(1).join(' ');
    default:
      return words.slice(0, 2).join(' ');
  }
}

const ORDINAL = new Intl.PluralRules('en-GB', { type: 'ordinal' });
const ENDINGS: Record<string, string> = { one: 'st', two: 'nd', few: 'rd' };

/** `2nd `, and nothing for the first. */
export function nth(n: number): string {
  return n <= 1 ? '' : `${n}${ENDINGS[ORDINAL.select(n)] ?? 'th'} `;
}

/**
 * The edges of a window: `after`, `2nd INSERT processed`. The occurrence counts the event at which
 * it begins, or ends where it has no beginning.
 */
export function windowEdges(window: Window): { side: 'after' | 'before'; event: string }[] {
  const { after, before, occurrence } = window;
  const edges: { side: 'after' | 'before'; event: string }[] = [];
  if (after !== null) edges.push({ side: 'after', event: nth(occurrence) + shortSignature(after) });
  if (before !== null) {
    const which = after === null ? nth(occurrence) : '';
    edges.push({ side: 'before', event: which + shortSignature(before) });
  }
  return edges;
}

/** `after SELECT processed, before POST /v1/charges`. */
export function windowWords(window: Window): string {
  const edges = windowEdges(window).map(({ side, event }) => `${side} ${event}`);
  return edges.length === 0 ? 'in no window' : edges.join(', ');
}

/** The payments that a cell is told of: `msg-0002 and 2 others`. */
export function hitWords(cell: ExploreCell): string {
  const others = Math.max(0, (cell.hit ?? 0) - 1);
  return others === 0 ? cell.payment : `${cell.payment} and ${counted(others, 'other')}`;
}

/** What it means that something is attributed to no payment, as the terminal has it. */
export const NOBODYS =
  'Each changes something while payments are in hand, and carries no mark of one: no payment’s id, ' +
  'no order’s, no record’s coordinates. So none was a window and none was struck: what a crash ' +
  'beside it does is not known. Let each carry the id of what it is about, in a column, a key or a ' +
  'header. What a timer does is known to be nobody’s if it is also done in the second before the ' +
  'first payment.';

/** When a run began, as a person says it. */
export function when(unixSeconds: number, now = Date.now()): string {
  const ago = Math.max(0, now / 1000 - unixSeconds);
  if (ago < 60) return 'just now';
  if (ago < 3_600) return `${Math.floor(ago / 60)} min ago`;
  const then = new Date(unixSeconds * 1000);
  const time = then.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const sameDay = new Date(now).toDateString() === then.toDateString();
  return sameDay
    ? time
    : `${then.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })}, ${time}`;
}
