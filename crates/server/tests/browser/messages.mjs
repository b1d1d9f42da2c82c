// Settings > Messages in a real browser: the preview follows what is typed, and the HTML part opens under its own policy.
import { pictures, travel } from './console.mjs';

await travel(async (page, scenery) => {
  await page.goto(scenery.setup);
  await page.getByLabel('Mail address', { exact: true }).fill('admin@example.org');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery staple');
  await page.getByLabel('Repeat the password', { exact: true }).fill('correct horse battery staple');
  await page.getByRole('button', { name: 'Create account', exact: true }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();

  await page.goto(`${scenery.base}/settings/messages`);
  const preview = page.locator('#preview');
  await preview.getByText('[DOWN] Web shop').waitFor();
  await page.getByLabel('Own subject').fill('{{status}} at {{monitor}}');
  await preview.getByText('DOWN at Web shop').waitFor();
  await page.getByLabel('Message about').selectOption('incident.resolved');
  await preview.getByText('UP at Web shop').waitFor();
  await page.getByLabel('Own subject').fill('{{nope}}');
  await preview.getByText('There is no placeholder {{nope}}').waitFor();
  await page.getByLabel('Own subject').fill('');
  await page.getByLabel('One conversation for each incident').check();
  await page.getByLabel('Added note').fill('Runbook of {{monitor}}:\nhttps://wiki.example/{{kind}}');
  await preview.getByText('Re: Incident #42: Web shop').waitFor();
  await pictures(page, scenery, 'messages');

  const [mail] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: 'Show as HTML' }).click(),
  ]);
  await mail.getByRole('heading', { name: 'Web shop is up again' }).waitFor();
  const ground = await mail.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor);
  if (ground !== 'rgb(243, 244, 247)') throw new Error(`the styles of the mail do not apply: ${ground}`);
  await pictures(mail, scenery, 'mail');
  await mail.close();

  // The form is still there to be sent.
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('The next message is worded so').waitFor();
  await preview.getByText('Runbook of Web shop:').waitFor();
});
