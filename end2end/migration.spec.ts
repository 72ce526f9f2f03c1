/**
 * The whole line in a real browser: sign in, pick a client, launch, watch twelve phases and the log, cut over, and see
 * after the reboot that the new system runs. Two more browsers watch the same run under worse conditions.
 */
import { launch } from './support/launch';
import { Line } from './support/proxy';
import { another, expect, shownLines, state, storedLines, test } from './support/test';

const PHASES = Array.from({ length: 12 }, (_, index) => index + 1);
const RUN = 8 * 60_000;

test('a migration of lpar71 from 7.1 to 7.3, watched by three browsers', async ({ browser, deck, signedIn: page }) => {
  test.setTimeout(RUN + 4 * 60_000);

  const id = await launch(page, { client: 'lpar71', disk: 'hdisk1' });
  await expect(state(page)).toHaveAttribute('data-state', /queued|starting|running/);

  // Twelve phases, one after the other, on one page that is never loaded again.
  const loads: string[] = [];
  page.on('load', () => loads.push(page.url()));
  const watched = (async () => {
    for (const number of PHASES) {
      await expect(page.getByTestId(`phase-${number}`)).toHaveAttribute('data-state', /running|done/, { timeout: RUN });
    }
    await expect(state(page)).toHaveAttribute('data-state', 'clone_ready', { timeout: RUN });
  })();

  // A third browser, over a line that is cut ten times while the log grows.
  const line = await Line.to(deck.port);
  const cutContext = await browser.newContext();
  const cut = await another(cutContext, line.url);
  await cut.goto(`${line.url}/migrations/${id}`);
  await expect(cut.getByTestId('stream')).toHaveAttribute('data-status', /live|catching-up/);
  const unlucky = (async () => {
    for (let times = 0; times < 10; times += 1) {
      expect(line.cut(), 'connections that were cut').toBeGreaterThan(0);
      await expect(cut.getByTestId('stream')).toHaveAttribute('data-status', /reconnecting|ended/);
      await expect(cut.getByTestId('stream')).toHaveAttribute('data-status', /live|catching-up|ended/, { timeout: 60_000 });
    }
  })();

  // A second browser comes in phase 6.
  await expect(page.getByTestId('phase-6')).toHaveAttribute('data-state', 'running', { timeout: RUN });
  const lateContext = await browser.newContext();
  const late = await another(lateContext, deck.url);
  await late.goto(`${deck.url}/migrations/${id}`);

  await Promise.all([watched, unlucky]);
  expect(loads, 'the page was loaded again').toEqual([]);
  for (const number of PHASES) {
    await expect(page.getByTestId(`phase-${number}`)).toHaveAttribute('data-state', 'done');
  }

  const stored = await storedLines(page, deck.url, id);
  expect(stored.filter((text) => /^Executing nimadm phase \d+\.$/.test(text))).toHaveLength(12);
  for (const viewer of [page, late, cut]) {
    await expect(viewer.getByTestId('log')).toHaveAttribute('data-last-line', String(stored.length), { timeout: 60_000 });
    expect(await shownLines(viewer)).toEqual(stored);
  }
  await lateContext.close();
  await cutContext.close();
  line.close();

  // The cutover is confirmed by typing the client's name, and by nothing else.
  await page.getByRole('button', { name: 'Cut over' }).click();
  const question = page.getByRole('dialog', { name: 'Cut over' });
  const confirm = question.getByRole('button', { name: 'Cut over' });
  await expect(confirm).toBeDisabled();
  await question.getByLabel(/to confirm/).fill('lpar72');
  await expect(confirm).toBeDisabled();
  await question.getByLabel(/to confirm/).fill('lpar71');
  await confirm.click();
  await expect(state(page)).toHaveAttribute('data-state', /armed|rebooting|verifying|verified/);
  await expect(state(page)).toHaveAttribute('data-state', 'verified', { timeout: RUN });

  // lspv and bootlist prove it.
  await page.goto(`/migrations/${id}/verification`);
  await expect(page.getByTestId('verdict')).toHaveAttribute('data-verdict', 'pass');
  const main = page.getByRole('main');
  await expect(main).toContainText('7300-03-01');
  await expect(main).toContainText('7100-05-11');
  await expect(main).toContainText('old_rootvg');
  await expect(main).toContainText(/hdisk1 blv=hd5/);

  // And it is on record.
  await page.goto('/audit');
  await expect(page.getByRole('main')).toContainText('cutover');
});

test('a client has one migration at a time', async ({ signedIn: page }) => {
  await launch(page, { client: 'lpar71', disk: 'hdisk1' });
  const again = await page.request.post('/api/v1/migrations', {
    headers: { origin: new URL(page.url()).origin },
    data: {
      client: 'lpar71',
      lpp_source: 'lpp_7300_03_01',
      spot: 'spot_7300_03_01',
      target_disks: ['hdisk1'],
      cache_vg: 'nimadmvg',
      accept_licenses: true,
      acknowledge_warnings: true,
    },
  });
  expect([409, 422]).toContain(again.status());
  expect(await again.json()).toMatchObject({ code: expect.stringMatching(/^ND\d{4}$/) });
});

test('a wrong password is refused without saying which part was wrong', async ({ page }) => {
  await page.goto('/sign-in');
  await page.getByLabel('User name').fill('admin');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page).toHaveURL(/sign-in/);
});
