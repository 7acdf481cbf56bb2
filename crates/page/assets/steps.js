// The steps of the lesson: which there are, and what each of them says. `view` is `{ network, answer, way }`.

/** What the engine calls the numbers of each way in which errors go back. */
const WAYS = {
  shares: { errors: "byShares", terms: "shareTerm", total: "bySharesTotal", update: "updateByShares", cosine: "cosineByShares", code: 0, name: "with normaliser" },
  simplified: { errors: "simplified", terms: "term", total: "simplifiedTotal", update: "update", cosine: "cosine", code: 1, name: "without normaliser" },
  exact: { errors: "exact", terms: "exactTerm", total: "exactTotal", update: "weightGradient", code: 2, name: "exactly" },
};

/** More terms of a sum, or rows of a matrix, are abridged. */
const MOST_TERMS = 6;

/** The errors of a layer by the way that is looked at. */
function errorsOf({ network, answer, way }, layer) {
  const kind = layer === network.depth && way !== "exact" ? "error" : WAYS[way].errors;
  return answer.vector(kind, layer);
}

/** The sum of these errors. */
function totalOf({ network, answer, way }, layer) {
  const kind = layer === network.depth && way !== "exact" ? "errorTotal" : WAYS[way].total;
  return answer.number(kind, layer);
}

/** How the weight of a link is to be changed by the way that is looked at; undefined if it is not known. */
function updateOf({ network, answer, way }, layer, from, to) {
  const matrix = answer.get(WAYS[way].update, layer);
  if (!matrix) return undefined;
  const x = matrix.numbers[network.place(matrix, from, to)];
  return way === "exact" ? -x : x; // down, against the gradient
}

/** The layers that errors reach, from the outputs' neighbours down. */
function layersBack(network) {
  return Array.from({ length: network.depth - network.lowest }, (_, i) => network.depth - 1 - i);
}

/** All steps, in their order. */
function stepsOf(view) {
  const { network, answer, way } = view;
  const steps = [{ kind: "start", part: "start", layer: 0 }];
  if (network.inputs) {
    for (let layer = 1; layer <= network.depth; layer++) {
      steps.push({ kind: "sum", part: "forward", layer }, { kind: "signal", part: "forward", layer });
    }
  }
  steps.push({ kind: "error", part: "back", layer: network.depth });
  for (const layer of layersBack(network)) {
    const ends = way === "shares" && answer.has("noShares", layer + 1);
    steps.push({ kind: ends ? "stuck" : "back", part: "back", layer });
    if (ends) break;
  }
  if (network.inputs && answer.has(WAYS[way].update, 1)) steps.push({ kind: "update", part: "update", layer: 0 });
  return steps;
}

/** “the inputs”, “the hidden neurons”, “the outputs”. */
function nameOfLayer(network, layer) {
  if (layer === 0) return "the inputs";
  if (layer === network.depth) return "the outputs";
  return network.depth === 2 ? "the hidden neurons" : `hidden layer ${layer}`;
}

/** The terms of a sum, those in the middle left out if there are too many. */
function termsOf(count, text) {
  return shownPlaces(count, MOST_TERMS).map((i) => (i === null ? "…" : text(i)));
}

/** A matrix that acts on a vector, if it is small enough to be shown. */
function matrixForm(rows, columns, entry, vector, result) {
  if (Math.max(rows, columns) > MOST_TERMS) return undefined;
  const matrix = Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => entry(i, j)));
  const column = (numbers) => bracketed([...numbers].map((x) => [x]));
  return formula(bracketed(matrix), column(vector), "=", column(result));
}

/** What a step says: a title, a text, formulas, a line of arithmetic for each neuron, a note. */
function describe(step, view) {
  return DESCRIPTIONS[step.kind](step, view);
}

const DESCRIPTIONS = {
  start: startText,

  sum({ layer }, { network, answer }) {
    const w = answer.get("weights", layer);
    const [sent, sums] = [answer.vector("signal", layer - 1), answer.vector("sum", layer)];
    const weight = (from, to) => w.numbers[network.place(w, from, to)];
    return {
      title: `Signals go to ${nameOfLayer(network, layer)}`,
      text: "Each neuron adds up what comes in: every signal times the weight of its link.",
      formulas: [
        formula(`Z[${layer}]`, "=", network.receivers ? `W[${layer}]` : `W[${layer}]'`, `A[${layer - 1}]`),
        matrixForm(sums.length, sent.length, (to, from) => weight(from, to), sent, sums),
      ],
      lines: [...sums].map((sum, to) => ({
        neuron: to,
        name: `Z[${layer}]${lowered(to + 1)}`,
        terms: termsOf(sent.length, (from) => `${factor(weight(from, to))} · ${factor(sent[from])}`),
        result: figure(sum),
      })),
    };
  },

  signal({ layer }, { network, answer }) {
    const [sums, signals] = [answer.vector("sum", layer), answer.vector("signal", layer)];
    return {
      title: layer === network.depth ? "What comes out" : `What ${nameOfLayer(network, layer)} send on`,
      text: "The sigmoid squeezes each sum into a signal between 0 and 1.",
      formulas: [formula(`A[${layer}]`, "=", "g", "(", `Z[${layer}]`, ")"), sigmoidFormula()],
      lines: [...signals].map((signal, i) => ({
        neuron: i,
        name: `A[${layer}]${lowered(i + 1)}`,
        terms: [`g(${figure(sums[i])})`],
        result: figure(signal),
      })),
    };
  },

  error({ layer }, view) {
    const { network, answer, way } = view;
    const errors = errorsOf(view, layer);
    const noted = network.noted && (network.fromNoted || !network.inputs) && way !== "exact";
    const outputs = noted ? network.noted : answer.vector("signal", layer);
    const note = [`Their sum is ${figure(totalOf(view, layer))}.`];
    if (noted && network.inputs) {
      const computed = [...answer.vector("rounded", layer)];
      const same = computed.every((x, i) => x === network.noted[i]);
      note.push(same
        ? "As in the lecture, the noted outputs are taken: the computed ones, rounded."
        : `The noted outputs are not the computed ones, which would be rounded to ${computed.map((x) => figure(x)).join(", ")}.`);
    } else if (network.noted && way === "exact") {
      note.push("The exact errors start from the exact outputs.");
    }
    return {
      title: "The errors of the outputs",
      text: "What each output ought to be, less what came out.",
      formulas: [formula(`E[${layer}]`, "=", "Y", "−", `A[${layer}]`)],
      lines: [...errors].map((error, i) => ({
        neuron: i,
        name: `E[${layer}]${lowered(i + 1)}`,
        terms: [`${figure(network.targets[i])} − ${factor(outputs[i])}`],
        result: figure(error),
      })),
      note: note.join(" "),
    };
  },

  back(step, view) {
    return { shares: backByShares, simplified: backSimplified, exact: backExactly }[view.way](step, view);
  },

  stuck({ layer }, { answer }) {
    const column = answer.number("noShares", layer + 1);
    return {
      title: "The split by shares ends here",
      text: column >= 0
        ? `The weights into neuron ${column + 1} of layer ${layer + 1} add up to zero. No weight has a share in zero: the split would divide by it.`
        : `Weights of layer ${layer + 1} add up to so little that the shares would be larger than any number here.`,
      formulas: [],
      lines: [...answer.vector("normaliser", layer + 1)].map((sum, i) => ({
        neuron: i,
        layer: layer + 1,
        name: `normaliser of ${i + 1}`,
        terms: [],
        result: figure(sum),
      })),
      note: "Without the normaliser there is nothing to divide by: switch to it above.",
    };
  },

  update(_, view) {
    const { network, answer, way } = view;
    const layers = Array.from({ length: network.depth }, (_, i) => i + 1);
    const delta = ["(", "E", "∘", "g′", "(", "Z", ")", ")"];
    const back = math("mrow", null, formulaRow(delta), math("mo", { lspace: "0", rspace: "0" }, "′"));
    const cosine = answer.number(WAYS[way].cosine, 1);
    return {
      title: way === "exact" ? "The gradient" : "How the weights would move",
      text: way === "exact"
        ? "Each link multiplies the signal of its sender with the error of its receiver, behind its sigmoid. That is minus the gradient of the cost, by the tape: the steepest way down."
        : "Each link multiplies the signal of its sender with the error of its receiver, behind its sigmoid. The signals and the errors of the outputs are the exact ones here.",
      formulas: [
        network.receivers
          ? formula("ΔW", "=", formulaRow(delta), "A'", way === "exact" ? "=" : "", way === "exact" ? "−" : "", way === "exact" ? "∂C/∂W" : "")
          : formula("ΔW", "=", "A", back, way === "exact" ? "=" : "", way === "exact" ? "−" : "", way === "exact" ? "∂C/∂W" : ""),
        ...layers.slice(0, 3).map((layer) => updateMatrix(view, layer)),
      ],
      lines: [],
      note: way === "exact"
        ? `The cost is C = ½ |Y − A|² = ${figure(answer.number("cost", network.depth))}.`
        : cosine === undefined
          ? "There is no angle to the steepest way down: one of the two is zero."
          : `For W[1] the cosine of the angle to the steepest way down is ${figure(cosine, 7)}${cosine > 0 ? "." : ": not positive, so a small step brings the outputs no closer."}`,
    };
  },
};

function startText(_, { network }) {
  const kinds = network.inputs
    ? "First the signals go forward, link by link; then the errors of the outputs go back."
    : "There are no inputs, so there is no signal to follow: the outputs are given, and their errors go back.";
  return {
    title: "A network and its weights",
    text: `${kinds} Broken lines are negative weights, thick lines large ones.`,
    formulas: [],
    lines: [],
    note: "Press “Step”, or the right arrow key.",
  };
}

function sigmoidFormula() {
  const power = math("msup", null, math("mi", { mathvariant: "normal" }, "e"), math("mrow", null, math("mo", null, "−"), math("mi", { mathvariant: "normal" }, "z")));
  return formula("g", "(", "z", ")", "=", math("mfrac", null, math("mn", null, "1"), math("mrow", null, math("mn", null, "1"), math("mo", null, "+"), power)));
}

/** ΔW of a layer, as it is written, if it is small enough to be shown. */
function updateMatrix(view, layer) {
  const w = view.answer.get(WAYS[view.way].update, layer);
  if (Math.max(w.rows, w.columns) > MOST_TERMS) return undefined;
  const sign = view.way === "exact" ? -1 : 1;
  const rows = Array.from({ length: w.rows }, (_, i) =>
    Array.from(w.numbers.slice(i * w.columns, (i + 1) * w.columns), (x) => sign * x));
  return formula(`ΔW[${layer}]`, "=", bracketed(rows));
}

/** One line for each sender: what comes back to it over its links. */
function linesBack(view, layer, term) {
  const { network, answer, way } = view;
  const products = answer.get(WAYS[way].terms, layer + 1);
  const product = (from, to) => products.numbers[network.place(products, from, to)];
  const receivers = network.widths[layer + 1];
  return [...errorsOf(view, layer)].map((error, from) => ({
    neuron: from,
    name: `E[${layer}]${lowered(from + 1)}`,
    terms: termsOf(receivers, (to) => term(from, to)),
    products: receivers > 1 ? termsOf(receivers, (to) => factor(product(from, to))) : undefined,
    result: figure(error),
  }));
}

function backByShares({ layer }, view) {
  const { network, answer } = view;
  const next = layer + 1;
  const [w, shares] = [answer.get("weights", next), answer.get("share", next)];
  const [errors, normalisers] = [errorsOf(view, next), answer.vector("normaliser", next)];
  const at = (matrix, from, to) => matrix.numbers[network.place(matrix, from, to)];
  const negative = w.numbers.some((x) => x < 0);
  return {
    title: `Errors go back to ${nameOfLayer(network, layer)}, in shares`,
    text: `Who sent much gets much: the share S of a link is its weight divided by the sum of all weights into the same neuron, its normaliser (${termsOf(normalisers.length, (i) => figure(normalisers[i])).join(", ")}).`,
    formulas: [
      formula(`E[${layer}]`, "=", network.receivers ? `S[${next}]'` : `S[${next}]`, `E[${next}]`),
      matrixForm(network.widths[layer], errors.length, (from, to) => at(shares, from, to), errors, errorsOf(view, layer)),
    ],
    lines: linesBack(view, layer, (from, to) => `${factor(at(w, from, to))}/${factor(normalisers[to])} · ${factor(errors[to])}`),
    note: `The sum of E[${layer}] is ${figure(totalOf(view, layer))}, that of E[${next}] ${figure(totalOf(view, next))}: it is conserved.${negative ? " Some shares here are negative, or larger than 1: “who sent much gets much” has lost its meaning." : ""}`,
  };
}

function backSimplified({ layer }, view) {
  const { network, answer } = view;
  const next = layer + 1;
  const w = answer.get("weights", next);
  const errors = errorsOf(view, next);
  const weight = (from, to) => w.numbers[network.place(w, from, to)];
  return {
    title: `Errors go back to ${nameOfLayer(network, layer)}, without normaliser`,
    text: "Every error goes back over the links, times their weights. For the links of a layer that is exactly the pull-back of the tape.",
    formulas: [
      formula(`E[${layer}]`, "=", network.receivers ? `W[${next}]'` : `W[${next}]`, `E[${next}]`),
      matrixForm(network.widths[layer], errors.length, weight, errors, errorsOf(view, layer)),
    ],
    lines: linesBack(view, layer, (from, to) => `${factor(weight(from, to))} · ${factor(errors[to])}`),
    note: `The sum of E[${layer}] is ${figure(totalOf(view, layer))}, that of E[${next}] ${figure(totalOf(view, next))}: without the normaliser it is not conserved, and need not be.`,
  };
}

function backExactly({ layer }, view) {
  const { network, answer } = view;
  const next = layer + 1;
  const w = answer.get("weights", next);
  const [errors, slopes, deltas] = [errorsOf(view, next), answer.vector("slope", next), answer.vector("delta", next)];
  const weight = (from, to) => w.numbers[network.place(w, from, to)];
  const gradient = answer.vector("signalGradient", layer);
  return {
    title: `Errors go back to ${nameOfLayer(network, layer)}, exactly`,
    text: `Before the links an error passes the sigmoid, which multiplies it by its slope g′(Z[${next}]) (${termsOf(slopes.length, (i) => figure(slopes[i])).join(", ")}).`,
    formulas: [
      formula(`E[${layer}]`, "=", network.receivers ? `W[${next}]'` : `W[${next}]`, "(", `E[${next}]`, "∘", "g′", "(", `Z[${next}]`, ")", ")"),
      matrixForm(network.widths[layer], deltas.length, weight, deltas, errorsOf(view, layer)),
    ],
    lines: linesBack(view, layer, (from, to) => `${factor(weight(from, to))} · ${factor(errors[to])} · ${figure(slopes[to])}`),
    note: `The gradient of the cost by the tape: ∂C/∂A[${layer}] = (${termsOf(gradient.length, (i) => figure(gradient[i])).join(", ")}). It is minus the error.`,
  };
}

/** What the letters stand for. */
const SPOKEN = { Z: "sum", A: "signal", E: "error" };

/** A step as it is spoken. */
function spoken(described, place, count) {
  const say = (text) => text
    .replace(/·/g, "times").replace(/\//g, " divided by ").replace(/− ?/g, "minus ").replace(/′/g, " prime ")
    .replace(/([ZAE])\[(\d+)\]([₀-₉]+)/g, (_, letter, layer, neuron) =>
      `${SPOKEN[letter]} ${[...neuron].map((c) => "₀₁₂₃₄₅₆₇₈₉".indexOf(c)).join("")} of layer ${layer}`);
  const lines = described.lines.slice(0, 8).map(({ name, terms, result }) => {
    const sum = terms.length && described.lines.length <= 4 ? ` is ${terms.join(" plus ")}, which` : "";
    return `${name}${sum} is ${result}.`;
  });
  const more = described.lines.length > 8 ? [`And ${described.lines.length - 8} more.`] : [];
  return [`Step ${place + 1} of ${count}.`, `${described.title}.`, ...[...lines, ...more].map(say), say(described.note ?? "")].join(" ");
}
