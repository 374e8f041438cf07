import { expect, test } from '@playwright/test';
import { ask, closeBiography, figure, JOB, ledgerOf, open, param, reportOf, runsAtTheEnd, stillAt } from './lab';

interface Lab {
  id: string;
  done: string;
  consumers: { name: string }[];
  quiz: { questions: number };
}

interface Report {
  run: string;
  run_dir: string;
  consumer: string;
  verdict: string;
  seed: number;
  counts: { payments: number };
}

/** What stands in the line at which the broken consumer is struck. */
const STRUCK: Record<string, string> = { '01': 'charge', '02': 'UPDATE orders', '03': 'charge' };

/** The labs whose lesson is in one crash window. */
for (const id of ['01', '02', '03']) {
  test(`lab ${id}: predict, run, see the duplicate counted and drawn, explain`, async ({
    page,
  }) => {
    const lab = await ask<Lab>(page, `/api/labs/${id}`);
    const letGo = await stillAt(page, '.code-line.held');
    await open(page);
    await page.locator(`.lab-card a[href="/labs/${id}"]`).click();

    // Predict: the first option of each question.
    await page.locator('.steps').getByRole('link', { name: 'Predict' }).click();
    const questions = page.locator('fieldset.question');
    await expect(questions).toHaveCount(lab.quiz.questions);
    for (let i = 0; i < lab.quiz.questions; i++) {
      await questions.nth(i).getByRole('radio').first().check();
      await expect(questions.nth(i).getByRole('radio').first()).toBeChecked();
    }
    await page.getByRole('link', { name: 'Run it' }).click();

    // Run: every consumer under one schedule.
    await page.getByRole('button', { name: /^Run (both|all)/ }).click();
    // The line that somebody was struck at is one of the window's edges.
    const held = page.locator('.code-line.held').first();
    await expect(held).toBeVisible(JOB);
    await expect(held).toContainText(STRUCK[id] ?? '');
    await letGo();
    const runs = await runsAtTheEnd(page, 'runs', lab.consumers.length);
    const reports = await Promise.all(runs.map((run) => reportOf<Report>(page, run)));
    expect(new Set(reports.map((r) => r.seed)).size).toBe(1);

    // The table says of each what its ledger says.
    const table = page.locator('table.before-after');
    await expect(table.locator('thead th')).toHaveCount(reports.length);
    const row = (label: string) => table.locator('tr', { hasText: label }).locator('td');
    const heads = await table.locator('thead th').allInnerTexts();
    for (const [column, head] of heads.entries()) {
      const report = reports.find((r) => head.includes(`run ${r.run}`));
      if (report === undefined) throw new Error(`no run in ${head}`);
      const ledger = ledgerOf(report);
      await expect(row(`${lab.done} once`).nth(column)).toHaveText(String(ledger.once.length));
      await expect(row(`${lab.done} twice`).nth(column)).toHaveText(String(ledger.more.length));
      await expect(table.locator('tbody tr').first().locator('td').nth(column)).toContainText(
        report.verdict,
      );
    }

    // So do the columns with the walls.
    const shown = page.locator('.column');
    let opened = 0;
    for (let i = 0; i < (await shown.count()); i++) {
      const name = await shown.nth(i).getAttribute('data-consumer');
      const report = reports.find((r) => r.consumer === name);
      if (report === undefined) throw new Error(`no run of ${name}`);
      const ledger = ledgerOf(report);
      const within = `.column[data-consumer="${name}"]`;
      await expect(figure(page, within, 'once')).toHaveText(String(ledger.once.length));
      await expect(figure(page, within, 'duplicated')).toHaveText(String(ledger.more.length));
      await expect(page.locator(`${within} [role="application"]`)).toHaveAttribute(
        'aria-label',
        new RegExp(`${ledger.payments} payments`),
      );
      const [duplicate] = ledger.more;
      if (duplicate === undefined) continue;
      // The biography of a duplicate names every charge of the ledger.
      await page.locator(`${within} .exceptions button`, { hasText: duplicate }).click();
      const dialog = page.getByRole('dialog');
      await expect(dialog.locator('svg')).toBeVisible();
      for (const charge of ledger.charges.get(duplicate) ?? []) {
        await expect(dialog.locator('.effects')).toContainText(charge);
      }
      await closeBiography(page);
      opened++;
    }
    expect(opened, 'duplicates whose biography was opened').toBeGreaterThan(0);

    // A reload finds the same runs.
    await page.reload();
    await expect(table.locator('thead th')).toHaveText(
      heads.map((head) => new RegExp(head.trim().split(/\s+/).join('\\s*'))),
    );
    expect(param(page, 'runs').split(',')).toEqual(runs);

    // Explain: what was predicted and has run is told.
    await page.locator('.steps').getByRole('link', { name: 'Explain' }).click();
    const known = await ask<{ reveal: { right: string } | null }[]>(page, `/api/labs/${id}/quiz`);
    const told = known.filter((question) => question.reveal !== null);
    expect(told.length).toBeGreaterThan(0);
    await expect(page.locator('.explained')).toHaveCount(told.length);
    const right = told.filter((question) => question.reveal?.right === 'a').length;
    await expect(page.locator('.score')).toContainText(`${right} of ${told.length}`);
  });
}

test('lab 04: predict, and be shown to the storm', async ({ page }) => {
  const lab = await ask<Lab>(page, '/api/labs/04');
  await open(page, '/labs/04?step=predict');
  const questions = page.locator('fieldset.question');
  await expect(questions).toHaveCount(lab.quiz.questions);
  for (let i = 0; i < lab.quiz.questions; i++) {
    await questions.nth(i).getByRole('radio').first().check();
  }
  await page.getByRole('link', { name: 'Run it' }).click();
  await page.getByRole('link', { name: 'Storm: rebalances' }).click();
  await expect(page.getByRole('button', { name: 'Rebalances' })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
});
