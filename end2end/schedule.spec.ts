/** The schedule in the browser: a window is made, something waits for it, a cutover is planned and taken back. */
import type { Locator, Page } from '@playwright/test';
import { findings, tabTo } from './support/axe';
import { fields, fillLaunch, launched, openLaunch, preflight } from './support/launch';
import { expect, open, signIn, state, test } from './support/test';

test.use({ labSpeed: 1500 });

/** A day of the week that is neither today nor next to it, anywhere on earth: a window on it is closed now. */
const CLOSED = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][(new Date().getUTCDay() + 3) % 7] ?? '';

const dialog = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name });
const navigate = async (page: Page, name: string) => {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible();
};

/** What is asked of the REST interface by the page's own user. */
async function rest(page: Page, path: string, body: unknown): Promise<void> {
  const status = await page.evaluate(
    async ([path, body]) => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(`/api/v1${path}`, { method: 'POST', headers, body })).status;
    },
    [path, JSON.stringify(body)] as const,
  );
  expect(status, path).toBeLessThan(300);
}

/** The question before a cutover, answered with the client's name. */
async function askCutover(page: Page, button: string): Promise<Locator> {
  await page.getByRole('button', { name: button, exact: true }).click();
  const question = dialog(page, button);
  await question.getByLabel(/to confirm/).fill('lpar71');
  return question;
}

test('a window is made without a mouse, waited for, and a cutover planned for it', async ({ signedIn: page }) => {
  test.setTimeout(4 * 60_000);
  await navigate(page, 'Schedule');
  await expect(page.getByText('Nothing waits.')).toBeVisible();
  await tabTo(page, page.getByRole('button', { name: 'Add a window' }));
  await page.keyboard.press('Enter');
  const form = dialog(page, 'Add a maintenance window');
  await expect(form.getByLabel(/^Name/)).toBeFocused();
  await page.keyboard.type('night');
  await tabTo(page, form.getByLabel('Time zone'));
  await expect(form.getByLabel('Time zone')).toHaveValue('UTC');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('Mars/Base');
  await tabTo(page, form.getByLabel(CLOSED, { exact: true }));
  await page.keyboard.press('Space');
  await form.getByLabel('From').fill('12:00');
  await form.getByLabel('To', { exact: true }).fill('13:00');
  await tabTo(page, form.getByRole('button', { name: 'Add it' }));
  await page.keyboard.press('Enter');

  // What was wrong is said where it was typed, and nothing is lost.
  const zone = form.locator('label', { hasText: 'Time zone' });
  await expect(zone.getByRole('alert')).toContainText('"Mars/Base" is no time zone');
  await expect(form.getByLabel('Time zone')).toBeFocused();
  await expect(form.getByLabel('Time zone')).toHaveAttribute('aria-invalid', 'true');
  await expect(form.getByLabel(/^Name/)).toHaveValue('night');
  await expect(form.getByLabel(CLOSED, { exact: true })).toBeChecked();
  await expect(form.getByLabel('From')).toHaveValue('12:00');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('Europe/Berlin');
  await page.keyboard.press('Enter');
  await expect(form).toBeHidden();
  const night = page.locator('tr[data-window="night"]');
  await expect(night).toContainText(`${CLOSED} 12:00–13:00`);
  await expect(night).toContainText('Europe/Berlin');
  await expect(night).toContainText('Closed now');
  await expect(night.locator('.openings li')).toHaveCount(3);
  await expect(page.getByRole('status').getByText('The maintenance window night is stored.')).toBeAttached();

  // Launched into the window, it waits and says for what.
  await openLaunch(page, 'lpar71');
  await fillLaunch(page, { client: 'lpar71', disk: 'hdisk1' });
  const window = page.getByRole('combobox', { name: 'Maintenance window' });
  await expect(window.getByRole('option')).toHaveCount(2);
  await window.selectOption('night');
  if (await preflight(page)) await fields(page, 'hdisk1').acknowledge.check();
  await fields(page, 'hdisk1').launch.click();
  const id = await launched(page);
  await expect(state(page)).toHaveAttribute('data-state', 'queued');
  await expect(page.getByText('Waits for the maintenance window night, which opens at')).toBeVisible();
  await navigate(page, 'Schedule');
  await expect(page.locator('tr[data-waiting="lpar71"]')).toContainText('Waits for the maintenance window night');
  await page.getByRole('button', { name: 'Remove night' }).click();
  await expect(dialog(page, 'Remove the window night')).toContainText('Waiting for it to start: lpar71.');
  await page.keyboard.press('Escape');

  // Started by hand, its cutover is planned for the window.
  await page.locator('tr[data-waiting="lpar71"]').getByRole('link', { name: 'lpar71' }).click();
  await page.getByRole('button', { name: 'Start now' }).click();
  await dialog(page, 'Start now').getByRole('button', { name: 'Start now' }).click();
  await expect(state(page)).toHaveAttribute('data-state', 'clone_ready', { timeout: 90_000 });
  let question = await askCutover(page, 'Cut over');
  await question.getByLabel('In a maintenance window').check();
  await question.getByRole('combobox', { name: 'Maintenance window' }).selectOption('night');
  await question.getByRole('button', { name: 'Plan the cutover' }).click();
  const next = page.getByTestId('next');
  await expect(next).toContainText('is planned: in the maintenance window night. admin approved it');
  await expect(page.getByText('The cutover is approved. Waits for the maintenance window night')).toBeVisible();
  await expect(state(page)).toHaveAttribute('data-state', 'clone_ready');

  // A window that a cutover waits for is not removed; the refusal says so where it was asked.
  await navigate(page, 'Schedule');
  await expect(page.locator('tr[data-planned="lpar71"]')).toContainText('in the maintenance window night');
  await page.getByRole('button', { name: 'Remove night' }).click();
  const removal = dialog(page, 'Remove the window night');
  await removal.getByRole('button', { name: 'Remove' }).click();
  await expect(removal.getByTestId('problem')).toHaveAttribute('data-code', 'ND0304');
  await removal.getByRole('button', { name: 'Not now' }).click();

  // It is taken back, and planned again for a time.
  await open(page, `/migrations/${id}`);
  await page.getByRole('button', { name: 'Take the cutover back' }).click();
  await dialog(page, 'Take the cutover back').getByRole('button', { name: 'Take the cutover back' }).click();
  await expect(next).toContainText('until somebody cuts over');
  question = await askCutover(page, 'Cut over');
  await question.getByLabel('Not before a time').check();
  await question.getByLabel('Not before (UTC)').fill('2020-01-01T00:00');
  await question.getByRole('button', { name: 'Plan the cutover' }).click();
  await expect(question.getByRole('alert')).toContainText('Has passed');
  await expect(question.getByLabel('Not before (UTC)')).toHaveValue('2020-01-01T00:00');
  await question.getByLabel('Not before (UTC)').fill('2099-01-01T00:00');
  await question.getByRole('button', { name: 'Plan the cutover' }).click();
  await expect(next).toContainText('is planned: not before 2099-01-01 00:00 UTC');

  // Nothing waits for the window any more.
  await navigate(page, 'Schedule');
  await page.getByRole('button', { name: 'Remove night' }).click();
  await removal.getByRole('button', { name: 'Remove' }).click();
  await expect(night).toHaveCount(0);

  // And now it is cut over at once.
  await open(page, `/migrations/${id}`);
  question = await askCutover(page, 'Cut over now, or at another time');
  await question.getByLabel('Now', { exact: true }).check();
  await question.getByRole('button', { name: 'Cut over', exact: true }).click();
  await expect(state(page)).toHaveAttribute('data-state', 'verified', { timeout: 90_000 });
});

test('blackouts, groups and limits are kept, and what is wrong is said beside its field', async ({ signedIn: page }) => {
  await navigate(page, 'Schedule');
  await page.getByRole('button', { name: 'Add a blackout' }).click();
  const blackout = dialog(page, 'Add a blackout');
  await blackout.getByLabel('Why').fill('year end');
  await blackout.getByLabel('From (UTC)').fill('2099-01-02T00:00');
  await blackout.getByLabel('Until (UTC)').fill('2099-01-01T00:00');
  await blackout.getByRole('button', { name: 'Add it' }).click();
  await expect(blackout.locator('label', { hasText: 'Until' }).getByRole('alert')).toHaveText('Must be after the start.');
  await expect(blackout.getByLabel('Until (UTC)')).toBeFocused();
  await expect(blackout.getByLabel('Why')).toHaveValue('year end');
  await expect(blackout.getByLabel('From (UTC)')).toHaveValue('2099-01-02T00:00');
  await blackout.getByLabel('Until (UTC)').fill('2099-01-03T00:00');
  await blackout.getByLabel('Only for the clients of').selectOption('nim1');
  await blackout.getByRole('button', { name: 'Add it' }).click();
  const year = page.locator('tr[data-blackout="year end"]');
  await expect(year).toContainText('2099-01-03 00:00');
  await expect(year).toContainText('nim1');
  await page.getByRole('button', { name: 'Remove year end' }).click();
  await dialog(page, 'Remove the blackout year end').getByRole('button', { name: 'Remove' }).click();
  await expect(year).toHaveCount(0);

  await page.getByRole('button', { name: 'Add a group' }).click();
  const group = dialog(page, 'Add a group');
  await group.getByLabel(/^Name/).fill('db');
  await group.getByLabel('Clients').fill('lpar71\nnobody');
  await group.getByRole('button', { name: 'Add it' }).click();
  await expect(group.locator('label', { hasText: 'Clients' }).getByRole('alert')).toHaveText('No NIM master has nobody.');
  await expect(group.getByLabel('Clients')).toHaveValue('lpar71\nnobody');
  await group.getByLabel('Clients').fill('lpar71, lpar72');
  await group.getByRole('button', { name: 'Add it' }).click();
  const db = page.locator('tr[data-group="db"]');
  await expect(db.getByRole('link')).toHaveText(['lpar71', 'lpar72']);
  await page.getByRole('button', { name: 'Add a group' }).click();
  await group.getByLabel(/^Name/).fill('db');
  await group.getByRole('button', { name: 'Add it' }).click();
  await expect(group.getByRole('alert')).toContainText('There is a group db already');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Change db' }).click();
  const change = dialog(page, 'Change the group db');
  await expect(change.getByLabel('Clients')).toHaveValue('lpar71\nlpar72');
  await change.getByLabel('At most at once').fill('2');
  await change.getByRole('button', { name: 'Change it' }).click();
  await expect(db).toContainText('2');

  const nim1 = page.locator('tr[data-master="nim1"]');
  await expect(nim1).toContainText('no pause');
  await page.getByRole('button', { name: 'Change nim1' }).click();
  const limits = dialog(page, 'Change the limits and approvals of nim1');
  await limits.getByLabel('Seconds between two starts').fill('9999');
  await limits.getByRole('button', { name: 'Change them' }).click();
  await expect(limits.getByRole('alert')).toContainText('Must be 0 to 3600');
  await limits.getByLabel('Seconds between two starts').fill('90');
  await limits.getByRole('button', { name: 'Change them' }).click();
  await expect(nim1).toContainText('1 min 30 s');

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Audit' }).click();
  for (const act of ['blackout.add', 'blackout.remove', 'group.put', 'master.change']) {
    await expect(page.getByText(act).first()).toBeVisible();
  }
});

test('a viewer sees the schedule and is offered nothing', async ({ browser, deck, signedIn: page }) => {
  await rest(page, '/windows', { name: 'night', time_zone: 'UTC', ranges: [{ days: ['sat', 'sun'], from: '22:00', to: '04:00' }] });
  await rest(page, '/blackouts', { reason: 'year end', starts_at: '2099-01-01T00:00:00Z', ends_at: '2099-01-02T00:00:00Z' });
  await rest(page, '/groups', { name: 'db', max_running: 1, clients: ['lpar71'] });
  const context = await browser.newContext({ baseURL: deck.url });
  const viewer = await context.newPage();
  await signIn(viewer, deck.url, 'vera', deck.addUser('vera', 'viewer'));
  await navigate(viewer, 'Schedule');
  await expect(viewer.locator('tr[data-window="night"]')).toContainText('Sat–Sun 22:00–04:00');
  await expect(viewer.locator('tr[data-blackout="year end"]')).toBeVisible();
  await expect(viewer.locator('tr[data-group="db"]')).toBeVisible();
  await expect(viewer.locator('tr[data-master="nim1"]')).toBeVisible();
  await expect(viewer.getByRole('main').getByRole('button')).toHaveCount(0);
  await expect(viewer.locator('dialog')).toHaveCount(0);
  await context.close();
});

for (const scheme of ['light', 'dark'] as const) {
  test(`no serious finding on the schedule and its dialogs, ${scheme}`, async ({ signedIn: page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await rest(page, '/windows', { name: 'night', time_zone: 'Europe/Berlin', ranges: [{ days: ['sat'], from: '22:00', to: '04:00' }] });
    await rest(page, '/blackouts', { reason: 'year end', starts_at: '2020-01-01T00:00:00Z', ends_at: '2099-01-02T00:00:00Z' });
    await rest(page, '/groups', { name: 'db', max_running: 1, clients: ['lpar71', 'lpar72'] });
    await open(page, '/schedule');
    const look = async (what: string) => {
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await findings(page), `${what} at ${width}`).toEqual([]);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(over, `${what}: pixels wider than the window`).toBeLessThanOrEqual(0);
      }
    };
    await look('the page');
    for (const button of ['Add a window', 'Change night', 'Remove night', 'Add a blackout', 'Add a group', 'Change nim1']) {
      await page.getByRole('button', { name: button }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
      await look(button);
      await page.keyboard.press('Escape');
    }
  });
}
