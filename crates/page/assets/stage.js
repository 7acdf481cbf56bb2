// The drawing: neurons, links, and what moves along them. It is drawn anew for each step, in pixels of the screen, so that
// text keeps its size on every screen.

const MOTIONLESS = matchMedia("(prefers-reduced-motion: reduce)");

class Stage {
  /** `choose(layer, neuron)` is called when a neuron is chosen, `edit(layer, from, to)` when a link is. */
  constructor(box, { choose, edit }) {
    this.box = box;
    this.choose = choose;
    this.edit = edit;
  }

  /** Where everything is. */
  place(network) {
    const narrow = this.box.clientWidth < 520;
    const radius = narrow ? 24 : 31;
    const shown = network.widths.map((width) => shownPlaces(width));
    const most = Math.max(...shown.map((places) => places.length));
    const pitch = most > 5 ? 96 : narrow ? 100 : 114;
    const margin = radius + (narrow ? 10 : 34);
    const gap = Math.max(narrow ? 112 : 150, (this.box.clientWidth - 2 * margin) / network.depth);
    const width = Math.min(2 * margin + gap * network.depth, Math.max(this.box.clientWidth, 2 * margin + (narrow ? 112 : 150) * network.depth));
    const top = 62;
    const height = top + most * pitch + 6;
    const step = (width - 2 * margin) / network.depth;
    /** `null` for neurons that are not shown. */
    const at = (layer, neuron) => {
      const row = shown[layer].indexOf(neuron);
      if (row < 0) return null;
      return { x: margin + layer * step, y: top + ((most - shown[layer].length) / 2 + row + 0.5) * pitch };
    };
    return { radius, shown, width, height, at, step, narrow };
  }

  draw(view, steps, current, { animate = false, chosen = null } = {}) {
    const { network, answer } = view;
    const layout = this.place(network);
    const step = steps[current];
    const past = steps.slice(0, current + 1);
    const reached = (kind, layer) => past.some((one) => one.kind === kind && one.layer === layer);
    const draw = { view, layout, step, reached, chosen, animate: animate && !MOTIONLESS.matches };
    const focused = this.box.contains(document.activeElement) && document.activeElement.dataset.neuron;
    const links = [], chips = [], neurons = [];
    network.widths.forEach((width, layer) => {
      if (layer > 0) this.links(draw, layer, links, chips);
      neurons.push(...this.layer(draw, layer));
    });
    const pulses = svg("g", { "aria-hidden": "true" });
    this.box.replaceChildren(svg(
      "svg",
      {
        width: layout.width, height: layout.height, viewBox: `0 0 ${layout.width} ${layout.height}`,
        role: "group", "aria-label": `Network of ${network.widths.join(", ")} neurons`,
      },
      svg("g", { "aria-hidden": "true" }, links), pulses, svg("g", { "aria-hidden": "true" }, chips), neurons,
    ));
    if (focused) this.box.querySelector(`[data-neuron="${focused}"]`)?.focus();
    if (draw.animate) this.move(draw, pulses);
    // A network wider than the screen: what happens is brought to its middle.
    const middle = step.part === "back" ? step.layer + 0.5 : step.layer - 0.5;
    if (step.kind !== "start" && step.kind !== "update") {
      this.box.scrollLeft = layout.at(0, 0).x + middle * layout.step - this.box.clientWidth / 2;
    }
  }

  /** Whether something moves over the links in front of `layer` in this step: "forward", "back", "update" or nothing. */
  motion(step, layer) {
    if (step.kind === "sum" && step.layer === layer) return "forward";
    if (step.kind === "back" && step.layer === layer - 1) return "back";
    if (step.kind === "update") return "update";
    return "";
  }

  /** How far from the sender the labels of a layer's links stand, none of them covering another; null if there is no such
   *  place. `half` is half the width of the widest. */
  along(layout, layer, half) {
    const rows = (l) => layout.shown[l].filter((neuron) => neuron !== null).map((neuron) => layout.at(l, neuron).y);
    const [from, to] = [rows(layer - 1), rows(layer)];
    if (from.length * to.length > 20) return null;
    let best = { s: null, apart: 13 };
    const least = (layout.radius + half + 2) / layout.step;
    // Near the sender first, where the links of one neuron are together and apart from those of others.
    const start = Math.max(least, 0.36);
    const range = (from, to, step) => Array.from({ length: Math.max(0, Math.floor((to - from) / step + 1e-9) + 1) }, (_, i) => from + i * step);
    for (const s of [...range(start, least, -0.01), ...range(start, 1 - least, 0.01)]) {
      const places = from.flatMap((a) => to.map((b) => a + s * (b - a))).sort((a, b) => a - b);
      const apart = Math.min(...places.slice(1).map((y, i) => y - places[i]), 22);
      if (apart > best.apart) best = { s, apart };
    }
    return best.s;
  }

  links({ view, layout, step, chosen }, layer, links, chips) {
    const { network, answer } = view;
    const motion = this.motion(step, layer);
    const w = network.weights[layer - 1];
    const senders = layout.shown[layer - 1], receivers = layout.shown[layer];
    const largest = w.numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1;
    const carried = { forward: "signalTerm", back: WAYS[view.way].terms }[motion];
    const matrix = carried && answer.get(carried, layer);
    const valueOf = (from, to) => (motion === "update" ? updateOf(view, layer, from, to)
      : matrix ? matrix.numbers[network.place(matrix, from, to)] : network.weight(layer, from, to));
    const real = (places) => places.filter((neuron) => neuron !== null);
    const texts = (digits) => real(senders).map((from) => real(receivers).map((to) => figure(valueOf(from, to), digits)));
    const longest = (digits) => Math.max(...texts(digits).flat().map((text) => text.length));
    // With as many digits as there is room for.
    const choices = (layout.narrow ? [3, 2] : [4, 3, 2]).map((digits) => ({ digits, along: this.along(layout, layer, longest(digits) * 3.75 + 5) }));
    const { digits, along } = choices.find((choice) => choice.along !== null) ?? choices[0];
    const crowded = along === null;
    for (const from of senders) for (const to of receivers) {
      const a = layout.at(layer - 1, from), b = layout.at(layer, to);
      if (from === null || to === null) continue;
      const weight = network.weight(layer, from, to);
      const own = chosen && ((chosen.layer === layer - 1 && chosen.neuron === from) || (chosen.layer === layer && chosen.neuron === to));
      const far = chosen && !own;
      links.push(svg("line", {
        class: `edge ${motion} ${weight < 0 ? "negative" : ""} ${far ? "dim" : ""}`,
        x1: a.x, y1: a.y, x2: b.x, y2: b.y, "stroke-width": (1.2 + 4.3 * Math.abs(weight) / largest).toFixed(2),
      }));
      if (crowded ? !own : far) continue;
      // Of a crowd only the links of the chosen neuron are labelled, in their middle, where they are apart.
      const s = along ?? 0.5;
      const text = figure(valueOf(from, to), digits);
      const half = text.length * 3.75 + 5;
      const chip = svg(
        "g",
        {
          class: `chip ${motion} editable`, transform: `translate(${a.x + s * (b.x - a.x)} ${a.y + s * (b.y - a.y)})`,
          onclick: () => this.edit(layer, from, to),
        },
        svg("title", null, `W[${layer}], from ${from + 1} to ${to + 1}: ${figure(weight)}`),
        svg("rect", { x: -half, y: -9, width: 2 * half, height: 18, rx: 6 }),
        svg("text", null, text),
      );
      chips.push(chip);
    }
  }

  /** The neurons of a layer and its name. */
  layer({ view, layout, step, reached, chosen, animate }, layer) {
    const { network, answer } = view;
    const kind = layer === 0 ? "inputs" : layer === network.depth ? "outputs" : "hidden";
    const x = layout.at(layer, 0).x;
    const nodes = [
      svg("text", { class: "layer-name", x, y: 16, "aria-hidden": "true" }, `A[${layer}]`),
      svg("text", { class: "layer-kind", x, y: 37, "aria-hidden": "true" }, kind),
    ];
    const signals = answer.vector("signal", layer), sums = answer.vector("sum", layer), errors = errorsOf(view, layer);
    const given = !network.inputs && layer === network.depth ? network.noted : undefined;
    const signalKnown = given || (network.inputs && (layer === 0 || reached("signal", layer)));
    const sumKnown = network.inputs && reached("sum", layer);
    const errorKnown = reached("error", layer) || reached("back", layer);
    const now = { forward: step.kind === "signal" && step.layer === layer, sum: step.kind === "sum" && step.layer === layer, error: (step.kind === "error" || step.kind === "back") && step.layer === layer };
    layout.shown[layer].forEach((neuron, row) => {
      if (neuron === null) {
        const above = layout.at(layer, layout.shown[layer][row - 1]), below = layout.at(layer, layout.shown[layer][row + 1]);
        nodes.push(svg("text", { class: "gap", x, y: (above.y + below.y) / 2 }, `⋮ ${network.widths[layer] - layout.shown[layer].length + 1} more`));
        return;
      }
      const { y } = layout.at(layer, neuron);
      const signal = (given ?? signals)[neuron];
      const isChosen = chosen?.layer === layer && chosen?.neuron === neuron;
      const said = [`${kind === "hidden" ? `Hidden neuron ${neuron + 1} of layer ${layer}` : `${kind === "inputs" ? "Input" : "Output"} ${neuron + 1}`}`];
      if (sumKnown) said.push(`sum ${figure(sums[neuron])}`);
      if (signalKnown) said.push(`signal ${figure(signal)}`);
      if (kind === "outputs") said.push(`target ${figure(network.targets[neuron])}`);
      if (errorKnown) said.push(`error ${figure(errors[neuron])}`);
      const r = layout.radius, digits = layout.narrow ? 3 : 4;
      const parts = [svg("circle", { cx: x, cy: y, r })];
      if (signalKnown) {
        parts.push(svg("text", { class: `value ${animate && now.forward ? "arriving" : ""}`, x, y }, figure(signal, digits)));
      } else {
        parts.push(svg("text", { class: "number", x, y }, String(neuron + 1)));
      }
      if (sumKnown) parts.push(this.chip("forward", x, y - r - 12, `Z ${figure(sums[neuron], digits)}`, now.sum, animate));
      if (errorKnown) parts.push(this.chip("back", x, y + r + 12, `E ${figure(errors[neuron], digits)}`, now.error, animate));
      if (kind === "outputs" && !sumKnown) parts.push(svg("text", { class: "beside", x, y: y - r - 12 }, `target ${figure(network.targets[neuron], digits)}`));
      nodes.push(svg(
        "g",
        {
          class: `neuron ${signalKnown ? "lit" : ""} ${now.error ? "erring" : ""} ${isChosen ? "chosen" : ""}`,
          tabindex: 0, role: "button", "aria-pressed": String(Boolean(isChosen)), "aria-label": said.join(", "),
          "data-neuron": `${layer}-${neuron}`,
          onclick: () => this.choose(layer, neuron),
          onkeydown: (event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            event.stopPropagation();
            this.choose(layer, neuron);
          },
        },
        parts,
      ));
    });
    return nodes;
  }

  /** A small label at a neuron. */
  chip(kind, x, y, text, now, animate) {
    const half = text.length * 3.75 + 4;
    return svg(
      "g",
      { class: `chip ${now ? kind : ""} ${now && animate ? "arriving" : ""}`, transform: `translate(${x} ${y})`, "aria-hidden": "true" },
      svg("rect", { x: -half, y: -9.5, width: 2 * half, height: 19, rx: 6 }),
      svg("text", null, text),
    );
  }

  /** Lets points run along the links of this step, and forgets them. */
  move({ view, layout, step }, box) {
    const layer = step.kind === "sum" ? step.layer : step.kind === "back" ? step.layer + 1 : 0;
    if (layer === 0) return;
    const motion = this.motion(step, layer);
    const began = performance.now();
    const points = [];
    for (const from of layout.shown[layer - 1]) for (const to of layout.shown[layer]) {
      if (from === null || to === null) continue;
      const [a, b] = [layout.at(layer - 1, from), layout.at(layer, to)];
      const point = svg("circle", { class: `pulse ${motion}`, r: 5 });
      points.push(motion === "forward" ? { point, a, b } : { point, a: b, b: a });
      box.append(point);
    }
    const frame = (now) => {
      const t = Math.min(1, (now - began) / 850);
      const eased = t < 0.5 ? 2 * t * t : 1 - (2 - 2 * t) ** 2 / 2;
      for (const { point, a, b } of points) {
        point.setAttribute("cx", a.x + eased * (b.x - a.x));
        point.setAttribute("cy", a.y + eased * (b.y - a.y));
      }
      if (t < 1 && box.isConnected) requestAnimationFrame(frame);
      else box.replaceChildren();
    };
    requestAnimationFrame(frame);
  }
}
