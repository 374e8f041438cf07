import { defineConfig } from '@playwright/test';
import { chromium } from './chromium';

/** An exploration on a busy machine takes minutes; nothing else does. */
const LONGEST_MS = 600_000;

export default defineConfig({
  testDir: '.',
  timeout: LONGEST_MS,
  expect: { timeout: 20_000 },
  // One job goes on at a time, and runs measure each other.
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  reporter: 'line',
  projects: [
    { name: 'walk', testMatch: '*.spec.ts' },
    { name: 'screenshots', testMatch: 'screenshots.ts' },
    { name: 'responsive', testMatch: 'responsive.ts' },
  ],
  use: {
    // What covers a button for this long covers it for good.
    actionTimeout: 60_000,
    baseURL: process.env.DASHBOARD?.split('/#')[0],
    viewport: { width: 1280, height: 800 },
    trace: 'off',
    launchOptions: {
      executablePath: chromium(),
      // Root has no user namespace to build Chromium's sandbox in; what is opened is ours.
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    },
  },
});
