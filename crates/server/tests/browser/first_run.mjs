// From the printed address to a delivered alert and its recovery, through the browser alone.
import { act, pictures, travel } from './console.mjs';

await travel(async (page, scenery) => {
  const button = (name) => page.getByRole('button', { name, exact: true });
  const link = (name) => page.getByRole('link', { name, exact: true });
  const field = (name) => page.getByLabel(name, { exact: true });

  // The administrator.
  await page.goto(scenery.setup);
  await field('Mail address').fill('admin@example.org');
  await field('Password').fill('correct horse battery staple');
  await field('Repeat the password').fill('correct horse battery staple');
  await button('Create account').click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  await pictures(page, scenery, 'overview-empty');

  // Mail: what is pasted fills the form, what rarely goes together is said while typing and put right by a click.
  await page.goto(`${scenery.base}/settings/mail`);
  await field('Server').evaluate((input) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text', 'smtps://me%40example.org:a%2Bb@mail.example.org:465');
    input.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  });
  await page.waitForFunction(() => document.querySelector('[name=password]').value === 'a+b');
  if (await field('Server').inputValue() !== 'mail.example.org') throw new Error('the pasted address was not taken apart');
  await page.getByRole('radio', { name: 'STARTTLS' }).check();
  await button('Use TLS').waitFor();
  // A whole address is not asked about while it is typed: its password would stand in the address of the question.
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await field('Server').fill('smtps://me:a-secret@mail.example.org');
  await button('Use TLS').waitFor({ state: 'hidden' });
  if (asked.some((url) => url.includes('a-secret'))) throw new Error(`a password was asked about: ${asked}`);
  await field('Server').fill('mail.example.org');
  await button('Use TLS').click();
  await page.getByRole('radio', { name: 'TLS', exact: true }).and(page.locator(':checked')).waitFor();
  await field('User name').fill('');
  await field('Password').fill('');

  // First a server that is not there, then the right one; both tests are watched without leaving the page.
  await field('Server').fill('127.0.0.1');
  await field('Port').fill('1');
  await page.getByRole('radio', { name: 'No encryption' }).check();
  await field('From address').fill('watchbell@example.org');
  await field('Send the test to').fill('admin@example.org');
  await button('Test and save').click();
  await page.getByRole('alert').first().waitFor();
  await pictures(page, scenery, 'mail-refused');
  await field('Port').fill(String(scenery.smtpPort));
  await button('Test and save').click();
  const inUse = page.getByRole('complementary', { name: 'In use now' });
  await inUse.getByText(`127.0.0.1:${scenery.smtpPort}`).waitFor();
  await page.getByText('The settings are saved as revision 1').waitFor();
  await inUse.getByRole('button').click();
  // The card of this test takes the place of the one that saved, however fast the server is.
  await page.getByText('The settings are saved as revision 1').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'What helps mail to arrive' }).waitFor();
  await pictures(page, scenery, 'mail-accepted');

  // Who hears of it.
  await page.goto(`${scenery.base}/channels/new?kind=email`);
  await field('Name').fill('On call');
  await page.getByRole('textbox', { name: 'To', exact: true }).fill('oncall@example.org');
  await button('Add channel').click();
  await page.goto(`${scenery.base}/channels/new?kind=webhook`);
  await field('Name').fill('Chat bridge');
  await field('Address').fill(scenery.hook);
  await button('Add channel').click();
  await page.getByText('whsec_').waitFor();
  await link('I have copied it').click();
  await page.goto(`${scenery.base}/channels`);
  await pictures(page, scenery, 'channels');

  // What is watched.
  await page.goto(`${scenery.base}/monitors/new?kind=http`);
  await field('Name').fill('Shop');
  await field('Address').fill('shop.example');
  await button('Start watching').click();
  await page.getByRole('alert').waitFor();
  await field('Address').fill(scenery.target);
  await field('Interval').fill('1s');
  await field('Re-check after').fill('500ms');
  await page.getByRole('checkbox', { name: 'On call' }).check();
  await page.getByRole('checkbox', { name: 'Chat bridge' }).check();
  await button('Start watching').click();
  await until(page, `${scenery.base}/`, 'Up');
  await link('Shop').first().click();
  const monitor = page.url();
  await button('Check now').click();
  await page.getByText('127.0.0.1').first().waitFor();
  await pictures(page, scenery, 'check');

  // It dies, and people hear of it.
  await act('close-target');
  await act('expect-alert');
  await page.goto(`${scenery.base}/`);
  await page.getByText('Connection refused').first().waitFor();
  await pictures(page, scenery, 'overview-down');
  await page.goto(monitor);
  await pictures(page, scenery, 'monitor-down');

  // It comes back.
  await act('open-target');
  await act('expect-recovery');
  await until(page, monitor, 'Up');
  await pictures(page, scenery, 'monitor-up');
  await page.goto(`${scenery.base}/incidents`);
  await pictures(page, scenery, 'incidents');
  await link('Shop').first().click();
  await pictures(page, scenery, 'incident');
  await page.goto(`${scenery.base}/deliveries`);
  await page.getByText('oncall@example.org').first().waitFor();
  await pictures(page, scenery, 'deliveries');
});

/** Pages are read anew until one shows the status. */
async function until(page, url, status) {
  for (let tries = 0; tries < 40; tries += 1) {
    await page.goto(url);
    if (await page.getByText(status, { exact: true }).first().isVisible()) return;
    await page.waitForTimeout(500);
  }
  throw new Error(`${url} never showed ${status}`);
}
