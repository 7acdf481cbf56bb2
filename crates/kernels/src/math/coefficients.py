"""Prints the polynomials of this folder, as Rust arrays: minimax by the algorithm of Remez, rounded to the type.

Run it with Python 3 and mpmath:  python3 coefficients.py
The coefficients are rounded from the lowest power on; after each, the others are fitted anew, both by Remez (which
without the lowest powers needs an interval that does not have 0 inside) and by least squares at Chebyshev's points;
the better of the two is shown.
Two others are not made here: those of the logarithm (fdlibm's) and of the hyperbolic tangent (Cephes's) in f64.
"""
import struct
from mpmath import mp, mpf, matrix, lu_solve, cos, erf, erfc, exp, expm1, log, log1p, pi, sin, sqrt, tanh

mp.prec = 200


def f32(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def f64(x):
    return mpf(float(x))


def chebyshev(low, high, count):
    return [(low + high) / 2 - (high - low) / 2 * cos(pi * (i + mpf(0.5)) / count) for i in range(count)]


def value(coefficients, x):
    return sum(c * x**p for p, c in coefficients.items())


def remez(f, weight, low, high, powers, count=401):
    """The coefficients that make the largest `weight * |f - polynomial|` small, and what it is."""
    n = len(powers)
    xs = chebyshev(low, high, count)
    ws, fs = [weight(x) for x in xs], [f(x) for x in xs]
    at = [k * (count - 1) // n for k in range(n + 1)]
    for _ in range(15):
        a, b = matrix(n + 1, n + 1), matrix(n + 1, 1)
        for row, i in enumerate(at):
            for column, p in enumerate(powers):
                a[row, column] = xs[i] ** p
            a[row, n], b[row] = (-1) ** row / ws[i], fs[i]
        solution = lu_solve(a, b)
        coefficients = dict(zip(powers, solution))
        errors = [w * (y - value(coefficients, x)) for x, w, y in zip(xs, ws, fs)]
        extrema = []
        for i, error in enumerate(errors):
            if extrema and (errors[extrema[-1]] > 0) == (error > 0):
                if abs(error) > abs(errors[extrema[-1]]):
                    extrema[-1] = i
            else:
                extrema.append(i)
        while len(extrema) > n + 1:
            extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
        worst = max(map(abs, errors))
        if len(extrema) < n + 1 or worst < abs(solution[n]) * mpf(1.02):
            break
        at = extrema
    return coefficients, worst


def least_squares(f, weight, low, high, powers, count=160):
    n = len(powers)
    a, b = matrix(n, n), matrix(n, 1)
    for x in chebyshev(low, high, count):
        w, row = weight(x) ** 2, [x**p for p in powers]
        for i in range(n):
            b[i] += w * row[i] * f(x)
            for j in range(n):
                a[i, j] += w * row[i] * row[j]
    return dict(zip(powers, lu_solve(a, b)))


def grouped(x, kind):
    """The shortest literal, digits in groups of three."""
    text = repr(float(x))
    if kind is f32:
        text = next(t for t in (f"{float(x):.{d}g}" for d in range(1, 12)) if f32(mpf(t)) == x)
    number, _, exponent = text.partition("e")
    whole, _, digits = number.partition(".")
    digits = "_".join(digits[i : i + 3] for i in range(0, len(digits), 3)) or "0"
    return f"{whole}.{digits}" + (f"e{int(exponent)}" if exponent else "")


def show(name, kind, f, weight, low, high, count, first=None):
    low, high = mpf(low), mpf(high)
    best, ideal = remez(f, weight, low, high, list(range(count)))
    results = []
    for fit in (least_squares, lambda *arguments: remez(*arguments)[0]):
        powers, fixed, left = list(range(count)), {}, dict(best)
        if first is not None:
            left[0] = first
        while powers:
            power = powers.pop(0)
            fixed[power] = kind(left[power])
            if powers and (low >= 0 or fit is least_squares):
                left = fit(lambda x: f(x) - value(fixed, x), weight, low, high, powers)
        worst = max(weight(x) * abs(f(x) - value(fixed, x)) for x in chebyshev(low, high, 1500))
        results.append((worst, fixed))
    worst, fixed = min(results, key=lambda result: result[0])
    print(f"{name}: degree {count - 1}, error 2^{float(log(worst, 2)):.1f} (before rounding 2^{float(log(ideal, 2)):.1f})")
    print("   ", ", ".join(grouped(fixed[power], kind) for power in range(count)), flush=True)


def near_zero(formula, at_zero):
    return lambda x: formula(x) if abs(x) > mpf(10) ** -15 else mpf(at_zero)


exponential = near_zero(lambda r: (expm1(r) - r) / r**2, 0.5)
half = log(2) / 2 * mpf(1.0005)
relative = lambda r: max(abs(r), mpf(0.03))
show("exp f32", f32, exponential, relative, -half, half, 6, 0.5)
show("exp f64", f64, exponential, relative, -half, half, 10, 0.5)

logarithm = near_zero(lambda f: (log1p(f) - f + f * f / 2) / f**3, mpf(1) / 3)
show("ln f32", f32, logarithm, lambda f: max(f * f, mpf(0.003)), sqrt(mpf(0.5)) - 1, sqrt(mpf(2)) - 1, 8, mpf(1) / 3)

# Of the square of the argument.
sine = near_zero(lambda u: (sin(sqrt(u)) / sqrt(u) - 1) / u, -mpf(1) / 6)
cosine = near_zero(lambda u: (cos(sqrt(u)) - 1 + u / 2) / u**2, mpf(1) / 24)
quarter, right = (pi / 4 * mpf(1.01)) ** 2, (pi / 2 * mpf(1.001)) ** 2
show("sin to pi/4 f32", f32, sine, lambda u: u, 0, quarter, 3)
show("cos to pi/4 f32", f32, cosine, lambda u: u * u, 0, quarter, 3)
show("sin to pi/4 f64", f64, sine, lambda u: u, 0, quarter, 6)
show("cos to pi/4 f64", f64, cosine, lambda u: u * u, 0, quarter, 6)
show("sin to pi/2 f32", f64, sine, lambda u: u, 0, right, 5)

tangent = near_zero(lambda u: (tanh(sqrt(u)) / sqrt(u) - 1) / u, -mpf(1) / 3)
show("tanh f32", f32, tangent, lambda u: u * sqrt(u) / tanh(sqrt(u)), 0, mpf(0.75) ** 2, 6)

near = near_zero(lambda u: erf(sqrt(u)) / sqrt(u) - 1, 2 / sqrt(pi) - 1)
far = lambda x: log(erfc(x)) / x + 1
show("erf near f32", f32, near, lambda u: mpf(1), 0, mpf(0.9375) ** 2, 7)
show("erf far f32", f32, far, lambda x: x * erfc(x), 0.9375, 4, 6)
show("erf near f64", f64, near, lambda u: mpf(1), 0, 1, 12)
show("erf far f64", f64, far, lambda x: x * erfc(x), 1, 6, 18)


def chebyshev_points(name, kind, f, a, start, end, degree, count=400):
    """The polynomial of (x - a) / (x + a) nearest to f on [start, end] in the Chebyshev points, by relative least squares."""
    a, start, end = mpf(a), mpf(start), mpf(end)
    points = chebyshev((start - a) / (start + a), (end - a) / (end + a), count)
    values = [f(a * (1 + t) / (1 - t)) for t in points]
    rows = matrix([[t**k / v for k in range(degree + 1)] for t, v in zip(points, values)])
    solution = [kind(c) for c in lu_solve(rows, matrix([1] * count))]
    worst = max(abs(value(dict(enumerate(solution)), t) / v - 1) for t, v in zip(points, values))
    print(f"{name}: degree {degree}, error 2^{float(log(worst, 2)):.1f}")
    print("   ", ", ".join(grouped(c, kind) for c in solution), flush=True)


scaled = lambda x: (1 + 2 * x) * exp(x * x) * erfc(x)
chebyshev_points("erfc scaled f32", f32, scaled, 3, 0.5, 10.3, 9)
chebyshev_points("erfc scaled f64", f64, scaled, 3, 0.5, 27.3, 21, 200)
