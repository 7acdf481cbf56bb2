// What can be measured of how it looks: contrast of every text, widths, sizes of what is pressed.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { browser, pick, press, withPage } from "./page.mjs";

const { PAGE, OWN, STORED } = process.env;
after(() => browser.close());

/** In the page: every visible text with its contrast to what is behind it (WCAG 2, 1.4.3). */
function contrasts() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  /** The first opaque thing behind an element: a shape drawn before it in its group, or the background of what it is in. */
  const behind = (element) => {
    for (let node = element; node; node = node.parentElement) {
      if (node instanceof SVGElement && node.localName !== "svg") {
        for (let shape = node.previousElementSibling; shape; shape = shape.previousElementSibling) {
          if (!["rect", "circle"].includes(shape.localName)) continue;
          const [a, b] = [shape.getBoundingClientRect(), element.getBoundingClientRect()];
          const covers = a.left <= b.left + 1 && a.right >= b.right - 1 && a.top <= b.top + 4 && a.bottom >= b.bottom - 4;
          const fill = rgba(getComputedStyle(shape).fill);
          if (covers && fill[3] === 255) return fill;
        }
        continue;
      }
      const colour = rgba(getComputedStyle(node).backgroundColor);
      if (colour[3] === 255) return colour;
      if (colour[3] !== 0) throw new Error(`half transparent: ${node.outerHTML.slice(0, 80)}`);
    }
    return rgba(getComputedStyle(document.documentElement).backgroundColor);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const elements = new Set(document.querySelectorAll("input[type=text], select"));
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.textContent.trim()) elements.add(node.parentElement);
  }
  for (const element of elements) {
    if (element.matches("script, style, title, option, noscript, noscript *") || !element.checkVisibility()) continue;
    if (element.closest(".hidden, .skip")) continue;
    const style = getComputedStyle(element);
    const isDrawn = element instanceof SVGElement;
    const text = rgba(isDrawn ? style.fill : style.color);
    let opacity = text[3] / 255;
    for (let node = element; node; node = node.parentElement) opacity *= Number(getComputedStyle(node).opacity);
    const back = behind(element);
    const mixed = text.slice(0, 3).map((c, i) => opacity * c + (1 - opacity) * back[i]);
    const [low, high] = [luminance(mixed), luminance(back)].sort((a, b) => a - b);
    found.push({ text: (element.matches("input, select") ? element.value : element.textContent).trim().slice(0, 40), contrast: (high + 0.05) / (low + 0.05), size: parseFloat(style.fontSize), of: element.className.baseVal ?? element.className });
  }
  return found;
}

/** States of the page in which other texts and colours are seen. */
async function* states(page) {
  for (const way of ["shares", "simplified", "exact"]) {
    await pick(page, "way", way);
    await press(page, "first");
    for (let i = 0; i < 12; i++) {
      yield `${way}, step ${i + 1}`;
      if ((await page.locator("#next").getAttribute("aria-disabled")) === "true") break;
      await press(page, "next");
    }
  }
  await page.locator("[data-neuron='1-0']").click();
  yield "a neuron chosen";
  const input = page.locator("#numbers input").first();
  if (await input.isEditable()) {
    await input.fill("wrong");
    yield "wrong input";
    await page.locator("#restore").click();
    await page.locator("#play").click();
    yield "playing";
  }
}

for (const [name, file] of Object.entries({ lecture: PAGE, own: OWN, stored: STORED })) {
  for (const colorScheme of name === "stored" ? ["dark"] : ["light", "dark"]) {
    test(`every text of the page (${name}, ${colorScheme}) has a contrast of 4.5 or more`, () => withPage(file, { colorScheme }, async (page) => {
      let [texts, least] = [0, Infinity];
      for await (const state of states(page)) {
        const found = await page.evaluate(contrasts);
        assert.ok(found.length > 60, `${found.length} texts`);
        const low = found.filter(({ contrast }) => !(contrast >= 4.5));
        assert.deepEqual(low, [], state);
        const small = found.filter(({ size }) => size < 12);
        assert.deepEqual(small, [], state);
        texts += found.length;
        least = Math.min(least, ...found.map(({ contrast }) => contrast));
      }
      console.log(`${name}, ${colorScheme}: ${texts} texts, least contrast ${least.toFixed(2)}`);
    }));
  }
}

test("the measure finds what cannot be read", () => withPage(PAGE, {}, async (page) => {
  await page.addStyleTag({ content: "svg .chip text { fill: #b9bcc4 !important } .note { color: #909090 !important } #place { opacity: 0.5 }" });
  await press(page, "next");
  await press(page, "last");
  const low = (await page.evaluate(contrasts)).filter(({ contrast }) => contrast < 4.5).map(({ of }) => of.split(" ")[0]);
  assert.ok(low.includes("note") && low.includes("place") && low.includes(""), low.join());
}));

test("the button turns the colours round", () => withPage(PAGE, {}, async (page) => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: "Dark colours" }).click();
  assert.notEqual(await background(), light);
  await page.getByRole("button", { name: "Light colours" }).click();
  assert.equal(await background(), light);
}));

for (const width of [320, 360, 1024]) {
  test(`nothing sticks out at ${width} pixels`, async () => {
    for (const file of [PAGE, OWN]) {
      await withPage(file, { width, height: 740 }, async (page) => {
        for await (const state of states(page)) {
          const [content, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
          assert.ok(content <= room, `${state}: ${content} > ${room}`);
        }
      });
    }
  });
}

test("labels of links cover neither each other nor a neuron", async () => {
  for (const [file, width] of [[PAGE, 1366], [PAGE, 360], [OWN, 1366]]) {
    await withPage(file, { width }, async (page) => {
      for await (const state of states(page)) {
        const covered = await page.evaluate(() => {
          const boxes = (selector) => [...document.querySelectorAll(selector)].map((node) => ({ node, box: node.getBoundingClientRect() }));
          const links = boxes("#stage .editable text");
          const others = [...links, ...boxes("#stage .neuron circle")];
          const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3;
          return links.flatMap(({ node, box }) => others.filter((other) => other.node !== node && meet(box, other.box))
            .map((other) => `${node.textContent} / ${other.node.textContent || "neuron"}`));
        });
        assert.deepEqual(covered, [], `${width}, ${state}`);
      }
    });
  }
});

test("what is pressed is large enough for a finger", () => withPage(PAGE, { width: 360 }, async (page) => {
  const small = await page.evaluate(() => [...document.querySelectorAll("button, .segments label, select, td input, .neuron circle")]
    .filter((node) => node.checkVisibility())
    .map((node) => ({ name: node.id || node.textContent || node.localName, box: node.getBoundingClientRect() }))
    .filter(({ box }) => box.width < 24 || box.height < 24).map(({ name, box }) => `${name}: ${box.width} x ${box.height}`));
  assert.deepEqual(small, []);
}));
