import { useEffect, useState } from 'preact/hooks';
import { api } from '../lib/api';
import { EVENT_NAMES, type Job } from '../lib/types';
import { apply, emptyJob, type JobView } from './state';

/** `gone`: the server knows no such job, as after a restart. */
export type Connection = 'opening' | 'live' | 'reconnecting' | 'over' | 'gone';

/** Tells the frame of the page that a job has begun or ended, so that it need not wait to ask. */
export const JOBS = 'crashwindow-jobs';

/** A job and its events, from the first one that the server still has. */
export class Feed {
  readonly id: string;
  readonly view: JobView = emptyJob();
  job: Job | null = null;
  connection: Connection = 'opening';

  #source: EventSource | null = null;
  #frame = 0;
  #closed = false;
  readonly #changed: () => void;

  constructor(id: string, changed: () => void) {
    this.id = id;
    this.#changed = changed;
  }

  async open(): Promise<void> {
    try {
      this.job = await api.job(this.id);
    } catch {
      this.#is('gone');
      return;
    }
    if (this.#closed) return;
    dispatchEvent(new Event(JOBS));
    // The browser sends Last-Event-ID by itself when it connects again.
    const source = new EventSource(`/api/jobs/${encodeURIComponent(this.id)}/events`);
    this.#source = source;
    source.addEventListener('open', () => this.#is('live'));
    source.addEventListener('error', () => {
      this.#is(source.readyState === EventSource.CLOSED ? 'gone' : 'reconnecting');
    });
    for (const name of EVENT_NAMES) {
      source.addEventListener(name, (event) => {
        apply(this.view, name, JSON.parse(event.data));
        if (name === 'done') {
          source.close();
          this.connection = 'over';
          dispatchEvent(new Event(JOBS));
        }
        this.#soon();
      });
    }
  }

  close(): void {
    this.#closed = true;
    this.#source?.close();
    cancelAnimationFrame(this.#frame);
  }

  #is(connection: Connection): void {
    this.connection = connection;
    this.#soon();
  }

  /** However many events come, the page is drawn once a frame, and not at all while it is hidden. */
  #soon(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#changed();
    });
  }
}

/** The feed of a job; the component is drawn anew once a frame while something changes. */
export function useFeed(job: string | undefined): Feed | null {
  const [held, hold] = useState<{ feed: Feed; turn: number } | null>(null);
  useEffect(() => {
    if (job === undefined) {
      hold(null);
      return;
    }
    const feed = new Feed(job, () => hold((old) => ({ feed, turn: (old?.turn ?? 0) + 1 })));
    hold({ feed, turn: 0 });
    void feed.open();
    return () => feed.close();
  }, [job]);
  return held !== null && held.feed.id === job ? held.feed : null;
}

/** Whether the job still goes on, as far as is known. */
export function isOn(feed: Feed | null): boolean {
  if (feed === null || feed.connection === 'gone') return false;
  return feed.view.done === null;
}
