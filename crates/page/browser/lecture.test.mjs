// The lecture's page, used as a teacher would. PAGE is its path, OWN that of the sample network's page, STORED that of a page
// without engine, HOSTILE that of a network with a hostile name.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { browser, field, lines, pick, press, spoken, stepTo, title, withPage } from "./page.mjs";

const { PAGE, OWN, STORED, HOSTILE } = process.env;
after(() => browser.close());

test("it steps from the inputs to the gradient by mouse", () => withPage(PAGE, {}, async (page) => {
  const titles = [await title(page)];
  for (let i = 0; i < 7; i++) {
    await page.getByRole("button", { name: "Step", exact: true }).click();
    titles.push(await title(page));
  }
  assert.deepEqual(titles, [
    "A network and its weights", "Signals go to the hidden neurons", "What the hidden neurons send on",
    "Signals go to the outputs", "What comes out", "The errors of the outputs",
    "Errors go back to the hidden neurons, in shares", "How the weights would move",
  ]);
  assert.equal(await page.locator("#place").textContent(), "Step 8 of 8");
  await page.getByRole("button", { name: "Back", exact: true }).click();
  assert.equal(await title(page), titles[6]);
  await press(page, "first");
  assert.equal(await title(page), titles[0]);
}));

test("the arithmetic of the lecture is written out", () => withPage(PAGE, {}, async (page) => {
  await stepTo(page, "The errors of the outputs");
  assert.deepEqual(await lines(page), ["E[2]₁ = 1 − 0.58 = 0.42", "E[2]₂ = 1 − 0.55 = 0.45"]);
  await stepTo(page, "in shares");
  assert.deepEqual(await lines(page), [
    "E[1]₁ = 0.3/0.6 · 0.42 + 0.2/0.4 · 0.45 = 0.21 + 0.225 = 0.435",
    "E[1]₂ = 0.2/0.6 · 0.42 + 0.1/0.4 · 0.45 = 0.14 + 0.1125 = 0.2525",
    "E[1]₃ = 0.1/0.6 · 0.42 + 0.1/0.4 · 0.45 = 0.07 + 0.1125 = 0.1825",
  ]);
  assert.match(await page.locator("#step-note").textContent(), /E\[1\] is 0\.87, that of E\[2\] 0\.87: it is conserved/);
  await pick(page, "way", "simplified");
  assert.deepEqual(await lines(page), [
    "E[1]₁ = 0.3 · 0.42 + 0.2 · 0.45 = 0.126 + 0.09 = 0.216",
    "E[1]₂ = 0.2 · 0.42 + 0.1 · 0.45 = 0.084 + 0.045 = 0.129",
    "E[1]₃ = 0.1 · 0.42 + 0.1 · 0.45 = 0.042 + 0.045 = 0.087",
  ]);
  assert.match(await page.locator("#step-note").textContent(), /0\.432, that of E\[2\] 0\.87/);
  await pick(page, "way", "exact");
  const exact = await lines(page);
  assert.match(exact[0], /^E\[1\]₁ = 0\.3 · 0\.419921 · 0\.243587 \+ 0\.2 · 0\.449923 · 0\.247492 = .* = 0\.0529567$/);
  assert.match(await page.locator("#step-note").textContent(), /∂C\/∂A\[1\] = \(−0\.0529567, −0\.0315927, −0\.021364\)/);
}));

test("all three ways stand beside each other, with the gradient of the tape", () => withPage(PAGE, {}, async (page) => {
  const rows = await page.locator("#compare tbody tr").allInnerTexts();
  assert.deepEqual(rows.map((row) => row.split("\t")), [
    ["E[1]₁", "0.435", "0.216", "0.0529567", "0.0529567"],
    ["E[1]₂", "0.2525", "0.129", "0.0315927", "0.0315927"],
    ["E[1]₃", "0.1825", "0.087", "0.021364", "0.021364"],
  ]);
  const text = await page.locator("#compare").innerText();
  assert.match(text, /∂C\/∂A\[2\] = \(−0\.419921, −0\.449923\), is minus their exact error \(0\.419921, 0\.449923\)/);
}));

test("both conventions give the same numbers, and other formulas", () => withPage(PAGE, {}, async (page) => {
  const formula = () => page.locator("#step-formula math").first().evaluate((math) => math.textContent);
  const caption = () => page.locator("#numbers table").nth(2).locator("caption").textContent();
  await stepTo(page, "Signals go to the outputs");
  const [sent, sums] = [await formula(), await lines(page)];
  assert.equal(sent, "Z[2]=W[2]′A[1]");
  assert.match(await caption(), /3 × 2, a row a sender/);
  await pick(page, "rows", "receivers");
  assert.equal(await formula(), "Z[2]=W[2]A[1]");
  assert.deepEqual(await lines(page), sums);
  assert.match(await caption(), /2 × 3, a row a receiver/);
  for (const [way, letter] of [["shares", "S"], ["simplified", "W"]]) {
    await pick(page, "way", way);
    await pick(page, "rows", "senders");
    await stepTo(page, "Errors go back");
    const before = await lines(page);
    assert.equal(await formula(), `E[1]=${letter}[2]E[2]`);
    await pick(page, "rows", "receivers");
    assert.equal(await formula(), `E[1]=${letter}[2]′E[2]`);
    assert.deepEqual(await lines(page), before);
  }
}));

test("the errors may start from the exact outputs", () => withPage(PAGE, {}, async (page) => {
  await stepTo(page, "The errors of the outputs");
  await pick(page, "noted", "computed");
  assert.deepEqual(await lines(page), ["E[2]₁ = 1 − 0.580079 = 0.419921", "E[2]₂ = 1 − 0.550077 = 0.449923"]);
}));

test("weights, inputs, targets and noted outputs can be changed", () => withPage(PAGE, {}, async (page) => {
  await pick(page, "way", "simplified");
  await stepTo(page, "Errors go back");
  // Errors of 1.42 and 0.45 through the weights 0.3 and 0.2.
  await field(page, "Target 1").fill("2");
  assert.equal((await lines(page))[0], "E[1]₁ = 0.3 · 1.42 + 0.2 · 0.45 = 0.426 + 0.09 = 0.516");
  await field(page, "Noted output 2").fill("0.5");
  assert.equal((await lines(page))[0], "E[1]₁ = 0.3 · 1.42 + 0.2 · 0.5 = 0.426 + 0.1 = 0.526");
  // A weight changes what comes out, and so what would be noted: 1/(1+e^-z) with z = 0.82 in place of 0.3231.
  await page.locator("#restore").click();
  await field(page, "Weight of W[2] from 1 to 1").fill("0.8");
  const sum = 0.8 * 0.598687660112452 + 0.2 * 0.6224593312018546 + 0.1 * 0.190001566015313;
  const noted = (1 / (1 + Math.exp(-sum))).toFixed(2);
  assert.equal(await field(page, "Noted output 1").inputValue(), noted);
  assert.ok((await lines(page))[0].startsWith(`E[1]₁ = 0.8 · ${String(+(1 - noted).toFixed(2))} + `), (await lines(page))[0]);
  // The drawing follows.
  assert.ok((await page.locator("#stage title").allTextContents()).includes("W[2], from 1 to 1: 0.8"));
  await field(page, "Input 2").fill("−3,5e-1");
  await stepTo(page, "Signals go to the hidden neurons");
  assert.equal((await lines(page))[0], "Z[1]₁ = 0.3 · 1 + 0.2 · (−0.35) = 0.23");
  await page.locator("#restore").click();
  assert.equal((await lines(page))[0], "Z[1]₁ = 0.3 · 1 + 0.2 · 0.5 = 0.4");
  assert.equal(await field(page, "Noted output 1").inputValue(), "0.58");
}));

test("wrong input is named, and changes nothing", () => withPage(PAGE, {}, async (page) => {
  await pick(page, "way", "simplified");
  await stepTo(page, "Errors go back");
  const before = await lines(page);
  const weight = field(page, "Weight of W[2] from 1 to 1");
  const problem = page.locator("#problem");
  for (const [text, reason] of [
    ["", "There is no number"], ["abc", "“abc” is not a number"], ["1e999", "too large"], ["1e151", "too large"],
    ["NaN", "is not a number"], ["0x10", "is not a number"], ["1 2", "is not a number"], ["<img src=x>", "is not a number"],
    ["9".repeat(5000), "too large"], ["--1", "is not a number"], ["1.2.3", "is not a number"],
  ]) {
    await weight.fill(text);
    assert.equal(await weight.getAttribute("aria-invalid"), "true", text);
    assert.match(await problem.textContent(), new RegExp(`^Weight of W\\[2\\] from 1 to 1: .*${reason}`), text);
    assert.deepEqual(await lines(page), before, text);
  }
  await weight.press("Escape");
  assert.equal(await weight.inputValue(), "0.3");
  assert.equal(await weight.getAttribute("aria-invalid"), null);
  assert.equal(await problem.textContent(), "");
  await field(page, "Noted output 1").fill("1.5");
  assert.match(await problem.textContent(), /lies between 0 and 1/);
  await page.locator("#restore").click();
  assert.equal(await problem.textContent(), "");
  assert.deepEqual(await lines(page), before);
}));

test("numbers of all sizes are shown, and those beyond all limits refused with a reason", () => withPage(PAGE, {}, async (page) => {
  for (const x of ["1e150", "-1e150", "1e-300", "0", "-0", "123456789.123456789", "5e-324"]) {
    for (const name of ["Weight of W[1] from 1 to 1", "Weight of W[2] from 1 to 1", "Input 1", "Target 2"]) {
      await field(page, name).fill(x);
    }
    await press(page, "last");
    assert.doesNotMatch(await page.locator("body").innerText(), /NaN|Infinity|undefined|null|\[object/);
    await page.locator("#restore").click();
  }
  // A column that adds up to zero has no shares.
  await field(page, "Weight of W[2] from 1 to 1").fill("-0.3");
  await press(page, "last");
  assert.equal(await title(page), "The split by shares ends here");
  assert.match(await page.locator("#step-text").textContent(), /neuron 1 of layer 2 add up to zero/);
  assert.ok(await page.locator("#learn-step").isDisabled());
  await pick(page, "way", "simplified");
  await press(page, "last");
  assert.equal(await title(page), "How the weights would move");
}));

test("a step of learning by the exact way goes down", () => withPage(PAGE, {}, async (page) => {
  await pick(page, "way", "exact");
  let before = 0.1893819;
  for (let i = 0; i < 5; i++) {
    await page.locator("#learn-step").click();
    const [, from, to] = (await page.locator("#learn-cost").textContent()).match(/^C went down: (\S+) → (\S+)$/);
    assert.ok(Math.abs(Number(from) - before) < 1e-6 && Number(to) < Number(from));
    before = Number(to);
  }
  await page.locator("#restore").click();
  assert.equal(await page.locator("#learn-cost").textContent(), "C = 0.189382");
}));

test("everything works by keyboard, and is spoken", () => withPage(PAGE, {}, async (page) => {
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the current step");
  await page.keyboard.press("Enter");
  for (let i = 0; i < 6; i++) await page.keyboard.press("ArrowRight");
  assert.match(await spoken(page), /^Step 7 of 8\. Errors go back to the hidden neurons, in shares\. error 1 of layer 1 is 0\.3 divided by 0\.6 times 0\.42 plus .* which is 0\.435\./);
  await page.keyboard.press("ArrowLeft");
  assert.match(await spoken(page), /^Step 6 of 8\. The errors of the outputs\. error 1 of layer 2 is 1 minus 0\.58, which is 0\.42\./);
  await page.keyboard.press("End");
  assert.match(await spoken(page), /^Step 8 of 8/);
  await page.keyboard.press("Home");
  assert.match(await spoken(page), /^Step 1 of 8/);
  // Every control can be reached, in the order of the page, and the focus can be seen.
  const order = [];
  await page.evaluate(() => document.activeElement.blur());
  await page.locator("#theme").focus();
  for (let i = 0; i < 90; i++) {
    order.push(await page.evaluate(() => {
      const { activeElement: focused } = document;
      return focused.id || focused.name || focused.dataset.neuron || focused.getAttribute("aria-label") || focused.className || focused.localName;
    }));
    await page.keyboard.press("Tab");
    if (order.at(-1) === "Comparison") break;
  }
  const places = ["theme", "way", "rows", "noted", "0-0", "1-2", "2-1", "next", "play", "restore", "Input 1", "Weight of W[1] from 1 to 1",
    "Weight of W[2] from 3 to 2", "Target 1", "Noted output 2", "learn-step", "learn-rate", "Comparison"].map((name) => order.indexOf(name));
  assert.ok(places.every((place, i) => place >= 0 && (i === 0 || place > places[i - 1])), order.join(", "));
  // A neuron is chosen with Enter, and stays focused while it is drawn anew.
  await press(page, "last");
  await press(page, "previous");
  await page.locator("[data-neuron='1-1']").focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.neuron), "1-1");
  assert.equal(await page.locator("[data-neuron='1-1']").getAttribute("aria-pressed"), "true");
  assert.match(await page.locator("#step-lines .chosen").textContent(), /^E\[1\]₂/);
  // Keys in a field are the field's.
  await field(page, "Input 1").focus();
  const before = await title(page);
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  assert.equal(await title(page), before);
}));

test("it plays by itself, and pauses", () => withPage(PAGE, {}, async (page) => {
  await page.locator("#play").click();
  assert.equal(await page.locator("#play").textContent(), "Pause");
  assert.equal(await page.locator("#place").textContent(), "Step 2 of 8");
  await page.waitForFunction(() => document.getElementById("place").textContent === "Step 3 of 8");
  await press(page, "next");
  assert.equal(await page.locator("#play").getAttribute("aria-pressed"), "false");
}));

test("whoever asks for less motion gets none, others see the signals run", async () => {
  // Pressed and counted at once: a slow machine might count when they have arrived.
  const points = (page) => page.evaluate(() => {
    document.getElementById("next").click();
    return document.querySelectorAll("#stage .pulse").length;
  });
  await withPage(PAGE, {}, async (page) => {
    assert.equal(await points(page), 0);
  });
  await withPage(PAGE, { reducedMotion: "no-preference" }, async (page) => {
    assert.equal(await points(page), 6);
    await page.waitForFunction(() => document.querySelectorAll("#stage .pulse").length === 0);
  });
});

test("everything has a name", () => withPage(PAGE, {}, async (page) => {
  await press(page, "last");
  const unnamed = await page.evaluate(() => [...document.querySelectorAll("button, input, select, [role=button], [role=group], [role=region], table, section, fieldset, svg")]
    .filter((node) => {
      const text = (id) => document.getElementById(id)?.textContent.trim();
      const label = node.getAttribute("aria-label") || text(node.getAttribute("aria-labelledby")) || node.labels?.[0]?.textContent.trim()
        || node.querySelector("caption, legend")?.textContent.trim() || (node.matches("button") && node.textContent.trim());
      return !label;
    }).map((node) => node.outerHTML.slice(0, 80)));
  assert.deepEqual(unnamed, []);
  const tree = await page.locator("body").ariaSnapshot();
  for (const part of [
    'heading "Back-propagation, step by step" [level=1]', 'radio "with normaliser" [checked]', 'radio "a receiver: Z = W A"',
    'group "Network of 2, 3, 2 neurons"', 'button "Hidden neuron 1 of layer 1, sum 0.4, signal 0.598688, error 0.435"',
    'button "Output 2, sum 0.200984, signal 0.550077, target 1, error 0.45"', 'textbox "Weight of W[1] from 2 to 3": "-0.5"',
    'rowheader "from 1"', 'columnheader "to 2"', 'status', 'button "Step 7: Errors go back to the hidden neurons, in shares"',
  ]) assert.ok(tree.includes(part), `${part} is not in\n${tree}`);
}));

test("a network of one's own", () => withPage(OWN, {}, async (page) => {
  assert.match(await page.locator("h1").textContent(), /my-network\.toml$/);
  await pick(page, "way", "exact");
  await press(page, "last");
  assert.equal(await title(page), "The gradient");
  await pick(page, "way", "simplified");
  assert.match(await page.locator("#step-note").textContent(), /is 0\.9862388/);
}));

test("a page without engine shows all and edits nothing", () => withPage(STORED, {}, async (page) => {
  assert.match(await page.locator("#notice").textContent(), /rustup target add wasm32-unknown-unknown/);
  await stepTo(page, "in shares");
  assert.ok((await lines(page))[0].endsWith("= 0.435"));
  await pick(page, "way", "simplified");
  await pick(page, "rows", "receivers");
  assert.ok((await lines(page))[0].endsWith("= 0.216"));
  await pick(page, "noted", "computed");
  assert.ok(!(await lines(page))[0].endsWith("= 0.216"));
  assert.ok(!(await field(page, "Input 1").isEditable()));
  assert.ok(await page.locator("#learn").isHidden());
}));

test("a hostile name is a name", () => withPage(HOSTILE, {}, async (page) => {
  assert.match(await page.locator("h1").textContent(), /<img src=x onerror=alert\(1\)>/);
  assert.equal(await page.locator("img").count(), 0);
}));
