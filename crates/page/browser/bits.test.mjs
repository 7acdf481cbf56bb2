// The module beside the native engine: the same bits, and not too many bytes.
//
// MODULE is the path of the module, ANSWERS that of what `cargo run --example answers` printed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const module = readFileSync(process.env.MODULE);
const { instance } = await WebAssembly.instantiate(module, {});
const { lesson_begin, lesson_push, lesson_run, lesson_get } = instance.exports;

const list = (hex) => {
  const words = BigUint64Array.from(hex.match(/.{16}/g) ?? [], (word) => BigInt(`0x${word}`));
  return new Float64Array(words.buffer);
};
const bits = (numbers) => Array.from(new BigUint64Array(Float64Array.from(numbers).buffer), (word) => word.toString(16));

function answer(question) {
  lesson_begin();
  question.forEach((number) => lesson_push(number));
  return Float64Array.from({ length: lesson_run() }, (_, place) => lesson_get(place));
}

test("the module is smaller than 500 kB", () => {
  console.log(`module: ${module.length} bytes`);
  assert.ok(module.length < 500_000, `${module.length} bytes`);
});

test("the module asks nothing of its surroundings", () => {
  assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(module)), []);
});

test("it gives the bits of the native engine on random networks", () => {
  const lines = readFileSync(process.env.ANSWERS, "utf8").trimEnd().split("\n");
  assert.ok(lines.length >= 300, `${lines.length} networks`);
  let numbers = 0;
  for (const [i, line] of lines.entries()) {
    const [question, native] = line.split("\t").map(list);
    assert.deepEqual(bits(answer(question)), bits(native), `network ${i}`);
    numbers += native.length;
  }
  console.log(`${lines.length} networks, ${numbers} numbers`);
});

test("no list of numbers stops it", () => {
  for (const question of [[], [NaN], [1, 2, 3], [0, 0, 1e300, 1e300], [1, 1, 2 ** 31 - 1, 2 ** 31 - 1], [-1, 0, 0, 0]]) {
    assert.ok(answer(question).length > 4);
  }
  assert.ok(Number.isNaN(lesson_get(4_000_000_000)));
});
