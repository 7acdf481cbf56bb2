// The page as a whole: what is looked at, and what the user does.

class Lesson {
  constructor(engine) {
    this.engine = engine;
    this.network = new Network(data.question);
    this.answer = engine.answer(this.network.question());
    this.way = "shares";
    this.place = 0;
    this.chosen = null;
    this.playing = null;
    this.stage = new Stage(byId("stage"), {
      choose: (layer, neuron) => this.choose(layer, neuron),
      edit: (layer, from, to) => this.tables.focus(layer, from, to),
    });
    this.tables = new NumberTables(byId("numbers"), (where, value) => this.change(where, value));
  }

  get view() {
    return { network: this.network, answer: this.answer, way: this.way };
  }

  get steps() {
    return stepsOf(this.view);
  }

  /** Draws everything. `animate` lets the step's signals or errors run; `tell` speaks the step. */
  draw({ animate = false, tell = false } = {}) {
    const steps = this.steps;
    this.place = Math.min(this.place, steps.length - 1);
    const step = steps[this.place];
    const described = describe(step, this.view);
    this.stage.draw(this.view, steps, this.place, { animate, chosen: this.chosen });
    showStep(described, step, this.chosen);
    showComparison(this.view);
    byId("place").textContent = `Step ${this.place + 1} of ${steps.length}`;
    const ends = { first: 0, previous: 0, next: steps.length - 1, last: steps.length - 1 };
    for (const [id, end] of Object.entries(ends)) {
      // Not `disabled`, which would take the focus away from whoever steps by keyboard.
      byId(id).setAttribute("aria-disabled", String(this.place === end));
    }
    this.road(steps);
    this.learning();
    if (tell) byId("live").textContent = spoken(described, this.place, steps.length);
  }

  /** The bar of all steps. */
  road(steps) {
    const road = byId("road");
    const focused = [...road.children].findIndex((item) => item.contains(document.activeElement));
    road.hidden = steps.length > 40; // they would be too narrow to press
    road.replaceChildren(...steps.map((step, place) => html("li", null, html("button", {
      type: "button", class: place <= this.place ? "done" : "", "data-part": step.part === "start" ? "forward" : step.part,
      "aria-current": place === this.place && "step", "aria-label": `Step ${place + 1}: ${describe(step, this.view).title}`,
      onclick: () => this.go(place),
    }))));
    road.children[focused]?.firstChild.focus();
  }

  go(place) {
    const last = this.steps.length - 1;
    const next = Math.max(0, Math.min(last, place));
    if (next === this.place) return;
    const animate = next === this.place + 1;
    this.place = next;
    this.draw({ animate, tell: true });
  }

  play(on) {
    clearInterval(this.playing);
    this.playing = null;
    if (on) {
      if (this.place === this.steps.length - 1) this.go(0);
      else this.go(this.place + 1);
      this.playing = setInterval(() => {
        this.go(this.place + 1);
        if (this.place === this.steps.length - 1) this.play(false);
      }, 3000);
    }
    byId("play").setAttribute("aria-pressed", String(on));
    byId("play").textContent = on ? "Pause" : "Play";
  }

  choose(layer, neuron) {
    const same = this.chosen?.layer === layer && this.chosen?.neuron === neuron;
    this.chosen = same ? null : { layer, neuron };
    this.draw();
  }

  /** Asks the engine anew. If it refuses, everything stays as it was, and the reason is returned. */
  ask() {
    const answer = this.engine.answer(this.network.question());
    if (answer.refused) return answer.refused;
    this.answer = answer;
    return undefined;
  }

  /** A new number of the user's; returns what is wrong with it, or nothing. */
  change(where, value) {
    const { network } = this;
    const set = (x) => {
      if (where.kind === "weights") network.setWeight(where.layer, where.from, where.to, x);
      else network[where.kind][where.i] = x;
    };
    const before = where.kind === "weights" ? network.weight(where.layer, where.from, where.to) : network[where.kind][where.i];
    if (where.kind === "noted" && (value < 0 || value > 1)) return "An output lies between 0 and 1, where a sigmoid ends.";
    set(value);
    const refused = this.ask();
    if (refused) {
      set(before);
      return refused;
    }
    this.learned = undefined;
    // Noted outputs belong to the numbers they were noted for; others get others.
    if (where.kind === "weights" || where.kind === "inputs") this.noteOutputs();
    this.draw();
    return undefined;
  }

  noteOutputs() {
    const rounded = this.answer.vector("rounded", this.network.depth);
    if (rounded.length === 0 || rounded.every((x, i) => x === this.network.noted[i])) return;
    this.network.noted = [...rounded];
    this.ask();
    byId("live").textContent = `The noted outputs follow: ${rounded.slice(0, 8).map((x) => figure(x)).join(", ")}.`;
    this.tables.refresh(this.network);
  }

  /** One step of learning by the way that is looked at. */
  learn() {
    const rate = Number(byId("learn-rate").value);
    const answer = this.engine.answer(this.network.question([WAYS[this.way].code, rate]));
    const before = this.answer.number("cost", this.network.depth);
    const old = this.network.weights;
    this.network.weights = old.map((w, l) => ({ ...w, numbers: [...answer.vector("next", l + 1)] }));
    const refused = answer.refused ?? (this.network.weights.some((w) => w.numbers.some((x) => Math.abs(x) > LARGEST)) ? "a weight would grow beyond 1e150" : this.ask());
    if (refused) {
      this.network.weights = old;
      this.tables.tell(`No step: ${refused}.`);
      return;
    }
    this.noteOutputs();
    const after = this.answer.number("cost", this.network.depth);
    this.learned = `C went ${after < before ? "down" : after > before ? "up" : "nowhere"}: ${figure(before)} → ${figure(after)}`;
    byId("live").textContent = this.learned.replace("→", "to");
    this.tables.tell("");
    this.tables.refresh(this.network);
    this.draw();
  }

  learning() {
    const possible = this.engine.edits && this.network.inputs;
    byId("learn").hidden = !possible;
    if (!possible) return;
    const known = this.answer.has(WAYS[this.way].update, 1);
    byId("learn-step").disabled = !known;
    byId("learn-cost").textContent = known
      ? this.learned ?? `C = ${figure(this.answer.number("cost", this.network.depth))}`
      : "There are no shares, and so no update by them.";
  }

  /** Everything as it came. */
  restore() {
    const { receivers, fromNoted } = this.network;
    this.network = new Network(data.question);
    Object.assign(this.network, { receivers, fromNoted });
    this.learned = undefined;
    this.ask();
    this.tables.tell("");
    this.tables.draw(this.network, this.engine.edits);
    this.draw();
    byId("live").textContent = "The numbers are as they came.";
  }

  listen() {
    const on = (id, event, action) => byId(id).addEventListener(event, action);
    const byHand = (action) => () => {
      this.play(false);
      action();
    };
    on("first", "click", byHand(() => this.go(0)));
    on("previous", "click", byHand(() => this.go(this.place - 1)));
    on("next", "click", byHand(() => this.go(this.place + 1)));
    on("last", "click", byHand(() => this.go(this.steps.length - 1)));
    on("play", "click", () => this.play(!this.playing));
    on("restore", "click", () => this.restore());
    on("learn-step", "click", () => this.learn());
    on("options", "submit", (event) => event.preventDefault());
    on("options", "change", ({ target }) => {
      this.learned = undefined;
      if (target.name === "way") this.way = target.value;
      if (target.name === "rows") this.network.receivers = target.value === "receivers";
      if (target.name === "noted") this.network.fromNoted = target.value === "noted";
      this.ask();
      if (target.name === "rows") this.tables.draw(this.network, this.engine.edits);
      this.draw({ tell: true });
    });
    document.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      // Fields, choices and buttons keep their own keys.
      const own = event.target.closest("input, select, textarea");
      if (own) return;
      const last = this.steps.length - 1;
      const places = { ArrowRight: this.place + 1, ArrowLeft: this.place - 1, Home: 0, End: last };
      if (event.key in places) {
        event.preventDefault();
        this.play(false);
        this.go(places[event.key]);
      } else if (event.key === " " && !event.target.closest("button, a, [role=button]")) {
        event.preventDefault();
        this.play(!this.playing);
      }
    });
    let width = 0;
    new ResizeObserver(([entry]) => {
      // Drawing changes the height, never the width.
      if (entry.contentRect.width !== width) {
        width = entry.contentRect.width;
        this.draw();
      }
    }).observe(byId("stage"));
  }

  start() {
    const { network, engine } = this;
    byId("main").hidden = false;
    byId("way-exact").hidden = !network.inputs;
    byId("choice-noted").hidden = !(network.noted && network.inputs);
    byId("numbers-text").textContent = engine.edits
      ? "Change any of them: everything is computed anew while you type. Escape brings the last good number back."
      : "They cannot be edited here.";
    byId("restore").hidden = !engine.edits;
    // What a browser remembers of the last visit is not what is shown.
    byId("options").reset();
    this.tables.draw(network, engine.edits);
    this.draw();
    this.listen();
  }
}

/** Light or dark: as the system says, until the button is pressed. */
function startTheme() {
  const root = document.documentElement, system = matchMedia("(prefers-color-scheme: dark)");
  let wanted = null;
  const show = () => {
    const theme = wanted ?? (system.matches ? "dark" : "light");
    root.dataset.theme = theme;
    byId("theme").textContent = theme === "dark" ? "Light colours" : "Dark colours";
  };
  system.addEventListener("change", show);
  byId("theme").addEventListener("click", () => {
    wanted = root.dataset.theme === "dark" ? "light" : "dark";
    show();
  });
  show();
}

function notice(...parts) {
  byId("notice").replaceChildren(...parts);
  byId("notice").hidden = false;
}

startTheme();
try {
  const engine = await loadEngine();
  if (!engine.edits) {
    notice(
      "This page was written without the engine, so its numbers can be looked at, not edited. To edit them, add the target (",
      html("code", null, "rustup target add wasm32-unknown-unknown"), ") and write the page again.",
    );
  }
  const lesson = new Lesson(engine);
  if (lesson.answer.refused) notice(`This network cannot be shown: ${lesson.answer.refused}.`);
  else lesson.start();
} catch (error) {
  notice(`The page could not start: ${error}. It needs a browser of 2022 or later with WebAssembly.`);
}
