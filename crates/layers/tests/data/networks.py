"""Writes networks.json: loss curves of PyTorch and of scikit-learn in single precision, from the same weights and batches.

    python networks.py        (torch 2.15, scikit-learn 1.9.1, numpy 2.4.6)
"""

import json
import warnings

import numpy as np
import torch
from sklearn.neural_network import MLPClassifier
from torch import nn

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
random = np.random.default_rng(11)
STEPS, BATCH = 50, 8


def numbers(*shape, scale=1.0):
    return np.round(random.normal(size=shape) * scale, 2).astype(np.float32)


def lists(arrays):
    return [np.float64(np.round(a, 2)).round(2).tolist() for a in arrays]


def curve(parameters, forward, x, labels, make):
    parameters = [torch.tensor(p, requires_grad=True) for p in parameters]
    optimiser, losses = make(parameters), []
    for step in range(STEPS):
        start = step * BATCH % len(x)
        optimiser.zero_grad()
        output = forward(torch.tensor(x[start:start + BATCH]), *parameters)
        loss = nn.functional.cross_entropy(output, torch.tensor(labels[start:start + BATCH]))
        loss.backward()
        losses.append(loss.item())
        optimiser.step()
    return losses


class Given(MLPClassifier):
    """With weights from outside."""

    def _init_coef(self, fan_in, fan_out, dtype):
        w, b = self.given.pop(0)
        return w.astype(dtype), b.astype(dtype)


def sklearn_curve(parameters, x, labels, **settings):
    net = Given((16,), activation="tanh", alpha=0.0, batch_size=BATCH, shuffle=False, **settings)
    w1, b1, w2, b2 = (p.copy() for p in parameters)
    net.given = [(w1, b1), (w2, b2)]
    for step in range(STEPS):
        start = step * BATCH % len(x)
        net.partial_fit(x[start:start + BATCH], labels[start:start + BATCH], classes=[0, 1, 2, 3])
    return [float(loss) for loss in net.loss_curve_]


# --- dense, 8-16-4 with tanh ---
x = numbers(48, 8)
labels = np.argmax(x[:, :4] + 0.3 * x[:, 4:], axis=1)
dense = [numbers(8, 16, scale=0.4), numbers(16, scale=0.1), numbers(16, 4, scale=0.4), numbers(4, scale=0.1)]


def network(x, w1, b1, w2, b2):
    return torch.tanh(x @ w1 + b1) @ w2 + b2


# --- convolutional: 4 kernels 3 x 3 with padding, relu, the largest of 2 x 2, dense ---
images = numbers(32, 1, 6, 6)
kinds = np.argmax(images.reshape(32, 3, 12).sum(axis=2), axis=1)
conv = [numbers(4, 1, 3, 3, scale=0.4), numbers(4, scale=0.1), numbers(36, 3, scale=0.3), numbers(3, scale=0.1)]


def convolutional(x, k, b, w, c):
    y = nn.functional.max_pool2d(torch.relu(nn.functional.conv2d(x, k, b, padding=1)), 2)
    return y.flatten(1) @ w + c


sgd, adam = (lambda p: torch.optim.SGD(p, 0.2)), (lambda p: torch.optim.Adam(p, 0.01))
content = {
    "dense": {"x": lists([x])[0], "labels": labels.tolist(), "parameters": lists(dense)},
    "conv": {"x": lists([images])[0], "labels": kinds.tolist(), "parameters": lists(conv)},
    "dense_sgd": curve(dense, network, x, labels, sgd),
    "dense_adam": curve(dense, network, x, labels, adam),
    "dense_sgd_sklearn": sklearn_curve(dense, x, labels, solver="sgd", learning_rate_init=0.2, momentum=0.0),
    "dense_adam_sklearn": sklearn_curve(dense, x, labels, solver="adam", learning_rate_init=0.01),
    "conv_sgd": curve(conv, convolutional, images, kinds, sgd),
    "conv_adam": curve(conv, convolutional, images, kinds, adam),
}
with open("networks.json", "w") as file:
    file.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in content.items()) + "\n}\n")
for name in ("sgd", "adam"):
    a, b = np.array(content[f"dense_{name}"]), np.array(content[f"dense_{name}_sklearn"])
    print(name, a[[0, 1, -1]], np.abs(a / b - 1).max())
