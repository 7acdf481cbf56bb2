"""The figures of networks.rs: a network of two sigmoid layers with biases, on a batch, and ten steps of gradient descent.

Written from the formulas with NumPy, without any automatic differentiation:  python3 networks.py
"""
import numpy as np

sigmoid = lambda z: 1 / (1 + np.exp(-z))
x = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
y = np.array([[1.0, 0.0], [0.0, 1.0]])
w1 = np.array([[0.1, -0.2, 0.3, 0.4], [0.5, 0.6, -0.7, 0.8], [-0.9, 1.0, 1.1, -1.2]])
b1 = np.array([0.05, -0.1, 0.15, -0.2])
w2 = np.array([[0.3, -0.5], [0.7, 0.2], [-0.4, 0.6], [0.9, -0.8]])
b2 = np.array([0.25, -0.35])


def step(w1, b1, w2, b2):
    a1 = sigmoid(x @ w1 + b1)
    a2 = sigmoid(a1 @ w2 + b2)
    cost = 0.5 * ((y - a2) ** 2).sum()
    d2 = (a2 - y) * a2 * (1 - a2)
    d1 = (d2 @ w2.T) * a1 * (1 - a1)
    return cost, (x.T @ d1, d1.sum(0), a1.T @ d2, d2.sum(0)), a2


cost, gradients, output = step(w1, b1, w2, b2)
p = [w1, b1, w2, b2]
for _ in range(10):
    p = [v - 0.5 * g for v, g in zip(p, step(*p)[1])]
for name, value in [("output", output), ("cost", cost), *zip(["w1", "b1", "w2", "b2"], gradients), ("after", step(*p)[0])]:
    print(name, ", ".join(repr(float(v)) for v in np.ravel(value)))
