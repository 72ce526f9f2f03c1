/** Logs: one that somebody has at hand is explained, and those on a master become entries of the history. */
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';
import { findings, tabTo } from './support/axe';
import { expect, open, signIn, test } from './support/test';

const FAILED = resolve('../server/lab/fixtures/lpar71_alt_mig.log');
const COMPLETE = resolve('../server/lab/fixtures/lpar61_alt_mig.log');

/** Drops a file on the page, as a mouse would. */
async function drop(page: Page, name: string, text: string): Promise<void> {
  const data = await page.evaluateHandle(
    ([name, text]) => {
      const data = new DataTransfer();
      data.items.add(new File([text], name, { type: 'text/plain' }));
      return data;
    },
    [name, text] as const,
  );
  const zone = page.getByTestId('drop');
  await zone.dispatchEvent('dragenter', { dataTransfer: data });
  await expect(zone).toHaveAttribute('data-over', 'true');
  await zone.dispatchEvent('drop', { dataTransfer: data });
  await expect(zone).toHaveAttribute('data-over', 'false');
}

/** Nothing of the page is wider than the window. */
async function fits(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(over, 'pixels wider than the window').toBeLessThanOrEqual(0);
}

test('a viewer has logs explained: chosen by keyboard, dropped, pasted, and far larger than a page', async ({
  deck,
  page,
}) => {
  await signIn(page, '', 'vera', deck.addUser('vera', 'viewer'));
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Explain' }).click();
  await expect(page.getByRole('heading', { name: 'Explain a log', level: 1 })).toBeVisible();

  await tabTo(page, page.getByLabel('Choose a log'));
  const choosing = page.waitForEvent('filechooser');
  await page.keyboard.press('Space');
  await (await choosing).setFiles(FAILED);
  await expect(page.getByTestId('outcome')).toHaveText('Failed in phase 11: Finalise the clone');
  await expect(page.getByTestId('cause')).toContainText('0505-218');
  await expect(page.getByTestId('advice')).toContainText('multibos');
  await expect(page.getByTestId('report-phase-10')).toHaveAttribute('data-state', 'done');
  await expect(page.getByTestId('report-phase-11')).toHaveAttribute('data-state', 'failed');
  await expect(page.getByTestId('report-phase-12')).toHaveAttribute('data-state', 'skipped');
  await expect(page.getByText(/ended the run/)).toBeVisible();

  // All filesets, on demand, and one of them found.
  await page.getByTestId('filesets').locator('summary').click();
  const rows = page.getByRole('table', { name: 'Rows of the Installation Summaries' }).locator('tbody tr');
  const all = await rows.count();
  await page.getByLabel('Filter').fill('bos.net success');
  await expect.poll(() => rows.count()).toBeLessThan(all);
  await expect(rows.first()).toContainText('bos.net');

  // Of a log nothing is ever markup.
  const nasty = '<img src=x onerror="alert(1)"><b>bold</b>';
  await drop(page, 'nasty.log', `${readFileSync(COMPLETE, 'utf8')}0505-999 nimadm: ${nasty}\n`);
  await expect(page.getByRole('heading', { name: /nasty\.log/ })).toBeVisible();
  await expect(page.getByTestId('report')).toContainText(nasty);
  expect(await page.getByTestId('report').locator('img, b:text("bold")').count()).toBe(0);

  await page.getByText('Or paste its text').click();
  const go = page.getByRole('button', { name: 'Explain this text' });
  await expect(go).toBeDisabled();
  await page.getByLabel('Text of the log').fill(readFileSync(COMPLETE, 'utf8'));
  await go.click();
  await expect(page.getByTestId('outcome')).toContainText(/^Complete/);
  await page.getByLabel('Text of the log').fill('hdisk0 none None');
  await go.click();
  await expect(page.getByTestId('problem')).toHaveAttribute('data-code', 'ND0501');

  // 64 MB: from the disk, and with the answer as short as ever.
  const dir = mkdtempSync(join(tmpdir(), 'nimdeck-log-'));
  const large = join(dir, 'large_alt_mig.log');
  const [begin, end] = readFileSync(COMPLETE, 'utf8').split('Executing nimadm phase 7.');
  const file = createWriteStream(large);
  file.write(begin);
  const filler = 'Mounting /lpar61_alt/alt_inst/usr and nothing else of note\n'.repeat(18_000);
  for (let written = 0; written < 64_000_000; written += filler.length) {
    if (!file.write(filler)) await once(file, 'drain');
  }
  file.end(`Executing nimadm phase 7.${end}`);
  await once(file, 'close');
  await page.getByLabel('Choose a log').setInputFiles(large);
  await expect(page.getByRole('heading', { name: /6\d MB of large_alt_mig\.log/ })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByTestId('outcome')).toContainText(/^Complete/);
  rmSync(dir, { recursive: true });
});

test('old logs of a master become entries of the history, once', async ({ deck, signedIn: page }) => {
  await page.getByRole('link', { name: 'Import old logs' }).click();
  await expect(page.getByRole('heading', { name: 'Old logs of nim1' })).toBeVisible();
  await expect(page.locator('[data-log]')).toHaveCount(2);
  const button = page.getByRole('button', { name: /^Import/ });
  await expect(button).toBeDisabled();
  await page.getByRole('button', { name: 'Choose all new ones' }).click();
  await page.getByRole('button', { name: 'Import 2 logs' }).click();
  await expect(page.getByRole('link', { name: 'Imported now' })).toHaveCount(2);

  // Again, and nothing changes.
  await page.getByLabel('Choose lpar71_alt_mig.log').check();
  await page.getByRole('button', { name: 'Import 1 log' }).click();
  await expect(page.locator('[data-log="lpar71_alt_mig.log"]')).toContainText('Already imported');
  await page.reload();
  await expect(page.getByRole('link', { name: 'Already imported' })).toHaveCount(2);

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Migrations' }).click();
  await expect(page.locator('[data-import]')).toHaveCount(2);
  await open(page, '/migrations?client=lpar71');
  const entry = page.locator('[data-import]');
  await expect(entry).toHaveCount(1);
  await expect(entry).toContainText('imported');
  await expect(entry).toContainText('11 of 12 phases, failed in 11: Finalise the clone');
  await expect(entry).toContainText('0505-218');
  await expect(entry).toContainText('simulated');
  await entry.getByRole('link', { name: 'lpar71' }).click();
  await expect(page.getByTestId('outcome')).toHaveText('Failed in phase 11: Finalise the clone');
  await expect(page.getByText('Imported by admin')).toBeVisible();

  const raw = await page.getByRole('link', { name: 'Raw log' }).getAttribute('href');
  const bytes = await (await page.request.get(`${deck.url}${raw}`)).body();
  expect(bytes.equals(readFileSync(FAILED)), 'the stored bytes are those of the file').toBe(true);

  // A viewer looks, and imports nothing.
  const path = await page.evaluate(async () => {
    const masters = await (await fetch('/api/v1/masters')).json();
    return `/masters/${masters.items[0].id}/import`;
  });
  const stranger = await page.context().browser()?.newContext({ baseURL: deck.url });
  if (stranger === undefined) throw new Error('no browser');
  const viewer = await stranger.newPage();
  await signIn(viewer, deck.url, 'vera', deck.addUser('vera', 'viewer'));
  await open(viewer, `${deck.url}${path}`);
  await expect(viewer.locator('[data-log]')).toHaveCount(2);
  await expect(viewer.getByRole('checkbox')).toHaveCount(0);
  await expect(viewer.getByRole('button', { name: /Import/ })).toHaveCount(0);
  await stranger.close();
});

for (const scheme of ['light', 'dark'] as const) {
  test(`no serious finding on the pages of logs, ${scheme}`, async ({ signedIn: page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.getByRole('link', { name: 'Import old logs' }).click();
    await page.getByRole('button', { name: 'Choose all new ones' }).click();
    await page.getByRole('button', { name: 'Import 2 logs' }).click();
    await expect(page.getByRole('link', { name: 'Imported now' })).toHaveCount(2);
    const look = async (what: string) => {
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await findings(page), `${what} at ${width}`).toEqual([]);
        await fits(page);
      }
    };
    await look('import');
    await open(page, '/migrations');
    await look('history');
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.locator('[data-import]').getByRole('link', { name: 'lpar71' }).click();
    await expect(page.getByTestId('report')).toBeVisible();
    await look('imported log');
    await open(page, '/explain');
    await page.getByLabel('Choose a log').setInputFiles(COMPLETE);
    await expect(page.getByTestId('report')).toBeVisible();
    for (const summary of await page.locator('summary').all()) await summary.click();
    await look('explained');
  });
}
