/** `test` with a server of its own for every test, and what the pages promise to scripts. */
import { type BrowserContext, type Page, test as base, expect } from '@playwright/test';
import { PASSWORD, Server } from './server';

export { expect };

/** What a page must never say: errors of scripts, pages that do not fit what the server sent, refusals of its policy. */
const FAULTS = /panicked|hydrat|Content.Security.Policy|RuntimeError|unreachable/i;

interface Deck {
  /** How many times faster than life the lab is. */
  labSpeed: number;
  /** The running program. */
  deck: Server;
  /** A page of somebody who is signed in. */
  signedIn: Page;
}

export const test = base.extend<Deck>({
  labSpeed: [300, { option: true }],
  deck: async ({ labSpeed }, use, info) => {
    const server = await Server.start(labSpeed);
    await use(server);
    if (info.status !== info.expectedStatus) {
      await info.attach('server.log', { body: server.log, contentType: 'text/plain' });
    }
    await server.stop();
  },
  baseURL: async ({ deck }, use) => use(deck.url),
  context: async ({ context }, use) => {
    const faults = watchFaults(context);
    await use(context);
    expect(faults, 'faults in the console').toEqual([]);
  },
  signedIn: async ({ page }, use) => {
    await signIn(page);
    await use(page);
  },
});

/** The faults that pages of this browser report from now on. */
export function watchFaults(context: BrowserContext): string[] {
  const faults: string[] = [];
  context.on('weberror', (error) => faults.push(String(error.error())));
  context.on('console', (message) => {
    if (FAULTS.test(message.text())) faults.push(message.text());
  });
  return faults;
}

/** The page answers: the program in the browser has taken over. */
export async function live(page: Page): Promise<void> {
  await expect(page.locator('[data-hydrated]').first()).toBeAttached();
}

/** Opens a page and waits until it answers. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await live(page);
}

/** Signs in by the form, as the user of the first start or as somebody else. */
export async function signIn(page: Page, origin = '', name = 'admin', password = PASSWORD): Promise<void> {
  await open(page, `${origin}/sign-in`);
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((url) => url.pathname !== '/sign-in');
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await live(page);
}

/** Another browser, signed in at `origin`. */
export async function another(context: BrowserContext, origin: string): Promise<Page> {
  const page = await context.newPage();
  await signIn(page, origin);
  return page;
}

/** The state of the migration that the page shows. */
export function state(page: Page) {
  return page.getByTestId('state').first();
}

/** The lines of the log as the server has them. */
export async function storedLines(page: Page, url: string, id: string): Promise<string[]> {
  const answer = await page.request.get(`${url}/api/v1/migrations/${id}/log`);
  expect(answer.status()).toBe(200);
  const lines = (await answer.text()).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/**
 * The lines of the log as the page shows them, from the first to the last. The page keeps only a window of them in the
 * document, so this scrolls through; a line shown twice is an error.
 */
export async function shownLines(page: Page): Promise<string[]> {
  return page.getByTestId('log').evaluate(async (log) => {
    const last = Number(log.dataset.lastLine);
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const rows = (number: number) => log.querySelectorAll<HTMLElement>(`[data-line="${number}"]:not(.absent)`);
    const height = log.querySelector<HTMLElement>('[data-line]')?.offsetHeight ?? 20;
    const lines: string[] = [];
    log.scrollTop = 0;
    while (lines.length < last) {
      const number = lines.length + 1;
      const deadline = performance.now() + 10_000;
      let found = rows(number);
      while (found.length === 0) {
        if (performance.now() > deadline) throw new Error(`line ${number} of ${last} is not shown`);
        log.scrollTop = (number - 1) * height;
        await frame();
        found = rows(number);
      }
      if (found.length > 1) throw new Error(`line ${number} is shown ${found.length} times`);
      // A page from the server has one blank in an empty line: without a text node there would be nothing to hydrate.
      const text = found[0]?.querySelector('.row-text')?.textContent ?? '';
      lines.push(text === ' ' ? '' : text);
    }
    return lines;
  });
}
