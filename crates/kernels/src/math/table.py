"""Writes table.csv: the functions of this folder at chosen and at random points, to about 32 digits.

Run it with Python 3 and mpmath after adding a function:  python3 table.py > table.csv
A row is the name, the argument, and the value as a sum of two doubles. (Where the value is subnormal the second one is
0, so the sum is right to half a spacing.) Arguments that f32 has serve both types.
"""
import math
import random
import struct
from mpmath import mp, mpf, cos, erf, erfc, exp, expm1, log, log1p, pi, sin, sqrt, tanh

random.seed(1)


def single(x):
    """The nearest f32, where f32 has one."""
    return struct.unpack("f", struct.pack("f", x))[0] if abs(x) < 3.4e38 else x


def around(x):
    """The nearest numbers of both types, and their neighbours."""
    x = float(x)
    near, step = single(x), 2.0 ** (math.frexp(x)[1] - 24)
    return [math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf), near - step, near, near + step]


def sigmoid(x):
    return 1 / (1 + exp(-x))


def softplus(x):
    return log1p(exp(-abs(x))) + max(x, 0)


LN_2 = log(mpf(2))
SIZES = [5e-324, 1e-320, 2.2250738585072014e-308, 1e-300, 1e-150, 1.401298464324817e-45, 1e-40, 1.1754943508222875e-38,
         1e-30, 1e-20, 1e-17, 1e-16, 1e-10, 5.9e-8, 6e-8, 1e-7, 1e-5, 1e-3, 0.01, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10,
         17, 20, 36.7, 50, 100, 1000, 1e5, 1e10, 1e20, 1e38, 3.4028234663852886e38, 1e100, 1e150, 1e300,
         1.7976931348623157e308]
# The ends of the range, and where n changes.
EXP = [87.3, 88.3, 88.72, 88.73, 103.2, 103.9, 104.1, 708, 709.7, 709.79, 744.4, 745.1, 745.2, 746.1]
EXP += [(n + 0.5) * LN_2 for n in (0, 1, 2, 3, 10, 23, 24, 52, 53, 126, 127, 1022)]
LN = [sqrt(mpf(2)) * mpf(2) ** k for k in (-1074, -1022, -149, -126, -30, -3, -2, -1, 0, 1, 2, 20, 126, 1000)]
TURNS = [n * pi / 2 for n in (1, 2, 3, 4, 5, 6, 7, 22, 101, 4095, 8190, 30034, 41721, 41722, 333772, 600001, 667544)]
TURNS += [n * pi / 4 for n in (1, 3, 5, 7)] + [65536, 1048576, 4.3e5, 1e15]

# Function, special points, ranges of the random points.
rows = {
    "exp": (exp, EXP, [(-745, 709), (-104, 88), (-1, 1)]),
    "expm1": (expm1, EXP, [(-40, 709), (-3, 3), (-1, 1)]),
    "ln": (log, LN + [1], [(0.4, 2.5), (0, 100)]),
    "ln_1p": (log1p, [x - 1 for x in LN if x > mpf(2) ** -50] + [-1, 1e12, 1e30], [(-0.9, 1.5), (-0.9, 100)]),
    "sin": (sin, TURNS, [(-4, 4), (-1e4, 1e4), (-1e6, 1e6)]),
    "cos": (cos, TURNS, [(-4, 4), (-1e4, 1e4), (-1e6, 1e6)]),
    "tanh": (tanh, [x / 2 for x in EXP] + [0.625, 0.75, 9.01, 10, 19.06, 20], [(-1, 1), (-20, 20)]),
    "sigmoid": (sigmoid, EXP, [(-3, 3), (-40, 40), (-745, 0)]),
    "density": (lambda x: sigmoid(x) * sigmoid(-x), EXP, [(-3, 3), (-40, 40), (-745, 745)]),
    "softplus": (softplus, EXP, [(-3, 3), (-40, 40), (-745, 0)]),
    "erf": (lambda x: erf(x) if abs(x) < 100 else mp.sign(x), [0.9375, 1, 3.9, 4, 5.9, 6], [(-1.5, 1.5), (-6, 6)]),
    "erfc": (
        lambda x: erfc(x) if abs(x) < 100 else 1 - mp.sign(x),
        [0.5, 0.5346367, 0.6, 0.84375, 1.25, 3, 7.7308774, 8.5, 9.011223, 9.19, 9.2, 9.35, 10.05, 10.06, 10.3,
         26.5, 26.54, 27.2, 27.3],
        [(-1.5, 1.5), (-4, 10.3), (0, 27), (0.5, 1.1), (-1, -0.4), (1, 6), (25.5, 27.3)],
    ),
}
for name, (f, special, ranges) in rows.items():
    mp.prec = 1300 if name in ("sin", "cos") else 1200 if name in ("ln", "ln_1p") else 400
    points = {y for x in SIZES for y in (x, single(x))} | {y for x in special for y in around(x)}
    for low, high in ranges:
        drawn = [random.uniform(low, high) for _ in range(24)]
        points |= set(drawn[:12]) | set(map(single, drawn[12:]))
    points |= {-x for x in points}
    for x in sorted(points):
        if x == 0 or abs(x) == math.inf or (name == "ln" and x < 0) or (name == "ln_1p" and x <= -1):
            continue
        if name not in ("sin", "cos", "ln", "ln_1p") and abs(x) > 1e4:
            exact = {"exp": math.inf, "expm1": math.inf, "softplus": x, "density": 0.0}.get(name, 0.0 if name == "erfc" else 1.0) if x > 0 else \
                {"expm1": -1.0, "tanh": -1.0, "erf": -1.0, "erfc": 2.0}.get(name, 0.0)
            print(name, repr(x), repr(exact), "0", sep=",")
            continue
        y = f(mpf(x))
        first = float(y) if abs(y) < mpf(2) ** 1024 else math.inf
        print(name, repr(x), repr(first), "0" if abs(first) in (0, math.inf) else f"{float(y - mpf(first)):.2e}", sep=",")
