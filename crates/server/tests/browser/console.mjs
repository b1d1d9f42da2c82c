// What every journey through the console needs: a browser, pictures, and the test on the other side of stdin.
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks the test to act on the world and waits until it has. */
export async function act(what) {
  process.stdout.write(`do ${what}\n`);
  const { value, done } = await answers.next();
  if (done || value !== 'done') throw new Error(`the test ended while asked to ${what}`);
}

/** Opens a browser, runs the journey, and fails on any script error or refused resource on the way. */
export async function travel(journey) {
  const scenery = JSON.parse(process.argv[2]);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const complaints = [];
  try {
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
    page.on('console', (message) => {
      // A form that is sent back with its mistakes is a 422; the browser calls that an error.
      if (message.type() === 'error' && !message.text().includes('422')) complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(scenery.base) && !request.url().startsWith('data:')) complaints.push(`outside: ${request.url()}`);
    });
    await journey(page, scenery);
  } finally {
    await browser.close();
  }
  if (complaints.length) throw new Error(`the browser complained:\n${complaints.join('\n')}`);
  process.exit(0);
}

/** Pictures of the present page in light, dark and phone width, for people to look at. */
export async function pictures(page, scenery, name) {
  mkdirSync(scenery.shots, { recursive: true });
  const before = page.viewportSize();
  for (const [look, scheme, width] of [['light', 'light', 1280], ['dark', 'dark', 1280], ['phone', 'light', 390]]) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: `${scenery.shots}/${name}-${look}.png`, fullPage: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    if (wide) throw new Error(`${name} is wider than its window at ${width} px`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(before);
}
