/** A campaign in the browser: chosen on the clients page, planned, its canary watched, approved, one client left out. */
import { findings } from './support/axe';
import { expect, open, test } from './support/test';

test.use({ labSpeed: 1500 });

for (const scheme of ['light', 'dark'] as const) {
  test(`three clients are migrated wave by wave, ${scheme}`, async ({ signedIn: page }) => {
    test.setTimeout(4 * 60_000);
    await page.emulateMedia({ colorScheme: scheme });
    await open(page, '/campaigns');
    await expect(page.getByText('No campaign yet')).toBeVisible();
    await open(page, '/clients');
    for (const client of ['lpar61', 'lpar71', 'lpar72']) await page.getByLabel(`Choose ${client}`).check();
    await page.getByRole('button', { name: 'Plan a campaign with the chosen clients' }).click();

    const clients = page.getByRole('textbox', { name: /^Clients One a line/ });
    await expect(clients).toHaveValue('lpar61\nlpar71\nlpar72');
    const start = page.getByRole('button', { name: 'Start the campaign' });
    await expect(page.getByTestId('plan')).toHaveText('Give it a name.');
    await expect(start).toBeDisabled();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('LPARs to 7.3');
    await clients.fill('lpar71 hdisk1\nlpar72 hdisk2 hdisk3\nlpar61\nlpar61');
    await expect(page.getByTestId('plan')).toHaveText('Line 4: lpar61 is listed twice.');
    await clients.fill('lpar71 hdisk1\nlpar72 hdisk2 hdisk3\nlpar61');
    await page.getByRole('textbox', { name: 'Clients in each further wave' }).fill('1');
    await page.getByLabel('Launch also where the pre-flight only warns').check();
    await expect(page.getByTestId('plan')).toContainText('3 clients in about 3 waves');
    expect(await findings(page), 'the plan').toEqual([]);
    await start.click();

    await expect(page.getByRole('heading', { level: 1 })).toHaveText('LPARs to 7.3');
    const of = (client: string) => page.locator(`tr[data-client="${client}"]`);
    await expect(page.getByRole('status').getByText('Awaiting approval')).toBeVisible({ timeout: 90_000 });
    await expect(of('lpar71')).toContainText('Clone ready');
    await expect(of('lpar72')).toContainText('Waiting');
    expect(await findings(page), 'the campaign').toEqual([]);

    await page.getByRole('button', { name: 'Leave out lpar61' }).click();
    await expect(of('lpar61')).toContainText('Left out');
    await page.getByRole('button', { name: 'Begin the next wave' }).click();
    await page.getByRole('dialog', { name: 'Begin the next wave' }).getByRole('button', { name: 'Begin the next wave' }).click();
    await expect(page.getByRole('status').getByText('Done')).toBeVisible({ timeout: 90_000 });
    await expect(of('lpar72')).toContainText('Clone ready');

    await open(page, '/campaigns');
    await expect(page.getByRole('row', { name: /LPARs to 7.3/ })).toContainText('2 clone ready, 1 left out');
    expect(await findings(page), 'the list').toEqual([]);
  });
}
