/** The way from the list of clients to a running migration, as the pages offer it. */
import type { Page } from '@playwright/test';
import { expect, live } from './test';

export interface Choice {
  client: string;
  disk: string;
}

/** The resources of Annex A's estate that lead to 7.3 TL3 SP1. */
export const TARGET = { lppSource: 'lpp_7300_03_01', spot: 'spot_7300_03_01', cacheVg: 'nimadmvg' };

/** From the clients' list to the launch form of a client. */
export async function openLaunch(page: Page, client: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Clients' }).click();
  await page.getByRole('link', { name: client, exact: true }).first().click();
  await page.getByRole('link', { name: /migrate|launch/i }).first().click();
  await expect(page).toHaveURL(/\/launch/);
  await live(page);
}

/** Fills the form; the command line must be shown as it will run. */
export async function fillLaunch(page: Page, { client, disk }: Choice): Promise<void> {
  await page.getByLabel('lpp_source').selectOption(TARGET.lppSource);
  await page.getByLabel('SPOT').selectOption(TARGET.spot);
  await page.getByRole('checkbox', { name: new RegExp(`^${disk},`) }).check();
  await page.getByLabel(/cache volume group/i).selectOption(TARGET.cacheVg);
  await page.getByLabel(/licen[cs]e/i).check();
  const command = page.getByTestId('command');
  await expect(command).toContainText(
    `nimadm -j ${TARGET.cacheVg} -c ${client} -s ${TARGET.spot} -l ${TARGET.lppSource} -d ${disk}`,
  );
  // The bootlist is held unless somebody asks for something else.
  await expect(command).toContainText('-B');
}

/** Starts it; the id of the migration. */
export async function launch(page: Page, choice: Choice): Promise<string> {
  await openLaunch(page, choice.client);
  await fillLaunch(page, choice);
  const knowingly = page.getByLabel(/warnings/i);
  const start = page.getByRole('button', { name: /launch|start/i });
  await expect(start.or(knowingly).first()).toBeVisible();
  if (await knowingly.isVisible()) await knowingly.check();
  await start.click();
  await page.waitForURL(/\/migrations\/[0-9a-f-]{36}$/);
  await live(page);
  return new URL(page.url()).pathname.split('/').at(-1) ?? '';
}
