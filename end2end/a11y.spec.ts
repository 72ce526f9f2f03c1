/** Every page for everybody: no serious finding in light or dark, and a launch without a mouse. */
import { findings, tabTo } from './support/axe';
import { TARGET, fields, launch, launched, preflight } from './support/launch';
import { expect, open, test } from './support/test';

for (const scheme of ['light', 'dark'] as const) {
  test(`no serious finding on any page, ${scheme}`, async ({ browser, deck, signedIn: page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    const id = await launch(page, { client: 'lpar71', disk: 'hdisk1' });
    await expect(page.getByTestId('phase-1')).toHaveAttribute('data-state', /running|done/, { timeout: 60_000 });
    const paths = [
      '/',
      '/clients',
      '/clients/lpar71',
      '/launch?client=lpar72',
      '/launch?client=nope',
      '/migrations',
      '/campaigns',
      '/campaigns/new?clients=lpar71',
      '/schedule',
      `/migrations/${id}`,
      `/migrations/${id}/verification`,
      '/explain',
      '/audit',
      '/no-such-page',
    ];
    for (const path of paths) {
      await open(page, path);
      expect(await findings(page), path).toEqual([]);
    }
    const nobody = await browser.newContext({ colorScheme: scheme });
    const stranger = await nobody.newPage();
    await open(stranger, `${deck.url}/sign-in?error=ND0103`);
    expect(await findings(stranger), '/sign-in').toEqual([]);
    await nobody.close();
  });
}

test('a migration is launched without a mouse', async ({ signedIn: page }) => {
  await open(page, '/launch?client=lpar71');
  const form = fields(page, 'hdisk1');
  for (const [select, option] of [
    [form.lppSource, TARGET.lppSource],
    [form.spot, TARGET.spot],
  ] as const) {
    await tabTo(page, select);
    await page.keyboard.type(option);
    await expect(select).toHaveValue(option);
  }
  for (const box of [form.disk, form.licences]) {
    await tabTo(page, box);
    if (!(await box.isChecked())) await page.keyboard.press('Space');
    await expect(box).toBeChecked();
  }
  if (await preflight(page)) {
    await tabTo(page, form.acknowledge);
    await page.keyboard.press('Space');
  }
  await tabTo(page, form.launch);
  await page.keyboard.press('Enter');
  await launched(page);
});
