"""Writes functions.csv: value, slope and second derivative of functions of one number, from 80 digits.

Run it with Python 3 and mpmath:  python3 functions.py > functions.csv
Columns: the function, x, the value rounded to f64, what is left of it rounded to f64, slope and second derivative rounded to f64.
"""
from mpmath import mp, mpf, atan, cos, diff, erf, erfc, exp, expm1, log, log1p, pi, sech, sin, sqrt, tan, tanh

mp.dps = 80


def sigmoid(x):
    return 1 / (1 + exp(-x))


def density(x):
    return exp(-abs(x)) / (1 + exp(-abs(x))) ** 2


def bell(x):
    return 2 / sqrt(pi) * exp(-x * x) if abs(x) < 1000 else mpf(0)


def power(c):
    return (lambda x: x**c, lambda x: c * x ** (c - 1), lambda x: c * (c - 1) * x ** (c - 2))


REAL, POSITIVE, ABOVE = "real", "positive", "above -1"
rows = {
    "exp": (exp, exp, exp, REAL),
    "expm1": (expm1, exp, exp, REAL),
    "ln": (log, lambda x: 1 / x, lambda x: -1 / x**2, POSITIVE),
    "log1p": (log1p, lambda x: 1 / (1 + x), lambda x: -1 / (1 + x) ** 2, ABOVE),
    "sqrt": (*power(mpf(0.5)), POSITIVE),
    "sin": (sin, cos, lambda x: -sin(x), REAL),
    "cos": (cos, lambda x: -sin(x), lambda x: -cos(x), REAL),
    "tan": (tan, lambda x: 1 + tan(x) ** 2, lambda x: 2 * tan(x) * (1 + tan(x) ** 2), REAL),
    "atan": (atan, lambda x: 1 / (1 + x**2), lambda x: -2 * x / (1 + x**2) ** 2, REAL),
    "tanh": (tanh, lambda x: sech(x) ** 2, lambda x: -2 * tanh(x) * sech(x) ** 2, REAL),
    "sigmoid": (sigmoid, density, lambda x: -tanh(x / 2) * density(x), REAL),
    "density": (density, lambda x: -tanh(x / 2) * density(x),
                lambda x: (tanh(x / 2) ** 2 - sech(x / 2) ** 2 / 2) * density(x), REAL),
    "softplus": (lambda x: log1p(exp(x)) if x < 0 else x + log1p(exp(-x)), sigmoid, density, REAL),
    "erf": (lambda x: erf(x) if abs(x) < 1000 else mp.sign(x), bell, lambda x: -2 * x * bell(x), REAL),
    "erfc": (lambda x: erfc(x) if abs(x) < 1000 else 1 - mp.sign(x), lambda x: -bell(x), lambda x: 2 * x * bell(x), REAL),
    "bell": (bell, lambda x: -2 * x * bell(x), lambda x: (4 * x**2 - 2) * bell(x), REAL),
    "powi(-3)": (*power(-3), REAL),
    "powi(2)": (*power(2), REAL),
    "powi(7)": (*power(7), REAL),
    "powf(-0.5)": (*power(mpf(-0.5)), POSITIVE),
    "powf(0.1)": (*power(mpf(0.1)), POSITIVE),
    "powf(1.75)": (*power(mpf(1.75)), POSITIVE),
    "powf(3)": (*power(3), REAL),
}
sizes = [2.2250738585072014e-308, 1e-200, 1e-100, 1e-20, 1e-8, 1e-4, 0.01, 0.1, 0.3, 0.5, 0.9, 1, 1 + 2**-30, 1.5, 2.3,
         2.499, 2.501, 3, 5.5, 10, 17, 19, 20.5, 26.3, 36.7, 100, 300, 700, 709.5, 720, 745, 1000, 1e5, 1e15, 1e100, 1e200, 1e308]


def plain(x):
    return float(x) if abs(x) < mpf(2) ** 1024 else float("inf") * (1 if x > 0 else -1)


for name, (value, slope, second, domain) in rows.items():
    for a, b in ((value, slope), (slope, second)):  # each formula is the derivative of the one before
        assert abs(diff(a, mpf(1.25)) / b(mpf(1.25)) - 1) < mpf(10) ** -15, name
    # the reduction of 1e308 by multiples of pi
    mp.dps = 420 if name in ("sin", "cos", "tan") else 80
    points = sizes if domain == POSITIVE else [-x for x in reversed(sizes) if domain == REAL or x < 1] + sizes
    for x in map(mpf, points):
        y = value(x)
        hi = plain(y)
        lo = plain(y - hi) if abs(hi) < float("inf") else 0.0
        print(name, *map(repr, (float(x), hi, lo, plain(slope(x)), plain(second(x)))), sep=",")
    mp.dps = 80
