// Networks of other shapes: one layer, 64 layers, wide ones, zeros, outputs without inputs, outputs that contradict the
// inputs; each with and without the engine. ODD is the directory of their pages.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, test } from "node:test";
import { browser, field, lines, pick, press, title, withPage } from "./page.mjs";

const { ODD } = process.env;
after(() => browser.close());

for (const name of readdirSync(ODD).filter((name) => name.endsWith(".html"))) {
  test(`${name} can be stepped through by every way`, () => withPage(`${ODD}/${name}`, { width: 360 }, async (page) => {
    for (const way of ["shares", "simplified", "exact"]) {
      if (way === "exact" && !(await page.locator("#way-exact").isVisible())) continue;
      await pick(page, "way", way);
      for (const rows of way === "exact" ? ["receivers"] : ["senders"]) {
        await pick(page, "rows", rows);
        await press(page, "first");
        for (let i = 0; i < 8; i++) {
          const text = await page.locator("body").innerText();
          assert.doesNotMatch(text, /NaN|Infinity|undefined|null|\[object|function/);
          await press(page, "next");
        }
        await press(page, "last");
        await page.locator("[data-neuron='0-0']").click();
        assert.match(await page.locator("#place").textContent(), /^Step (\d+) of \1$/);
        const [content, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
        assert.ok(content <= room, `${content} > ${room}`);
      }
    }
  }));
}

test("outputs without inputs: the errors go back from them", () => withPage(`${ODD}/outputs.html`, {}, async (page) => {
  assert.ok(await page.locator("#way-exact").isHidden());
  assert.ok(await page.locator("#learn").isHidden());
  await press(page, "next");
  assert.deepEqual(await lines(page), ["E[2]₁ = 1 − 0.25 = 0.75", "E[2]₂ = 0 − 0.75 = −0.75"]);
  await field(page, "Noted output 1").fill("0.5");
  assert.equal((await lines(page))[0], "E[2]₁ = 1 − 0.5 = 0.5");
  assert.match(await page.locator("#compare").innerText(), /Without inputs there are no signals/);
}));

test("outputs that contradict the inputs are named", () => withPage(`${ODD}/contradiction.html`, {}, async (page) => {
  while ((await title(page)) !== "The errors of the outputs") await press(page, "next");
  assert.match(await page.locator("#step-note").textContent(), /The noted outputs are not the computed ones, which would be rounded to 0\.5, 0\.5\./);
}));

test("of a wide network the first and the last neurons are drawn, and can be edited", () => withPage(`${ODD}/wide.html`, {}, async (page) => {
  assert.equal(await page.locator("#stage .neuron").count(), 7 * 3);
  assert.ok((await page.locator("#stage .gap").allTextContents()).includes("⋮ 33 more"));
  await field(page, "Weight of W[1] from 40 to 30").fill("2.5");
  assert.equal(await page.locator("#problem").textContent(), "");
  // The links of a chosen neuron have labels where all of them would be too many.
  assert.equal(await page.locator("#stage .editable").count(), 0);
  await page.locator("[data-neuron='1-29']").click();
  assert.equal(await page.locator("#stage .editable").count(), 14);
}));
