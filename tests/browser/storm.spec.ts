import { expect, type Page, test } from '@playwright/test';
import { figure, fileOf, JOB, numberOf, open, reportOf, runsAtTheEnd } from './lab';

interface Mark {
  blow: string;
  instance: string | null;
  problem: string | null;
}

interface Storm {
  run: string;
  run_dir: string;
  consumer: string;
  verdict: string;
  cause: string;
  seed: number;
  counts: Record<'payments' | 'paid' | 'effects' | 'redelivered' | 'planned' | 'fired', number>;
  marks: Mark[];
  owners: { at_ms: number; generation: number | null }[];
}

/** Presses a button until what it asks for was done: one may meet its victim at a bad moment. */
async function press(page: Page, name: string): Promise<void> {
  const marks = page.locator('.marks li');
  await expect(async () => {
    const before = await marks.count();
    await page.getByRole('button', { name, exact: true }).click();
    await expect.poll(() => marks.count(), { timeout: 15_000 }).toBeGreaterThan(before);
    await expect(page.locator('.asked')).not.toContainText('failed', { timeout: 1 });
  }).toPass({ timeout: 60_000 });
}

/** The numbers of a judged storm, as the run folder has them. */
async function showsWhatTheFolderSays(page: Page, saved: Storm): Promise<void> {
  const { counts } = saved;
  const shown = async (name: string) => numberOf(await figure(page, 'main', name).innerText());
  expect(await shown('again')).toBe(counts.effects - counts.paid);
  expect(await shown('payments')).toBe(counts.payments);
  expect(await shown('paid')).toBe(counts.paid);
  expect(await shown('unpaid')).toBe(counts.payments - counts.paid);
  expect(await shown('redelivered')).toBe(counts.redelivered);
  await expect(figure(page, 'main', 'fired')).toHaveText(`${counts.fired} of ${counts.planned}`);
  await expect(page.locator('.marks li')).toHaveCount(saved.marks.length);
}

test('a storm with each button', async ({ page }) => {
  await open(page, '/storm?scenario=free&seconds=60');
  await page.getByRole('button', { name: 'Start the storm' }).click();
  await expect(page.locator('.hands')).toBeVisible(JOB);
  const buttons = [
    ['Pause b', 'freeze', 'b'],
    ['Resume b', 'thaw', 'b'],
    ['Evict c', 'evict', 'c'],
    ['Kill a', 'kill', 'a'],
    ['Cut the broker', 'broker-outage', null],
    ['Heal both', 'heal', null],
    ['Cut the database', 'database-outage', null],
    ['Heal both', 'heal', null],
    ['Add an instance', 'join', null],
  ] as const;
  for (const [name] of buttons) await press(page, name);

  // A reload in the middle loses nothing of what was done.
  await page.reload();
  await expect(page.locator('.hands')).toBeVisible();
  await expect.poll(() => page.locator('.marks li').count()).toBeGreaterThanOrEqual(buttons.length);

  const [run = ''] = await runsAtTheEnd(page, 'run', 1);
  const report = await reportOf<Storm>(page, run);
  const saved = fileOf<Storm>(report, 'report.json');
  for (const [name, blow, instance] of buttons) {
    const was = saved.marks.some(
      (mark) =>
        mark.blow === blow &&
        mark.problem === null &&
        (instance === null || mark.instance === instance),
    );
    expect(was, `${name} is a mark of the report`).toBe(true);
  }
  await expect(page.locator('.verdict.large')).toContainText(saved.verdict);
  await showsWhatTheFolderSays(page, saved);
  // Who owned what is drawn of the folder: also where nobody watched.
  await page.goto(`/storm?run=${run}`);
  await expect(page.locator('.owners .owned').first()).toBeVisible();
  const generations = saved.owners.map((owners) => owners.generation ?? 0);
  expect(Math.max(...generations)).toBeGreaterThan(generations[0] ?? 0);
  const numbers = await page.locator('.generation-number').allTextContents();
  expect(numbers.length).toBeGreaterThan(0);
  for (const number of numbers) expect(generations).toContain(Number(number));
});

test('a drill: metrics and logs, a diagnosis, the truth', async ({ page }) => {
  await open(page, '/drill?seconds=18');
  await page.getByRole('button', { name: 'Page me' }).click();
  await expect(page.locator('.uplot').first()).toBeVisible(JOB);
  // Nothing tells what was done.
  await expect(page.locator('.marks')).toHaveCount(0);
  await expect(page.locator('.hands')).toHaveCount(0);
  await expect(page.locator('.mark-strip .mark')).toHaveCount(0);

  await expect(page.locator('.diagnose')).toBeVisible(JOB);
  await expect(page.locator('.logs.digest')).not.toBeEmpty();
  await page.locator('.diagnose input[value="release"]').check();
  await page.locator('.diagnose input[value="roll-back"]').check();
  await page.getByRole('button', { name: /tell me/ }).click();
  const [run = ''] = await runsAtTheEnd(page, 'run', 1);
  const saved = fileOf<Storm>(await reportOf<Storm>(page, run), 'report.json');
  const right = saved.cause === 'release';
  await expect(page.locator('.revealed h2')).toContainText(right ? 'Right.' : 'Not that.');
  await expect(page.locator('.revealed')).toContainText(`a ${saved.cause} incident`);
  await expect(page.locator('.revealed li').first()).toBeVisible();
  await showsWhatTheFolderSays(page, saved);
});
