import { expect, test } from '@playwright/test';
import { ask, closeBiography, figure, fileOf, JOB, open, param, reportOf, runsAtTheEnd } from './lab';

interface Exploration {
  run: string;
  run_dir: string;
  consumer: string;
  verdict: string;
  headline: string;
  cells: { cell: number; verdict: string; fault: string; payment: string; replay: string }[];
  merged: { cell: number }[];
}

test('an exploration: the matrix is the report, a cell is drawn and run again', async ({
  page,
}) => {
  await open(page, '/explore');
  await page.getByLabel('Lab').selectOption('01');
  await page.getByLabel('Consumer').selectOption('broken');
  await page.getByRole('button', { name: 'Explore broken' }).click();
  const [run = ''] = await runsAtTheEnd(page, 'run', 1);

  const report = fileOf<Exploration>(await reportOf<Exploration>(page, run), 'explore.json');
  const violated = report.cells.filter((cell) => cell.verdict === 'violated');
  expect(violated.length).toBeGreaterThan(0);
  await expect(page.locator('h1')).toContainText(report.headline);
  await expect(page.locator('.matrix .cell')).toHaveCount(report.cells.length);
  await expect(page.locator('.matrix .cell.violated')).toHaveCount(violated.length);
  await expect(page.locator('.matrix .same')).toHaveCount(report.merged.length);
  await expect(figure(page, 'main', 'broken')).toHaveText(String(violated.length));

  // A window that needs no run of its own leads to the cell that stands for it.
  const same = report.merged[0];
  if (same === undefined) throw new Error('a SELECT changes nothing');
  await page.locator(`[data-same="${same.cell}"]`).click();
  await expect(page.locator(`[data-cell="${same.cell}"]`)).toHaveAttribute('aria-pressed', 'true');

  const cell = violated[0];
  if (cell === undefined) throw new Error('no cell');
  await page.locator(`[data-cell="${cell.cell}"]`).click();
  await page.getByRole('button', { name: `Biography of ${cell.payment}` }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.locator('svg')).toBeVisible();
  const at = cell.replay.replace(/^.*runs\//, '');
  const life = await ask<{ effects: string[] }>(
    page,
    `/api/runs/${encodeURIComponent(at)}/payments/${cell.payment}`,
  );
  expect(life.effects.length).not.toBe(1);
  for (const charge of life.effects) await expect(dialog.locator('.effects')).toContainText(charge);
  await closeBiography(page);

  // A reload finds the cell open.
  await page.reload();
  await expect(page.locator(`[data-cell="${cell.cell}"]`)).toHaveAttribute('aria-pressed', 'true');
  expect(param(page, 'run')).toBe(run);

  await page.getByRole('button', { name: 'Replay this cell' }).click();
  await page.waitForURL(/\/runs\/\d+$/, JOB);
  const again = await reportOf<Exploration>(page, page.url().split('/').at(-1) ?? '');
  await expect(page.locator('.run-verdict .verdict')).toContainText(again.verdict);
  expect(again.verdict).toBe('violated');
});
