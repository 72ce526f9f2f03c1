/**
 * The whole line in a real browser: sign in, pick a client, launch, watch twelve phases and the log, cut over, and see
 * after the reboot that the new system runs. Two more browsers watch the same run under worse conditions.
 */
import type { Page } from '@playwright/test';
import { launch } from './support/launch';
import { Line } from './support/proxy';
import { another, expect, open, shownLines, signIn, state, storedLines, test, watchFaults } from './support/test';

const PHASES = Array.from({ length: 12 }, (_, index) => index + 1);
const RUN = 8 * 60_000;

/** How often the page has said that it reconnects: seen by the page itself, for it may be over before anybody asks. */
async function countReconnects(page: Page): Promise<() => Promise<number>> {
  await page.getByTestId('stream').evaluate((stream) => {
    const said = (): boolean => stream.getAttribute('data-status') === 'reconnecting';
    stream.setAttribute('data-reconnects', '0');
    new MutationObserver(() => {
      if (said()) stream.setAttribute('data-reconnects', String(Number(stream.getAttribute('data-reconnects')) + 1));
    }).observe(stream, { attributeFilter: ['data-status'] });
  });
  return async () => Number(await page.getByTestId('stream').getAttribute('data-reconnects'));
}

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

  // A third browser, over a line that is cut up to ten times while the log grows.
  const line = await Line.to(deck.port);
  const cutContext = await browser.newContext();
  const cutFaults = watchFaults(cutContext);
  const cut = await another(cutContext, line.url);
  await cut.goto(`${line.url}/migrations/${id}`);
  await expect(cut.getByTestId('stream')).toHaveAttribute('data-status', /live|catching-up/);
  const reconnects = await countReconnects(cut);
  const unlucky = (async () => {
    const stream = cut.getByTestId('stream');
    const ended = async () => (await stream.getAttribute('data-status')) === 'ended';
    let cuts = 0;
    while (cuts < 10) {
      await expect(stream).toHaveAttribute('data-status', /live|catching-up|ended/, { timeout: 60_000 });
      // The run may be over before the tenth cut: how fast a browser comes back depends on the machine.
      if (await ended()) break;
      const before = await reconnects();
      cuts += line.cut() > 0 ? 1 : 0;
      await expect.poll(async () => (await ended()) || (await reconnects()) > before, { timeout: 15_000 }).toBe(true);
    }
    expect(cuts, 'cuts while the log grew').toBeGreaterThan(2);
  })();

  // A second browser comes in phase 6.
  await expect(page.getByTestId('phase-6')).toHaveAttribute('data-state', 'running', { timeout: RUN });
  const lateContext = await browser.newContext();
  const lateFaults = watchFaults(lateContext);
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
    await expect(viewer.getByTestId('log')).toHaveAttribute('data-line-count', String(stored.length));
    await expect(viewer.getByTestId('stream')).toHaveAttribute('data-status', 'ended');
  }
  expect([...lateFaults, ...cutFaults]).toEqual([]);
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
  expect(loads, 'the page was loaded again').toEqual([]);
  // Whoever only watches sees it too.
  await expect(state(late)).toHaveAttribute('data-state', 'verified');
  await lateContext.close();

  // lspv and bootlist prove it.
  await page.getByRole('link', { name: 'Verification' }).click();
  await expect(page).toHaveURL(`/migrations/${id}/verification`);
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

test('a failure in phase 1 names the phase, the cause and what to do', async ({ deck, signedIn: page }) => {
  deck.scenario('lpar71', 'target-disk-in-vg');
  await launch(page, { client: 'lpar71', disk: 'hdisk1' });
  await expect(state(page)).toHaveAttribute('data-state', 'failed_clean', { timeout: 60_000 });
  await expect(page.getByRole('main')).toContainText('Failed, cleaned up');
  const failure = page.getByTestId('failure');
  await expect(failure).toContainText('Failed in phase 1');
  await expect(failure).toContainText('0505-126');
  await expect(failure).toContainText('What to do:');
  await expect(page.getByTestId('phase-1')).toHaveAttribute('data-state', 'failed');
  await expect(page.getByTestId('phase-2')).toHaveAttribute('data-state', 'skipped');
  await expect(page.getByTestId('log')).toContainText('0505-126');
  await expect(page.getByTestId('stream')).toHaveAttribute('data-status', 'ended');
  await expect(page.getByRole('button', { name: 'Retry' })).toBeEnabled();

  // It is still so for somebody who comes later.
  await page.reload();
  await expect(failure).toContainText('Failed in phase 1');
  await expect(page.getByTestId('stream')).toHaveAttribute('data-status', 'ended');
});

test('a wrong password is refused without saying which part was wrong', async ({ page }) => {
  await open(page, '/sign-in');
  await page.getByLabel('User name').fill('admin');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('The name or the password is wrong');
  await expect(page).toHaveURL(/sign-in/);
});

test('a viewer is offered nothing that changes anything, and an unknown client is named', async ({ deck, page }) => {
  await signIn(page, '', 'wendy', deck.addUser('wendy', 'viewer'));
  for (const path of ['/', '/clients', '/clients/lpar71']) {
    await open(page, path);
    await expect(page.getByRole('main').getByText('lpar71').or(page.getByText('NIM masters')).first()).toBeVisible();
    await expect(page.getByRole('link', { name: /Migrate|Launch/ })).toHaveCount(0);
    await expect(page.getByRole('button', { name: /Refresh/ })).toHaveCount(0);
  }
  await page.goto('/launch?client=lpar71');
  await expect(page.getByTestId('problem')).toContainText('ND0102');

  await page.context().clearCookies();
  await signIn(page);
  expect((await page.goto('/launch?client=nope'))?.status()).toBe(404);
  await expect(page.getByTestId('problem')).toContainText('No NIM master has a client nope');
});
