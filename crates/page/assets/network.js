// The network as the user sees and edits it: numbers that go to the engine. Nothing is computed here.

class Network {
  constructor(list) {
    const blocks = readBlocks(list);
    const only = (kind) => blocks.find((block) => block.kind === kind);
    /** W[1], W[2], ..., each with a row for each sender. */
    this.weights = blocks.filter((block) => block.kind === "weights").map((w) => ({ ...w, numbers: [...w.numbers] }));
    this.targets = [...only("targets").numbers];
    this.inputs = only("inputs") && [...only("inputs").numbers];
    this.noted = only("noted") && only("noted").numbers.slice(0, this.targets.length);
    this.decimals = only("noted") && only("noted").numbers.slice(this.targets.length);
    /** Whether a row of a matrix is shown for each receiver. */
    this.receivers = false;
    /** Whether the errors start from the noted outputs. */
    this.fromNoted = Boolean(this.noted);
  }
  get depth() {
    return this.weights.length;
  }
  /** The number of neurons of each layer, the inputs first. */
  get widths() {
    return [this.weights[0].rows, ...this.weights.map((w) => w.columns)];
  }
  /** The lowest layer to which the lecture pulls errors back: the first hidden one, or the inputs if there is none. */
  get lowest() {
    return this.depth > 1 ? 1 : 0;
  }
  /** The place of a link's number in a matrix of the engine, which is written as the settings say. */
  place(matrix, from, to) {
    return this.receivers ? to * matrix.columns + from : from * matrix.columns + to;
  }
  weight(layer, from, to) {
    const w = this.weights[layer - 1];
    return w.numbers[from * w.columns + to];
  }
  setWeight(layer, from, to, value) {
    const w = this.weights[layer - 1];
    w.numbers[from * w.columns + to] = value;
  }
  /** As a question to the engine; `step` is `[way, rate]` if a step of learning is to be taken. */
  question(step) {
    const row = (kind, layer, numbers, rows = 1) => ({ kind, layer, rows, columns: numbers.length / rows, numbers });
    const blocks = [row("settings", 0, [Number(this.receivers), Number(this.fromNoted)]), ...this.weights];
    if (step) blocks.push(row("step", 0, step));
    blocks.push(row("targets", this.depth, this.targets));
    if (this.inputs) blocks.push(row("inputs", 0, this.inputs));
    if (this.noted) blocks.push(row("noted", this.depth, [...this.noted, ...this.decimals], 2));
    return writeBlocks(blocks);
  }
}
