import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** This machine's Chromium: the tests bring no browser of their own. */
export function chromium(): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const path = found.find((file) => existsSync(file));
  if (path === undefined) {
    throw new Error(`there is no Chromium on the PATH\nnext: scripts/setup.sh test`);
  }
  return path;
}
