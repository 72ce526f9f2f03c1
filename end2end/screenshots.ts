/** The pictures of the README: the real pages during a real run in the lab, in light, in dark and on a phone. */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { launch } from './support/launch';
import { expect, open, signIn, test } from './support/test';

const FOLDER = join(import.meta.dirname, '../docs/pictures');

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: 'disabled' });
}

test('pictures for the README', async ({ browser, deck, signedIn: page }) => {
  test.setTimeout(15 * 60_000);
  await open(page, '/clients');
  await picture(page, 'clients-light');
  await open(page, '/launch?client=lpar71');
  await picture(page, 'launch-light');

  const id = await launch(page, { client: 'lpar71', disk: 'hdisk1' });
  await expect(page.getByTestId('phase-6')).toHaveAttribute('data-state', 'running', { timeout: 8 * 60_000 });
  await picture(page, 'migration-light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture(page, 'migration-dark');
  const phone = await browser.newPage({ viewport: { width: 390, height: 844 }, colorScheme: 'light' });
  await signIn(phone, deck.url);
  await open(phone, `${deck.url}/migrations/${id}`);
  await picture(phone, 'migration-phone');
  await phone.close();
  await open(page, '/');
  await picture(page, 'overview-dark');

  await page.emulateMedia({ colorScheme: 'light' });
  await open(page, `/migrations/${id}`);
  await page.getByRole('button', { name: 'Cut over' }).click({ timeout: 8 * 60_000 });
  const question = page.getByRole('dialog', { name: 'Cut over' });
  await question.getByLabel(/to confirm/).fill('lpar71');
  await question.getByRole('button', { name: 'Cut over' }).click();
  await expect(page.getByTestId('state').first()).toHaveAttribute('data-state', 'verified', { timeout: 8 * 60_000 });
  await open(page, `/migrations/${id}/verification`);
  await picture(page, 'verification-light');
});
