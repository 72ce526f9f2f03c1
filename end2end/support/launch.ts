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
  await expect(page).toHaveURL(/\/clients\/[0-9a-f-]{36}$/);
  await page.getByRole('link', { name: `Migrate ${client}` }).click();
  await expect(page).toHaveURL(/\/launch/);
  await live(page);
}

/** The fields of the form. */
export function fields(page: Page, disk: string) {
  return {
    lppSource: page.getByLabel(/^lpp_source/),
    spot: page.getByLabel(/^SPOT/),
    cacheVg: page.getByLabel(/^Cache volume group/),
    disk: page.getByRole('checkbox', { name: new RegExp(`^${disk},`) }),
    licences: page.getByLabel(/^Accept the licence/),
    acknowledge: page.getByLabel(/^I have read the warnings/),
    launch: page.getByTestId('launch'),
  };
}

/** Fills the form; the command line must be shown as it will run, and the pre-flight must let it pass. */
export async function fillLaunch(page: Page, { client, disk }: Choice): Promise<void> {
  const form = fields(page, disk);
  await form.lppSource.selectOption(TARGET.lppSource);
  await form.spot.selectOption(TARGET.spot);
  await form.cacheVg.selectOption(TARGET.cacheVg);
  await form.disk.check();
  await form.licences.check();
  const command = page.getByTestId('command');
  await expect(command).toContainText(
    `nimadm -j ${TARGET.cacheVg} -c ${client} -s ${TARGET.spot} -l ${TARGET.lppSource} -d ${disk}`,
  );
  // The bootlist is held unless somebody asks for something else.
  await expect(command).toContainText('-B');
}

/** Waits for the pre-flight of the form as it stands; says whether its warnings must be acknowledged. */
export async function preflight(page: Page): Promise<boolean> {
  const findings = page.getByTestId('preflight');
  await expect(findings).toHaveAttribute('data-verdict', /pass|warn/, { timeout: 60_000 });
  return (await findings.getAttribute('data-verdict')) === 'warn';
}

/** From the migration page's address. */
export async function launched(page: Page): Promise<string> {
  await page.waitForURL(/\/migrations\/[0-9a-f-]{36}$/);
  await live(page);
  return new URL(page.url()).pathname.split('/').at(-1) ?? '';
}

/** Launches by mouse; the id of the migration. */
export async function launch(page: Page, choice: Choice): Promise<string> {
  await openLaunch(page, choice.client);
  await fillLaunch(page, choice);
  const form = fields(page, choice.disk);
  if (await preflight(page)) await form.acknowledge.check();
  await form.launch.click();
  return launched(page);
}
