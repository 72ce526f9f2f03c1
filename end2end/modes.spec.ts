/** Modes of nimadm beside the migration of a client, in the browser: a mksysb from a client, a repair by -M, a clone woken. */
import { findings } from './support/axe';
import { expect, open, test } from './support/test';

test.use({ labSpeed: 3000 });

test('a client becomes a mksysb', async ({ signedIn: page }) => {
  test.setTimeout(3 * 60_000);
  await open(page, '/launch?client=lpar71');
  // What was chosen is still shown as chosen after a look at another operation.
  const operation = page.getByRole('combobox', { name: 'Operation' });
  await page.getByRole('radio', { name: /^Let nimadm set it/ }).check();
  await operation.selectOption('capture');
  await operation.selectOption('migrate');
  await expect(page.getByRole('radio', { name: /^Let nimadm set it/ })).toBeChecked();
  await expect(page.getByTestId('command')).not.toContainText('-B');
  await operation.selectOption('capture');
  await expect(page.getByRole('group', { name: 'Target disk' })).toHaveCount(0);
  await expect(page.getByTestId('command')).toHaveText('Name the file of the new mksysb.');
  await page.getByRole('textbox', { name: 'File of the new mksysb' }).fill('export/x');
  await expect(page.getByTestId('command')).toContainText('is not an absolute path');
  await page.getByRole('textbox', { name: 'File of the new mksysb' }).fill('/export/nim/mksysb/seen.mksysb');
  await page.getByRole('textbox', { name: 'NIM name of the new mksysb' }).fill('lpar71_seen');
  await expect(page.getByTestId('command')).toContainText('-c lpar71 ');
  await expect(page.getByTestId('command')).toContainText('-O /export/nim/mksysb/seen.mksysb -N lpar71_seen');
  await page.getByLabel('I have read the warnings').check();
  expect(await findings(page), 'the form').toEqual([]);
  await page.getByTestId('launch').click();
  await expect(page.getByTestId('state')).toHaveAttribute('data-state', 'completed', { timeout: 90_000 });
  await expect(page.getByText('into /export/nim/mksysb/seen.mksysb')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Verification' })).toHaveCount(0);

  await open(page, '/launch?master=nim1');
  await page.getByRole('combobox', { name: 'mksysb' }).selectOption('lpar71_seen');
  await page.getByRole('textbox', { name: 'File of the new mksysb' }).fill('/export/nim/mksysb/again.mksysb');
  // It is at 7.3 already.
  await expect(page.getByTestId('verdict')).toHaveText('Pre-flight: do not go on');
  await expect(page.getByTestId('launch')).toBeDisabled();
});

test('what SPOT and master disagree about is repaired from the form, and an update is woken', async ({ signedIn: page, deck }) => {
  test.setTimeout(3 * 60_000);
  deck.scenario('lpar73', 'spot-level-mismatch');
  await open(page, '/launch?client=lpar73');
  await page.getByLabel('Update within the release').check();
  await page.getByTestId('repair').click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Without a client');
  await expect(page.getByTestId('command')).toHaveText('nimadm -M -s spot_7300_03_01 -l lpp_7300_03_01');
  expect(await findings(page), 'the form without a client').toEqual([]);
  await page.getByTestId('launch').click();
  await expect(page.getByTestId('state')).toHaveAttribute('data-state', 'completed', { timeout: 60_000 });
  expect(await findings(page), 'a completed -M').toEqual([]);

  await open(page, '/launch?client=lpar73');
  await page.getByLabel('Update within the release').check();
  await page.getByLabel('I have read the warnings').check();
  await page.getByTestId('launch').click();
  await expect(page.getByTestId('state')).toHaveAttribute('data-state', 'clone_ready', { timeout: 90_000 });
  await page.getByRole('button', { name: 'Wake the clone' }).click();
  const dialog = page.getByRole('dialog', { name: 'Wake the clone' });
  await expect(dialog).toContainText('nimadm -W -c lpar73 -s spot_7300_03_01 -d hdisk1');
  await dialog.getByRole('button', { name: 'Wake the clone' }).click();
  await expect(page.getByTestId('state')).toHaveAttribute('data-state', 'awake', { timeout: 60_000 });
  await expect(page.getByRole('button', { name: 'Cut over' })).toHaveCount(0);
  expect(await findings(page), 'an awake clone').toEqual([]);
  await page.getByRole('button', { name: 'Put the clone to sleep' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Put the clone to sleep' }).click();
  await expect(page.getByTestId('state')).toHaveAttribute('data-state', 'clone_ready', { timeout: 60_000 });
});
