import { expect, test } from '@playwright/test';
import { figure, numberOf, open } from './lab';

interface Tasks {
  /** Milliseconds of each task of 50 ms or longer, as the browser counts them. */
  long: number[];
  /** Milliseconds between two frames that followed each other. */
  gaps: number[];
}

declare global {
  interface Window {
    tasks: Tasks;
  }
}

/** How long a task is that must be seen. */
const PLANTED_MS = 100;

/** The bench's side of this: benches/bench/measure/page.rs. */
const { FEED = '', JOB = '', PAYMENTS = '' } = process.env;

// A measurement, which the bench prints; only that it has measured is asserted.
test('the page of a run while many events a second are told', async ({ page }) => {
  await page.addInitScript(() => {
    window.tasks = { long: [], gaps: [] };
    new PerformanceObserver((list) => {
      window.tasks.long.push(...list.getEntries().map((entry) => entry.duration));
    }).observe({ type: 'longtask' });
  });
  await page.route('**/api/jobs/*/events', (route) => route.continue({ url: FEED }));
  await open(page, `/labs/01?step=run&left=fixed&right=broken&job=${JOB}`);
  const once = figure(page, '.column[data-consumer="fixed"]', 'once');
  await expect(once).toHaveText('0');
  // None is only as good as that one would be seen.
  await page.evaluate((ms) => {
    // A task of the page's own; one that is evaluated from outside may not count.
    setTimeout(() => {
      const until = performance.now() + ms;
      while (performance.now() < until);
    });
  }, PLANTED_MS);
  const longest = () => page.evaluate(() => Math.max(0, ...window.tasks.long));
  await expect.poll(longest).toBeGreaterThanOrEqual(PLANTED_MS);
  await page.evaluate(() => {
    // What it took to open the page is another measurement.
    window.tasks.long = [];
    let last = performance.now();
    const frame = (now: number) => {
      window.tasks.gaps.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  console.log('\nready');
  const shown = async () => numberOf(await once.innerText());
  await expect.poll(shown, { timeout: 120_000, intervals: [500] }).toBe(Number(PAYMENTS));
  const tasks = await page.evaluate(() => window.tasks);
  expect(tasks.gaps.length).toBeGreaterThan(0);
  console.log(`\nmeasured ${JSON.stringify(tasks)}`);
});
