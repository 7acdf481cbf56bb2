"""Writes pairs.csv: value, first and second derivatives (a, b, aa, ab, bb) of functions of two numbers, to 60 digits, and
behind each the size of the terms it is a sum of.

Run it with Python 3 and mpmath:  python3 pairs.py > pairs.csv
"""
from mpmath import mp, mpf, atan2, log, sqrt

mp.dps = 60


def hypot(a, b):
    r = sqrt(a * a + b * b)
    return [(r, r), (a / r, abs(a / r)), (b / r, abs(b / r)), (b * b / r**3, 1 / r), (-a * b / r**3, 1 / r),
            (a * a / r**3, 1 / r)]


def angle(a, b):
    q = a * a + b * b
    value = atan2(a, b)
    return [(value, abs(value)), (b / q, abs(b / q)), (-a / q, abs(a / q)), (-2 * a * b / q**2, 1 / q),
            ((a * a - b * b) / q**2, 1 / q), (2 * a * b / q**2, 1 / q)]


def power(a, b):
    y, ln = a**b, log(a)
    return [(y, y), (b * y / a, abs(b * y / a)), (y * ln, y * abs(ln)),
            (b * (b - 1) * y / a**2, abs(b) * (abs(b) + 1) * y / a**2), (y / a * (1 + b * ln), y / a * (1 + abs(b * ln))),
            (y * ln**2, y * ln**2)]


mantissas = [1, 1.5, -1.25, 1.9375]
numbers = [m * 2.0**e for e in (-30, -1, 0, 1, 30) for m in mantissas]
for name, function in (("Hypot", hypot), ("Atan2", angle)):
    for a in numbers:
        for b in numbers:
            print(name, repr(a), repr(b), *(repr(float(x)) for pair in function(mpf(a), mpf(b)) for x in pair), sep=",")
for a in (abs(x) for x in numbers):
    for b in (-3.0, -0.5, 0.75, 1.0, 2.0, 3.25):
        print("Pow", repr(a), repr(b), *(repr(float(x)) for pair in power(mpf(a), mpf(b)) for x in pair), sep=",")
