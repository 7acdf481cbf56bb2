// Numbers as one writes them, and as one types them.

/** `x` as short as so many significant digits allow: 0.435, −1.2, 3, 1.5e−9. A half is rounded up in the decimal figure, as
 *  one does by hand: the first fifteen digits of a double are true, and the ones behind them noise. */
function figure(x, digits = 6) {
  if (x === 0) return "0";
  const [mantissa, exponent] = Math.abs(x).toExponential(14).split("e");
  let whole = Math.round(Number(mantissa.replace(".", "")) / 10 ** (15 - digits));
  let power = Number(exponent);
  if (whole === 10 ** digits) {
    whole /= 10;
    power += 1;
  }
  let places = String(whole); // the first `digits` digits of the figure, the first of which is worth 10^power
  if (power < -4 || power >= Math.max(digits, 6)) {
    places = places.replace(/0+$/, "");
    places = places[0] + (places.length > 1 ? "." + places.slice(1) : "") + "e" + String(power).replace("-", "−");
  } else if (power < 0) {
    places = ("0." + "0".repeat(-power - 1) + places).replace(/0+$/, "");
  } else {
    places = places.padEnd(power + 1, "0");
    const decimals = places.slice(power + 1).replace(/0+$/, "");
    places = places.slice(0, power + 1) + (decimals && "." + decimals);
  }
  return (x < 0 ? "−" : "") + places;
}

/** The same behind an operator: a negative number stands in parentheses. */
function factor(x, digits = 6) {
  return x < 0 ? `(${figure(x, digits)})` : figure(x, digits);
}

/** A number as it is put into a field: all of its digits. */
function typed(x) {
  return String(x);
}

/** The limit of the engine for numbers that are put in. */
const LARGEST = 1e150;

/** What somebody typed, as `{ value }` or `{ error }`. A comma is taken for a point. */
function parseNumber(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  if (plain === "") return { error: "There is no number. Write one, for example 0.3." };
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) {
    const shown = text.trim().length > 24 ? text.trim().slice(0, 24) + "…" : text.trim();
    return { error: `“${shown}” is not a number. Write one as 0.3, −1.2 or 5e-3.` };
  }
  const value = Number(plain);
  if (!(Math.abs(value) <= LARGEST)) return { error: "This number is too large. Write one below 1e150." };
  return { value };
}

/** 12 as ₁₂. */
function lowered(n) {
  return String(n).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);
}

/** The places to be shown of `count`: all, or the first ones, a gap (null) and the last. */
function shownPlaces(count, most = 8) {
  const all = Array.from({ length: count }, (_, i) => i);
  return count <= most ? all : [...all.slice(0, most - 2), null, count - 1];
}
