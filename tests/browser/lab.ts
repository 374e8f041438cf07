import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';

/** The URL that `crashwindow serve` printed, with its token. */
export const dashboard = process.env.DASHBOARD ?? 'http://DASHBOARD-is-not-set/';

/** How long a job may take. */
export const JOB = { timeout: 240_000 };

interface Saved {
  run: string;
  run_dir: string;
  consumer: string;
  verdict: string;
}

/** A page with the token, at a place. */
export async function open(page: Page, path = '/'): Promise<void> {
  await page.goto(dashboard);
  if (path !== '/') await page.goto(path);
  await expect(page.locator('h1')).toBeVisible();
}

/** What the server answers, without the page. */
export async function ask<T>(page: Page, path: string): Promise<T> {
  const response = await page.request.get(path);
  expect(response.status(), path).toBe(200);
  return (await response.json()) as T;
}

/** A file of a run's folder. */
export function fileOf<T>(report: Saved, name: string): T {
  return JSON.parse(readFileSync(join(report.run_dir, name), 'utf8')) as T;
}

export async function reportOf<T extends Saved>(page: Page, run: string): Promise<T> {
  return ask<T>(page, `/api/runs/${run}`);
}

interface History {
  produced: { payment: string }[];
  effects: { charge: string; payment: string | null }[];
}

export interface Ledger {
  payments: number;
  once: string[];
  more: string[];
  never: string[];
  charges: Map<string, string[]>;
}

/** What the ledger of a run says of every payment that the journal has: counted here, by nobody else. */
export function ledgerOf(report: Saved): Ledger {
  const { produced, effects } = fileOf<History>(report, 'history.json');
  const charges = new Map(produced.map(({ payment }) => [payment, [] as string[]]));
  for (const { payment, charge } of effects) charges.get(payment ?? '')?.push(charge);
  const counted = [...charges];
  const named = (holds: (n: number) => boolean) =>
    counted.filter(([, ids]) => holds(ids.length)).map(([payment]) => payment);
  return {
    payments: charges.size,
    once: named((n) => n === 1),
    more: named((n) => n > 1),
    never: named((n) => n === 0),
    charges,
  };
}

/** The number beside a label, as somebody reads it. */
export function figure(page: Page, within: string, name: string) {
  return page.locator(`${within} [data-figure="${name}"] dd`);
}

/** `2,000` as a number. */
export function numberOf(text: string): number {
  return Number(text.replaceAll(',', ''));
}

/** A parameter of the page's address. */
export function param(page: Page, name: string): string {
  return new URL(page.url()).searchParams.get(name) ?? '';
}

/** Waits for the job to end, and returns the runs that the page then has in its address. */
export async function runsAtTheEnd(page: Page, name: 'runs' | 'run', n: number): Promise<string[]> {
  await expect
    .poll(
      () =>
        param(page, name)
          .split(',')
          .filter((run) => run !== '').length,
      JOB,
    )
    .toBe(n);
  return param(page, name).split(',');
}

/**
 * Goes back from a biography to the page. The dialog is hidden before its end has reached the page's
 * address, and a reload between the two finds it open.
 */
export async function closeBiography(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect.poll(() => param(page, 'payment')).toBe('');
}

/**
 * Lets the page be drawn no more once it shows this, however short that is, until it is let go; to be
 * called before the page is opened.
 */
export async function stillAt(page: Page, selector: string): Promise<() => Promise<void>> {
  await page.addInitScript((what) => {
    const draw = window.requestAnimationFrame.bind(window);
    const kept: FrameRequestCallback[] = [];
    let state: 'before' | 'still' | 'over' = 'before';
    window.requestAnimationFrame = (frame) => {
      if (state !== 'still') return draw(frame);
      return kept.push(frame);
    };
    new MutationObserver(() => {
      if (state === 'before' && document.querySelector(what) !== null) state = 'still';
    }).observe(document, { subtree: true, childList: true, attributes: true });
    window.letGo = () => {
      state = 'over';
      for (const frame of kept.splice(0)) draw(frame);
    };
  }, selector);
  return () => page.evaluate(() => window.letGo());
}

declare global {
  interface Window {
    letGo: () => void;
  }
}
