import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, type Page, test } from '@playwright/test';
import { dashboard, open, param } from './lab';

/** What a first visit may weigh, compressed. */
const MOST_BYTES = 300 * 1024;

/** The weight of everything that a first visit asks for, and where it asked. */
async function firstVisit(page: Page): Promise<{ bytes: number; hosts: Set<string> }> {
  const bodies: Promise<Buffer>[] = [];
  const hosts = new Set<string>();
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  page.on('response', (response) => bodies.push(response.body()));
  await page.goto(dashboard);
  await expect(page.locator('.lab-card').first()).toBeVisible();
  await page.waitForLoadState('networkidle');
  const weights = (await Promise.all(bodies)).map((body) => gzipSync(body).length);
  return { bytes: weights.reduce((sum, n) => sum + n, 0), hosts };
}

test('a first visit is light, and asks nobody else', async ({ page }) => {
  const { bytes, hosts } = await firstVisit(page);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(MOST_BYTES);
  expect([...hosts]).toEqual([new URL(dashboard).host]);
});

test('a first visit that is too heavy would be found out', async ({ page }) => {
  await page.route('**/mark.svg', (route) =>
    route.fulfill({ body: randomBytes(MOST_BYTES), contentType: 'image/svg+xml' }),
  );
  const { bytes } = await firstVisit(page);
  expect(bytes).toBeGreaterThan(MOST_BYTES);
});

test('the token leaves the address bar, and without it the page only looks', async ({
  page,
  context,
}) => {
  await page.goto(dashboard);
  await expect(page.locator('.lab-card').first()).toBeVisible();
  expect(page.url()).not.toContain('token');
  await page.goto('/explore');
  await expect(page.getByRole('button', { name: /^Explore/ })).toBeEnabled();

  const stranger = await context.newPage();
  await stranger.goto('/explore');
  await expect(stranger.getByText('You are looking only.')).toBeVisible();
  await expect(stranger.getByRole('button', { name: /^Explore/ })).toBeDisabled();
});

test('colours follow the system, and the switch, and stay after a reload', async ({ page }) => {
  const ground = () =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  await open(page);
  const light = await ground();
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(ground).not.toBe(light);
  await page.getByRole('button', { name: 'Light' }).click();
  await expect.poll(ground).toBe(light);
  await page.reload();
  await expect(page.locator('h1')).toBeVisible();
  expect(await ground()).toBe(light);
});

test('the keyboard reaches the page, its steps and its choices', async ({ page }) => {
  await open(page, '/labs/01?step=predict');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the page' })).toBeFocused();
  await page.getByRole('link', { name: 'Run', exact: false }).and(page.locator('.steps a')).focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('.columns')).toBeVisible();
  expect(param(page, 'step')).toBe('run');
});
