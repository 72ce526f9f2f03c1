import base from './playwright.config';

/** `npm run screenshots`: the pictures of the README, from the real pages. */
export default { ...base, testMatch: 'screenshots.ts', use: { ...base.use, trace: 'off' as const, deviceScaleFactor: 1.33 } };
