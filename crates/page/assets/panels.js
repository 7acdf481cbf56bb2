// What stands beside and below the drawing: the arithmetic of a step, the numbers to edit, the comparison.

const byId = (id) => document.getElementById(id);

/** Shows what a step says. `chosen` is the neuron whose line stands out. */
function showStep(described, step, chosen, choose) {
  byId("step-title").textContent = described.title;
  byId("step-text").textContent = described.text;
  byId("step-formula").replaceChildren(...described.formulas.filter(Boolean));
  byId("step-note").textContent = described.note ?? "";
  const list = byId("step-lines");
  list.className = `lines ${step.part}`;
  const joined = (terms) => terms.flatMap((term, i) => [i > 0 ? " + " : "", html("span", { class: "term" }, term)]);
  const line = ({ neuron, name, terms, products, result, layer = step.layer }) => html(
    "li",
    { class: chosen?.layer === layer && chosen?.neuron === neuron ? "chosen" : "" },
    html("span", { class: "name" }, name),
    terms.length ? [" = ", joined(terms)] : [],
    products ? [" = ", joined(products)] : [],
    " = ",
    html("b", null, result),
  );
  const places = shownPlaces(described.lines.length, 10);
  list.replaceChildren(...places.map((i) => (i === null
    ? html("li", null, `… ${described.lines.length - places.length + 1} more`)
    : line(described.lines[i]))));
  list.hidden = described.lines.length === 0;
}

/** The tables of numbers. `change(where, value)` takes a new number and returns what is wrong with it, or nothing. */
class NumberTables {
  constructor(box, change) {
    this.box = box;
    this.change = change;
  }

  draw(network, edits) {
    this.edits = edits;
    const tables = [];
    const list = (kind, title, about, numbers, name) => tables.push(this.table(
      title, about, [null], shownPlaces(numbers.length), (_, i) => ({ where: { kind, i }, value: numbers[i], label: `${name} ${i + 1}` }),
      null, (i) => String(i + 1),
    ));
    if (network.inputs) list("inputs", "Inputs", "A[0]", network.inputs, "Input");
    network.weights.forEach((w, l) => {
      const layer = l + 1;
      const senders = shownPlaces(w.rows), receivers = shownPlaces(w.columns);
      const cell = (from, to) => ({
        where: { kind: "weights", layer, from, to }, value: network.weight(layer, from, to),
        label: `Weight of W[${layer}] from ${from + 1} to ${to + 1}`,
      });
      const size = network.receivers ? `${w.columns} × ${w.rows}, a row a receiver` : `${w.rows} × ${w.columns}, a row a sender`;
      tables.push(network.receivers
        ? this.table(`W[${layer}]`, size, receivers, senders, (to, from) => cell(from, to), (to) => `to ${to + 1}`, (from) => `from ${from + 1}`)
        : this.table(`W[${layer}]`, size, senders, receivers, cell, (from) => `from ${from + 1}`, (to) => `to ${to + 1}`));
    });
    list("targets", "Targets", "Y", network.targets, "Target");
    if (network.noted) list("noted", "Noted outputs", `A[${network.depth}], rounded`, network.noted, "Noted output");
    this.box.replaceChildren(...tables);
  }

  /** A table of fields; `null` among its rows or columns is a gap. */
  table(title, about, rows, columns, cell, rowName, columnName) {
    const gap = () => html("td", { class: "gap" }, "…");
    const head = html("thead", null, html(
      "tr",
      null,
      rowName ? html("td") : [],
      columns.map((column) => (column === null ? html("td") : html("th", { scope: "col" }, columnName(column)))),
    ));
    const body = html("tbody", null, rows.map((row, i) => html(
      "tr",
      null,
      rowName ? (row === null ? html("td", null, "…") : html("th", { scope: "row" }, rowName(row))) : [],
      columns.map((column) => (column === null || (row === null && i > 0) ? gap() : html("td", null, this.field(cell(row, column))))),
    )));
    return html("div", { class: "scroll" }, html("table", null, html("caption", null, title, html("small", null, about)), head, body));
  }

  field({ where, value, label }) {
    const field = html("input", {
      type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", value: typed(value), "aria-label": label,
      readonly: !this.edits, "data-where": Object.values(where).join("-"),
    });
    let good = field.value;
    const check = () => {
      const parsed = parseNumber(field.value);
      const wrong = parsed.error ?? this.change(where, parsed.value);
      field.toggleAttribute("aria-invalid", false);
      if (wrong) {
        field.setAttribute("aria-invalid", "true");
        field.setAttribute("aria-describedby", "problem");
      } else {
        field.removeAttribute("aria-describedby");
        good = field.value;
      }
      this.tell(wrong ? `${label}: ${wrong}` : "");
    };
    if (this.edits) {
      field.addEventListener("input", check);
      field.addEventListener("keydown", (event) => {
        if (event.key === "Escape") {
          field.value = good;
          check();
        }
      });
    }
    return field;
  }

  tell(problem) {
    byId("problem").textContent = problem;
  }

  /** New values into fields that are there, except where somebody is typing. */
  refresh(network) {
    for (const field of this.box.querySelectorAll("input")) {
      const [kind, ...place] = field.dataset.where.split("-");
      const [i, from, to] = place.map(Number);
      const value = kind === "weights" ? network.weight(i, from, to) : network[kind][i];
      if (field !== document.activeElement && field.getAttribute("aria-invalid") !== "true") field.value = typed(value);
    }
  }

  focus(layer, from, to) {
    const field = this.box.querySelector(`[data-where="weights-${layer}-${from}-${to}"]`);
    field?.focus();
    field?.select();
  }
}

/** The three ways beside each other, neuron by neuron. */
function showComparison(view) {
  const { network, answer, way } = view;
  const layers = layersBack(network);
  const shown = layers.length > 4 ? layers.slice(0, 4) : layers;
  const columns = [
    ["shares", "with normaliser", "byShares"],
    ["simplified", "without normaliser", "simplified"],
    ...(network.inputs ? [["exact", "exactly, with g′", "exact"], [null, "−∂C/∂A, by the tape", "signalGradient"]] : []),
  ];
  const now = (name) => (name === way ? "now" : "");
  const entry = (kind, layer, i) => {
    const x = answer.vector(kind, layer)[i];
    if (x === undefined) return "–";
    return figure(kind === "signalGradient" ? 0 - x : x);
  };
  const rows = shown.flatMap((layer) => shownPlaces(network.widths[layer]).map((i) => html(
    "tr",
    null,
    html("th", { scope: "row" }, i === null ? "…" : `E[${layer}]${lowered(i + 1)}`),
    columns.map(([name, , kind]) => html("td", { class: now(name) }, i === null ? "" : entry(kind, layer, i))),
  )));
  const table = html(
    "table",
    { class: "compare" },
    html("caption", { class: "hidden" }, "Errors of the neurons by each way"),
    html("thead", null, html("tr", null, html("td"), columns.map(([name, title]) => html("th", { scope: "col", class: now(name) }, title)))),
    html("tbody", null, rows),
  );
  const texts = [];
  if (network.inputs) {
    const depth = network.depth;
    const few = (kind) => termsOf(answer.vector(kind, depth).length, (i) => figure(answer.vector(kind, depth)[i])).join(", ");
    texts.push(`The cost is C = ½ |Y − A[${depth}]|² = ${figure(answer.number("cost", depth))}. Its gradient at the outputs, ∂C/∂A[${depth}] = (${few("signalGradient")}), is minus their exact error (${few("exact")}).`);
    const cosine = (kind) => (answer.has(kind, 1) ? figure(answer.number(kind, 1), 6) : "none, as one of the two directions is zero or unknown");
    if (depth > 1) {
      texts.push(`How well the first layer would learn: the cosine of the angle between its update and the steepest way down is ${cosine("cosine")} without the normaliser, and ${cosine("cosineByShares")} with it. (1 is the same direction, 0 a right angle; below 0 the step leads up.)`);
    }
    if (network.noted && network.fromNoted) {
      texts.push("The first two columns start from the noted outputs, the others from the exact ones.");
    }
  } else {
    texts.push("Without inputs there are no signals, and so no slopes and no gradient to compare with.");
  }
  byId("compare").replaceChildren(
    html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Comparison" }, table),
    html("div", null, texts.map((text) => html("p", null, text))),
  );
}
