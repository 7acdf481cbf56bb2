// Elements: made in one line. Text is always text, never markup.

function element(space, tag, attributes, children) {
  const node = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === undefined || value === null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null));
  return node;
}

const html = (tag, attributes, ...children) => element("http://www.w3.org/1999/xhtml", tag, attributes, children);
const svg = (tag, attributes, ...children) => element("http://www.w3.org/2000/svg", tag, attributes, children);
const math = (tag, attributes, ...children) =>
  element("http://www.w3.org/1998/Math/MathML", tag, attributes, children);

/** A formula from words: names, numbers, operators. `"W[2]'"` is a transposed matrix. */
function formula(...parts) {
  return math("math", { displaystyle: "true" }, formulaRow(parts));
}

/** The same as a part of a formula. Names beside each other are products, and stand a little apart. */
function formulaRow(parts) {
  const row = math("mrow");
  for (const part of parts.filter(Boolean)) {
    const isName = typeof part !== "string" || /^[Δ\p{L}]/u.test(part);
    if (isName && row.lastChild && row.lastChild.localName !== "mo") row.append(math("mspace", { width: "0.25em" }));
    if (typeof part !== "string") row.append(part);
    else if (!isName) row.append(math("mo", null, part));
    else if (part.endsWith("'")) row.append(math("mrow", null, math("mi", { mathvariant: "normal" }, part.slice(0, -1)), math("mo", { lspace: "0", rspace: "0" }, "′")));
    else row.append(math("mi", { mathvariant: "normal" }, part));
  }
  return row;
}

/** Rows of numbers in brackets. */
function bracketed(rows) {
  const cell = (x) => math("mtd", null, math("mn", null, figure(x, 4)));
  // The brackets are borders: not every system has a font whose brackets grow.
  return math("mtable", null, rows.map((row) => math("mtr", null, row.map(cell))));
}
