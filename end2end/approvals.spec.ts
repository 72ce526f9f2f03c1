/** Two people: one asks, the other approves, because the master wants it so. */
import { findings } from './support/axe';
import { TARGET, fields, fillLaunch, launched, openLaunch, preflight } from './support/launch';
import { expect, open, signIn, state, test, watchFaults } from './support/test';

test.use({ labSpeed: 1500 });

test('a second person approves the start and the cutover', async ({ browser, deck, signedIn: page }) => {
  test.setTimeout(4 * 60_000);
  await open(page, '/schedule');
  const nim1 = page.locator('tr[data-master="nim1"]');
  await expect(nim1).toContainText('none');
  await page.getByRole('button', { name: 'Change nim1' }).click();
  const policy = page.getByRole('dialog', { name: 'Change the limits and approvals of nim1' });
  await policy.getByLabel(/^A launch waits/).check();
  await policy.getByLabel(/does not approve it/).check();
  expect(await findings(page), 'the policy').toEqual([]);
  await policy.getByRole('button', { name: 'Change them' }).click();
  await expect(nim1).toContainText('each start, by a second person');
  // What is stored is what the form begins with.
  await page.getByRole('button', { name: 'Change nim1' }).click();
  await expect(policy.getByLabel(/^A launch waits/)).toBeChecked();
  await page.keyboard.press('Escape');

  await openLaunch(page, 'lpar71');
  await expect(page.getByText('nim1 asks for an approval')).toBeVisible();
  await fillLaunch(page, { client: 'lpar71', disk: 'hdisk1' });
  const form = fields(page, 'hdisk1');
  if (await preflight(page)) await form.acknowledge.check();
  await form.launch.click();
  const id = await launched(page);
  await expect(state(page)).toHaveAttribute('data-state', 'awaiting_approval');
  // Whoever asked is told why there is no button, and may still withdraw.
  await expect(page.getByTestId('second-person')).toContainText('admin asked for this migration and cannot approve it');
  await expect(page.getByRole('button', { name: 'Cancel migration' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Approve' })).toHaveCount(0);
  expect(await findings(page), 'what waits').toEqual([]);
  const template = { lpp_source: TARGET.lppSource, spot: TARGET.spot, cache_vg: TARGET.cacheVg, accept_licenses: true };
  const campaign = await page.request.post('/api/v1/campaigns', { data: { name: 'DB servers', csv: 'lpar72', template } });
  expect(campaign.status()).toBe(201);
  await open(page, '/');
  await expect(page.getByRole('row', { name: /lpar71/ })).toContainText('Awaiting approval');
  await expect(page.getByRole('row', { name: /DB servers/ })).toContainText('nim1 asks for an approval');
  expect(await findings(page), 'the overview').toEqual([]);
  await page.getByRole('link', { name: 'DB servers' }).click();
  await expect(page.getByTestId('second-person')).toContainText('admin asked for this campaign and cannot approve it');
  await expect(page.getByRole('button', { name: 'Begin the first wave' })).toHaveCount(0);
  await open(page, `/migrations/${id}`);

  const context = await browser.newContext({ baseURL: deck.url });
  const faults = watchFaults(context);
  const jane = await context.newPage();
  await signIn(jane, deck.url, 'jane', deck.addUser('jane', 'approver'));
  await open(jane, `/migrations/${id}`);
  await jane.getByRole('button', { name: 'Approve' }).click();
  await jane.getByRole('dialog', { name: 'Approve' }).getByRole('button', { name: 'Approve' }).click();
  await expect(jane.getByText('start approved by jane')).toBeVisible();
  // The one who asked sees it without touching anything.
  await expect(page.getByText('start approved by jane')).toBeVisible();
  for (const person of [page, jane]) {
    await expect(state(person)).toHaveAttribute('data-state', 'clone_ready', { timeout: 120_000 });
  }
  await expect(page.getByTestId('second-person')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Cut over' })).toHaveCount(0);
  await jane.getByRole('button', { name: 'Cut over' }).click();
  const question = jane.getByRole('dialog', { name: 'Cut over' });
  await question.getByLabel(/to confirm/).fill('lpar71');
  await question.getByRole('button', { name: 'Cut over' }).click();
  await expect(state(page)).toHaveAttribute('data-state', 'verified', { timeout: 120_000 });
  expect(faults, 'faults in the console of jane').toEqual([]);
  await context.close();
});
