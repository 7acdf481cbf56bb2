"""Writes pairs.csv: values and slopes of functions of two numbers, from 80 digits.

Run it with Python 3 and mpmath:  python3 pairs.py > pairs.csv
Columns: the function, x, y, the value rounded to f64, what is left of it rounded to f64, the slopes by x and by y.
"""
from mpmath import mp, mpf, atan2, hypot, log

mp.dps = 80
rows = {
    "pow": (lambda x, y: x**y, lambda x, y: y * x ** (y - 1), lambda x, y: x**y * log(x)),
    "atan2": (atan2, lambda x, y: y / (x * x + y * y), lambda x, y: -x / (x * x + y * y)),
    "hypot": (hypot, lambda x, y: x / hypot(x, y), lambda x, y: y / hypot(x, y)),
}
sizes = [1e-300, 1e-100, 1e-8, 0.1, 0.5, 1.0, 1.75, 3.0, 10.0, 300.0, 1e10, 1e100, 1e300]
exponents = [-300.0, -3.5, -1.0, -0.1, -1e-10, 1e-10, 0.3, 0.5, 1.0, 2.0, 7.25, 100.0]


def plain(x):
    return float(x) if abs(x) < mpf(2) ** 1024 else float("inf") * (1 if x > 0 else -1)


for name, (value, first, second) in rows.items():
    both = [-y for y in reversed(sizes)] + sizes
    for x in sizes if name == "pow" else both[::3]:
        for y in exponents if name == "pow" else both[::2]:
            z = value(mpf(x), mpf(y))
            hi = plain(z)
            lo = plain(z - hi) if abs(hi) < float("inf") else 0.0
            slopes = plain(first(mpf(x), mpf(y))), plain(second(mpf(x), mpf(y)))
            print(name, *map(repr, (x, y, hi, lo, *slopes)), sep=",")
