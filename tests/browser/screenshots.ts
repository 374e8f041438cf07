import { expect, type Page, test } from '@playwright/test';
import { closeBiography, JOB, open, runsAtTheEnd, stillAt } from './lab';

const FOLDER = '../../docs/screenshots';

/** The page as it is, in both colours. */
async function take(page: Page, name: string, whole = false): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const path = `${FOLDER}/${name}-${colorScheme}.png`;
    await page.screenshot({ path, fullPage: whole, animations: 'disabled' });
  }
}

test.describe.configure({ mode: 'serial' });

test('lab, run and biography', async ({ page }) => {
  const letGo = await stillAt(page, '.code-line.held');
  await open(page, '/labs/01?step=predict');
  const questions = page.locator('fieldset.question');
  await expect(questions.first()).toBeVisible();
  await take(page, 'predict');
  for (let i = 0; i < (await questions.count()); i++) {
    await questions.nth(i).getByRole('radio').first().check();
  }
  await page.getByRole('link', { name: 'Run it' }).click();
  await page.getByRole('button', { name: /^Run (both|all)/ }).click();
  // One instance is frozen at a line of the code.
  await expect(page.locator('.code-line.held').first()).toBeVisible(JOB);
  await take(page, 'run-live', true);
  await letGo();
  await runsAtTheEnd(page, 'runs', 2);
  await expect(page.locator('.before-after thead th')).toHaveCount(2);
  await take(page, 'lab', true);
  await page.locator('.exceptions button').first().click();
  await expect(page.getByRole('dialog').locator('svg')).toBeVisible();
  await take(page, 'biography');
  await closeBiography(page);
  await page.locator('.steps').getByRole('link', { name: 'Explain' }).click();
  await expect(page.locator('.explained').first()).toBeVisible();
  await take(page, 'explain', true);
});

test('exploration', async ({ page }) => {
  await open(page, '/explore?lab=01&consumer=broken');
  await page.getByRole('button', { name: 'Explore broken' }).click();
  await runsAtTheEnd(page, 'run', 1);
  await page.locator('.cell.violated').first().click();
  await take(page, 'explore', true);
});

test('storm', async ({ page }) => {
  await open(page, '/storm?scenario=rebalances&seconds=60&seed=7');
  await page.getByRole('button', { name: 'Start the storm' }).click();
  await expect(page.locator('.weather.incident')).toBeVisible(JOB);
  await expect(page.locator('.mark-strip .mark').nth(6)).toBeVisible(JOB);
  await take(page, 'storm-live', true);
  await runsAtTheEnd(page, 'run', 1);
  await expect(page.locator('.verdict.large')).toBeVisible();
  await take(page, 'storm', true);
});

test('drill', async ({ page }) => {
  await open(page, '/drill?seconds=30');
  await page.getByRole('button', { name: 'Page me' }).click();
  await expect(page.locator('.diagnose')).toBeVisible(JOB);
  await take(page, 'drill', true);
  await page.locator('.diagnose input[value="rebalances"]').check();
  await page.locator('.diagnose input[value="find-what-moves"]').check();
  await page.getByRole('button', { name: /tell me/ }).click();
  await expect(page.locator('.revealed')).toBeVisible();
  await take(page, 'drill-revealed', true);
});

test('what is there when work is done', async ({ page }) => {
  await open(page);
  await expect(page.locator('table.runs tbody tr').first()).toBeVisible();
  await expect(page.getByText('stack up')).toBeVisible();
  await take(page, 'home');
  await page.goto('/runs');
  await expect(page.locator('table.runs tbody tr').first()).toBeVisible();
  const boxes = page.getByRole('checkbox');
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await expect(page.locator('.before-after')).toBeVisible();
  await take(page, 'runs');
});
