// A browser, and a page in it that is watched: no error, no word on the console, nothing loaded.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

/** Opens a file for the time of `use`. */
export async function withPage(file, options, use) {
  const { width = 1366, height = 768, ...rest } = options;
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: "reduce", ...rest });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const seen = [];
  page.on("console", (message) => seen.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => seen.push(`error: ${error}`));
  page.on("request", (request) => {
    if (request.url() !== `file://${file}` && !request.url().startsWith("data:")) seen.push(`request: ${request.url()}`);
  });
  page.on("dialog", (dialog) => seen.push(`dialog: ${dialog.message()}`));
  try {
    await page.goto(`file://${file}`);
    await page.waitForSelector("#main:not([hidden]), #notice:not([hidden])");
    await use(page);
    assert.deepEqual(seen, []);
  } finally {
    await context.close();
  }
}

/** The lines of arithmetic. */
export const lines = (page) => page.locator("#step-lines li").allTextContents();
export const title = (page) => page.locator("#step-title").textContent();
export const spoken = (page) => page.locator("#live").textContent();

/** Presses a button of the steps, without the mouse, which takes its time. (At the ends they stay pressable, and do nothing;
 *  Playwright's own click would wait for them.) */
export const press = (page, id) => page.locator(`#${id}`).evaluate((button) => button.click());

/** Steps on until a step has this in its title. */
export async function stepTo(page, part) {
  await press(page, "first");
  for (let i = 0; i < 200 && !(await title(page)).includes(part); i++) await press(page, "next");
  assert.ok((await title(page)).includes(part), `no step is called ${part}`);
}

export const pick = (page, name, value) => page.locator(`input[name=${name}][value=${value}]`).check({ force: true });
export const field = (page, name) => page.getByLabel(name, { exact: true });
