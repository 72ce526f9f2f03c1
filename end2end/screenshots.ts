/** The pictures of the README: the real pages during a real run in the lab, in light, in dark and on a phone. */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { fields, fillLaunch, launch, preflight } from './support/launch';
import { expect, open, signIn, state, test } from './support/test';

const FOLDER = join(import.meta.dirname, '../docs/pictures');

async function picture(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: 'disabled' });
}

test('pictures for the README', async ({ browser, deck, signedIn: page }) => {
  test.setTimeout(10 * 60_000);
  deck.scenario('lpar72', 'killed');
  await open(page, '/clients');
  await picture(page, 'clients');

  await launch(page, { client: 'lpar72', disk: 'hdisk2' });
  await expect(state(page)).toHaveAttribute('data-state', 'failed_debris', { timeout: 5 * 60_000 });

  await open(page, '/launch?client=lpar71');
  await fillLaunch(page, { client: 'lpar71', disk: 'hdisk1' });
  if (await preflight(page)) await fields(page, 'hdisk1').acknowledge.check();
  await picture(page, 'launch');

  const id = await launch(page, { client: 'lpar71', disk: 'hdisk1' });
  await expect(page.getByTestId('phase-6')).toHaveAttribute('data-state', 'running', { timeout: 5 * 60_000 });
  await expect(page.getByTestId('phase-6')).toContainText(/\d+\/\d+/);
  await picture(page, 'migration');
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture(page, 'migration-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await open(page, '/');
  await picture(page, 'overview');
  const phone = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme: 'light' });
  await signIn(phone, deck.url);
  await open(phone, `${deck.url}/migrations/${id}`);
  await picture(phone, 'phone');
  await phone.close();

  await open(page, `/migrations/${id}`);
  await page.getByRole('button', { name: 'Cut over' }).click({ timeout: 5 * 60_000 });
  const question = page.getByRole('dialog', { name: 'Cut over' });
  await question.getByLabel(/to confirm/).fill('lpar71');
  await question.getByRole('button', { name: 'Cut over' }).click();
  await expect(state(page)).toHaveAttribute('data-state', 'verified', { timeout: 5 * 60_000 });
  await open(page, `/migrations/${id}/verification`);
  // Down to lspv and bootlist, before and after.
  await page.setViewportSize({ width: 1440, height: 1290 });
  await picture(page, 'verification');
});
