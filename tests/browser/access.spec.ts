import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { ask, open } from './lab';

const PAGES = [
  '/',
  '/labs/01?step=predict',
  '/labs/01?step=run',
  '/labs/01?step=explain',
  '/labs/04?step=run',
  '/explore',
  '/storm',
  '/drill',
  '/runs',
];

interface RunLine {
  run: string;
  kind: string;
  verdict: string | null;
}

// What is no colour is the same in the dark.
for (const [colorScheme, rules] of [
  ['light', undefined],
  ['dark', ['color-contrast']],
] as const) {
  test(`axe finds nothing on any page, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await open(page);
    const runs = await ask<RunLine[]>(page, '/api/runs');
    const kept = ['run', 'explore', 'storm'].flatMap((kind) => {
      const newest = runs.find((run) => run.kind === kind && run.verdict !== null);
      return newest === undefined ? [] : [`/runs/${newest.run}`];
    });
    for (const path of [...PAGES, ...kept]) {
      await page.goto(path);
      await expect(page.locator('h1')).toBeVisible();
      await expect(page.locator('.loading')).toHaveCount(0);
      const axe = new AxeBuilder({ page });
      if (rules !== undefined) axe.withRules([...rules]);
      const { violations } = await axe.analyze();
      const told = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join('\n')}`);
      expect.soft(told, path).toEqual([]);
    }
  });
}

test('axe finds a picture without words', async ({ page }) => {
  await open(page);
  await page.evaluate(() => document.querySelector('main')?.append(new Image(20, 20)));
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((v) => v.id)).toContain('image-alt');
});
