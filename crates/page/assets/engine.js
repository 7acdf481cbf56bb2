// The engine: the tape of chainrule as a WebAssembly module, or the answers that were computed beforehand.
//
// Questions and answers are lists of numbers made of blocks: kind, layer, rows, columns, then the numbers row by row. The
// names of the kinds come with the page, in the order of their codes.

const data = JSON.parse(document.getElementById("data").textContent);
const CODE = Object.fromEntries(data.kinds.map((name, code) => [name, code]));

/** Blocks as a list of numbers. */
function writeBlocks(blocks) {
  return blocks.flatMap(({ kind, layer, rows, columns, numbers }) => [CODE[kind], layer, rows, columns, ...numbers]);
}

/** The blocks of a list of numbers. */
function readBlocks(list) {
  const blocks = [];
  for (let place = 0; place + 4 <= list.length; ) {
    const [code, layer, rows, columns] = list.slice(place, place + 4);
    const end = place + 4 + rows * columns;
    blocks.push({ kind: data.kinds[code], layer, rows, columns, numbers: list.slice(place + 4, end) });
    place = end;
  }
  return blocks;
}

/** What the engine says of a network. */
class Answer {
  constructor(list) {
    this.blocks = new Map(readBlocks(list).map((block) => [`${block.kind} ${block.layer}`, block]));
  }
  /** A block, or undefined. */
  get(kind, layer) {
    return this.blocks.get(`${kind} ${layer}`);
  }
  has(kind, layer) {
    return this.blocks.has(`${kind} ${layer}`);
  }
  /** The numbers of a vector; none if it is not there. */
  vector(kind, layer) {
    return this.get(kind, layer)?.numbers ?? [];
  }
  /** A single number, or undefined. */
  number(kind, layer) {
    return this.vector(kind, layer)[0];
  }
  /** Why there is no answer, or undefined. */
  get refused() {
    const block = this.get("refused", 0);
    return block && String.fromCodePoint(...block.numbers);
  }
}

/** Answers from the page itself: to the questions that differ in their settings only. */
class StoredEngine {
  edits = false;
  answer(list) {
    const settings = readBlocks(list).find((block) => block.kind === "settings").numbers;
    return new Answer(data.answers[settings.join("")]);
  }
}

/** The module. */
class ModuleEngine {
  edits = true;
  constructor(exports) {
    this.exports = exports;
  }
  answer(list) {
    const { lesson_begin, lesson_push, lesson_run, lesson_get } = this.exports;
    lesson_begin();
    for (const number of list) lesson_push(number);
    const answer = new Array(lesson_run());
    for (let place = 0; place < answer.length; place++) answer[place] = lesson_get(place);
    return new Answer(answer);
  }
}

/** The engine of this page. */
async function loadEngine() {
  const code = document.getElementById("engine").textContent;
  if (code === "") return new StoredEngine();
  const bytes = Uint8Array.from(atob(code), (character) => character.charCodeAt(0));
  const { instance } = await WebAssembly.instantiate(bytes, {});
  return new ModuleEngine(instance.exports);
}
