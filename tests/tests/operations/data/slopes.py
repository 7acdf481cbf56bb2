"""Writes slopes.csv: value, slope and second derivative of scalar functions, to 60 digits, rounded once to f64.

Run it with Python 3 and mpmath after adding a row to `rows`:  python3 slopes.py > slopes.csv
A row's key is what `{:?}` prints of the function in Rust. Functions whose three figures are exact in f64 (neg, add,
relu, ...) are not here: slopes.rs has their formulas.
"""
import struct
from mpmath import mp, mpf, atan, cos, diff, erf, erfc, exp, expm1, log, log1p, pi, sech, sin, sqrt, tan, tanh

mp.dps = 60


def single(x):
    """The nearest f32 where f32 has normal numbers, so that one table serves both types."""
    return struct.unpack("f", struct.pack("f", x))[0] if 1.2e-38 < abs(x) < 3.4e38 else x


def sigmoid(x):
    return 1 / (1 + exp(-x))


def power(c):
    return (lambda x: x**c, lambda x: c * x ** (c - 1), lambda x: c * (c - 1) * x ** (c - 2))


def quotient(c):
    return (lambda x: c / x, lambda x: -c / x**2, lambda x: 2 * c / x**3)


def bell(sign):
    return lambda x: sign * 2 / sqrt(pi) * exp(-x * x) if abs(x) < 1000 else mpf(0)


sigmoids = (
    sigmoid,
    lambda x: sigmoid(x) * sigmoid(-x),
    lambda x: -tanh(x / 2) * sigmoid(x) * sigmoid(-x),
)
REAL, POSITIVE, ABOVE = "real", "positive", "above -1"
rows = {
    "DivInto(2.5)": (quotient(mpf(2.5)), REAL),
    "DivInto(-1.0)": (quotient(mpf(-1)), REAL),
    "Sqrt": (power(mpf(0.5)), POSITIVE),
    "Powi(-3)": (power(-3), REAL),
    "Powi(-1)": (power(-1), REAL),
    "Powi(2)": (power(2), REAL),
    "Powi(5)": (power(5), REAL),
    "Powf(-0.5)": (power(mpf(-0.5)), POSITIVE),
    "Powf(0.1)": (power(mpf(0.1)), POSITIVE),
    "Powf(0.5)": (power(mpf(0.5)), POSITIVE),
    "Powf(1.5)": (power(mpf(1.5)), POSITIVE),
    "Powf(3.0)": (power(3), REAL),
    "Exp": ((exp, exp, exp), REAL),
    "Ln": ((log, lambda x: 1 / x, lambda x: -1 / x**2), POSITIVE),
    "Sigmoid": (sigmoids, REAL),
    "LogisticDensity": (
        (
            lambda x: sigmoid(x) * sigmoid(-x),
            lambda x: -tanh(x / 2) * sigmoid(x) * sigmoid(-x),
            lambda x: (tanh(x / 2) ** 2 - sech(x / 2) ** 2 / 2) * sigmoid(x) * sigmoid(-x),
        ),
        REAL,
    ),
    "Expm1": ((expm1, exp, exp), REAL),
    "Log1p": ((log1p, lambda x: 1 / (1 + x), lambda x: -1 / (1 + x) ** 2), ABOVE),
    "Sin": ((sin, cos, lambda x: -sin(x)), REAL),
    "Cos": ((cos, lambda x: -sin(x), lambda x: -cos(x)), REAL),
    "Tan": ((tan, lambda x: 1 + tan(x) ** 2, lambda x: 2 * tan(x) * (1 + tan(x) ** 2)), REAL),
    "Atan": ((atan, lambda x: 1 / (1 + x**2), lambda x: -2 * x / (1 + x**2) ** 2), REAL),
    "Softplus": ((lambda x: log1p(exp(x)) if x < 0 else x + log1p(exp(-x)), *sigmoids[:2]), REAL),
    "Erf": ((lambda x: erf(x) if abs(x) < 1000 else mp.sign(x), bell(1), lambda x: -2 * x * bell(1)(x)), REAL),
    "Erfc": ((lambda x: erfc(x) if abs(x) < 1000 else 1 - mp.sign(x), bell(-1), lambda x: -2 * x * bell(-1)(x)), REAL),
    "Tanh": ((tanh, lambda x: sech(x) ** 2, lambda x: -2 * tanh(x) * sech(x) ** 2), REAL),
}
sizes = [2.2250738585072014e-308, 1e-300, 1e-200, 1e-150, 1e-100, 1e-50, 1.1754943508222875e-38, 1e-30, 1e-20, 1e-10,
         1e-8, 1e-4, 0.01, 0.1, 0.25, 0.5, 0.9, 1, 1 + 2**-23, 1.5, 2, 3, 5.5, 10, 17, 19, 20.5, 36.7, 50, 80, 87.3,
         88.7, 100, 104, 300, 500, 700, 709.5, 710, 720, 745, 746, 1000, 1e5, 1e10, 1e20, 1e30, 3.4028234663852886e38,
         1e100, 1e150, 1e200, 1e300, 1.7976931348623157e308]

for name, (functions, domain) in rows.items():
    for a, b in zip(functions, functions[1:]):  # each formula is the derivative of the one before
        assert abs(diff(a, mpf(1.25)) / b(mpf(1.25)) - 1) < mpf(10) ** -15, name
    points = sorted({single(x) for x in sizes})
    mp.dps = 400 if name in ("Sin", "Cos", "Tan") else 60  # for the reduction of 1e308 by multiples of pi
    for x in [-x for x in reversed(points) if domain == REAL or (domain == ABOVE and x < 1)] + points:
        figures = [float(f(mpf(x))) if abs(f(mpf(x))) < mpf(2) ** 1024 else float("inf") * (1 if f(mpf(x)) > 0 else -1)
                   for f in functions]
        print(name, repr(x), *map(repr, figures), sep=",")
