// Elements: made in one line. Text is always text, never markup.

function element(space, tag, attributes, children) {
  const node = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === undefined || value === null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return node;
}

const html = (tag, attributes, ...children) => element("http://www.w3.org/1999/xhtml", tag, attributes, children);
const svg = (tag, attributes, ...children) => element("http://www.w3.org/2000/svg", tag, attributes, children);
const math = (tag, attributes, ...children) =>
  element("http://www.w3.org/1998/Math/MathML", tag, attributes, children);

/** A formula from words: names, numbers, operators. `"W[2]'"` is a transposed matrix. */
function formula(...parts) {
  return math("math", { display: "inline" }, math("mrow", null, parts.map((part) => {
    if (typeof part !== "string") return part;
    if (part.endsWith("'")) return math("msup", null, math("mi", null, part.slice(0, -1)), math("mo", null, "′"));
    return /^[\p{L}]/u.test(part) ? math("mi", null, part) : math("mo", null, part);
  })));
}

/** Rows of numbers in brackets. */
function bracketed(rows) {
  const cell = (x) => math("mtd", null, math("mn", null, figure(x, 4)));
  return math(
    "mrow",
    null,
    math("mo", { stretchy: "true", fence: "true" }, "("),
    math("mtable", null, rows.map((row) => math("mtr", null, row.map(cell)))),
    math("mo", { stretchy: "true", fence: "true" }, ")"),
  );
}
