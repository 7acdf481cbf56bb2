"""Writes optimisers.json, losses.json and logistic.json: what PyTorch, SciPy and scikit-learn compute in double precision.

    python optimisers.py        (torch 2.15, scikit-learn 1.9.1, scipy 1.17.1, numpy 2.4.6)
"""

import json
import warnings

import numpy as np
import torch
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from torch.nn import functional as F
from torch.optim import lr_scheduler as schedulers

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)


def write(name, content):
    with open(name, "w") as file:
        file.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in content.items()) + "\n}\n")


# --- optimisers: a small regression, 20 steps ---

random = np.random.default_rng(7)
x = np.round(random.normal(size=(6, 3)), 2)
y = np.round(random.normal(size=(6, 2)), 2)
w0 = np.round(random.normal(size=(3, 2)), 2)
b0 = np.round(random.normal(size=2), 2)
STEPS = 20


def loss_of(w, b, rows=slice(None)):
    return ((torch.tanh(torch.tensor(x[rows]) @ w + b) - torch.tensor(y[rows])) ** 2).mean()


def train(make, schedule=None, before=None, runs=STEPS, accumulate=1):
    """The losses before each run, and the parameters at the end."""
    w, b = torch.tensor(w0, requires_grad=True), torch.tensor(b0, requires_grad=True)
    optimiser = make([w, b])
    scheduler = schedule(optimiser) if schedule else None
    losses = []
    for run in range(runs):
        rows = slice(2 * (run % 3), 2 * (run % 3) + 2) if accumulate > 1 else slice(None)
        if run % accumulate == 0:
            optimiser.zero_grad()
        loss = loss_of(w, b, rows)
        (loss / accumulate).backward()
        losses.append(loss.item())
        if run % accumulate == accumulate - 1:
            if before:
                before([w, b])
            optimiser.step()
            if scheduler:
                scheduler.step()
    return {"losses": losses, "end": w.detach().flatten().tolist() + b.tolist()}


def clip_norm(most):
    def clip(parameters):
        norm = torch.sqrt(sum((p.grad ** 2).sum() for p in parameters))
        if norm > most:
            for p in parameters:
                p.grad *= most / norm

    return clip


class Lion(torch.optim.Optimizer):
    """Algorithm 2 of Chen et al. 2023."""

    def __init__(self, parameters, rate, betas=(0.9, 0.99), decay=0.0):
        super().__init__(parameters, dict(rate=rate, betas=betas, decay=decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            (b1, b2), rate = group["betas"], group["rate"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                c = b1 * m + (1 - b1) * p.grad
                p -= rate * (torch.sign(c) + group["decay"] * p)
                m.copy_(b2 * m + (1 - b2) * p.grad)


O = torch.optim
cases = {
    "sgd": train(lambda p: O.SGD(p, 0.3)),
    "sgd_decay": train(lambda p: O.SGD(p, 0.3, weight_decay=0.1)),
    "momentum": train(lambda p: O.SGD(p, 0.1, momentum=0.8)),
    "nesterov": train(lambda p: O.SGD(p, 0.1, momentum=0.8, nesterov=True, weight_decay=0.02)),
    "adam": train(lambda p: O.Adam(p, 0.05)),
    "adam_betas": train(lambda p: O.Adam(p, 0.05, betas=(0.0, 0.5), eps=1e-3, weight_decay=0.1)),
    "adam_zero": train(lambda p: O.Adam(p, 0.05, betas=(0.5, 0.0))),
    "amsgrad": train(lambda p: O.Adam(p, 0.1, betas=(0.9, 0.6), amsgrad=True)),
    "adamw": train(lambda p: O.AdamW(p, 0.05)),
    "adamw_decay": train(lambda p: O.AdamW(p, 0.05, weight_decay=0.5)),
    "rmsprop": train(lambda p: O.RMSprop(p, 0.01)),
    "rmsprop_momentum": train(lambda p: O.RMSprop(p, 0.01, alpha=0.9, eps=1e-4, momentum=0.7)),
    "rmsprop_centered": train(lambda p: O.RMSprop(p, 0.01, momentum=0.5, centered=True)),
    "adagrad": train(lambda p: O.Adagrad(p, 0.2)),
    "lion": train(lambda p: Lion(p, 0.03)),
    "lion_decay": train(lambda p: Lion(p, 0.03, betas=(0.8, 0.95), decay=0.3)),
    "clip_norm": train(lambda p: O.SGD(p, 0.3, momentum=0.5, weight_decay=0.1), before=clip_norm(0.2)),
    "clip_value": train(lambda p: O.SGD(p, 0.3), before=lambda p: torch.nn.utils.clip_grad_value_(p, 0.05)),
    "accumulate": train(lambda p: O.Adam(p, 0.05), before=clip_norm(0.2), runs=21, accumulate=3,
                        schedule=lambda o: schedulers.ExponentialLR(o, 0.8)),
    "adamw_cosine": train(lambda p: O.AdamW(p, 0.1, weight_decay=0.2),
                          schedule=lambda o: schedulers.CosineAnnealingLR(o, 20, eta_min=0.01)),
}


# --- schedules: the rate of each step ---

def rates(schedule, steps=30, rate=0.5):
    optimiser = O.SGD([torch.zeros(1, requires_grad=True)], rate)
    scheduler = schedule(optimiser)
    found = []
    for _ in range(steps):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return found


def plateau(metrics, **settings):
    optimiser = O.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    scheduler = schedulers.ReduceLROnPlateau(optimiser, eps=0.0, **settings)
    found = []
    for metric in metrics:
        scheduler.step(metric)
        found.append(optimiser.param_groups[0]["lr"])
    return found


metrics = [round(1 / (1 + t) + 0.3 * np.sin(1.7 * t) ** 2, 3) for t in range(40)]
tables = {
    "step_decay": rates(lambda o: schedulers.StepLR(o, 7, 0.3)),
    "exponential": rates(lambda o: schedulers.ExponentialLR(o, 0.9)),
    "linear": rates(lambda o: schedulers.LinearLR(o, 1.0, 0.2, 20)),
    "polynomial": rates(lambda o: schedulers.PolynomialLR(o, 20, 2.5)),
    "cosine": rates(lambda o: schedulers.CosineAnnealingLR(o, 30, 0.05)),
    "one_cycle": rates(lambda o: schedulers.OneCycleLR(o, 0.5, total_steps=30)),
    "metrics": metrics,
    "plateau": plateau(metrics, factor=0.5, patience=2, threshold=0.01, cooldown=3, min_lr=0.05),
    "plateau_rising": plateau(metrics, mode="max", factor=0.3, patience=4),
}
write("optimisers.json", {"x": x.tolist(), "y": y.tolist(), "w": w0.tolist(), "b": b0.tolist(), **cases, **tables})

# --- losses and their gradients, near and far ---

near = np.round(random.normal(size=(4, 3)) * 3, 2)
far = np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 999.0], [0.0, 0.0, 0.0], [5.0, 1000.0, 1000.0]])
labels = [0, 2, 1, 0]
p = np.round(random.dirichlet(np.ones(3), size=4), 2)
p[:, 2] = np.round(1 - p[:, 0] - p[:, 1], 2)
p[3] = [0.0, 1.0, 0.0]


def loss_case(function):
    found = []
    for values in (near, far):
        output = torch.tensor(values, requires_grad=True)
        loss = function(output)
        loss.backward()
        found.append({"loss": loss.item(), "gradient": output.grad.flatten().tolist()})
    return found


target, whole = torch.tensor(p), torch.tensor(labels)
write("losses.json", {
    "near": near.tolist(), "far": far.tolist(), "labels": labels, "p": p.tolist(),
    "mean_squared_error": loss_case(lambda o: F.mse_loss(o, target)),
    "mean_absolute_error": loss_case(lambda o: F.l1_loss(o, target)),
    "huber_loss": loss_case(lambda o: F.huber_loss(o, target, delta=0.7)),
    "labels_cross_entropy": loss_case(lambda o: F.cross_entropy(o, whole)),
    "softmax_cross_entropy": loss_case(lambda o: F.cross_entropy(o, target)),
    "labels_smoothed": loss_case(lambda o: F.cross_entropy(o, whole, label_smoothing=0.1)),
    "smoothed_cross_entropy": loss_case(lambda o: F.cross_entropy(o, target, label_smoothing=0.3)),
    "binary_cross_entropy": loss_case(lambda o: F.binary_cross_entropy_with_logits(o, target)),
    "kl_divergence": loss_case(lambda o: F.kl_div(F.log_softmax(o, 1), target, reduction="batchmean")),
})

# --- logistic regression with decay: mean cross-entropy + 0.05 |w|² ---

features = np.round(random.normal(size=(40, 3)), 2)
yes = (features @ [1.0, -2.0, 0.5] + 0.3 + random.normal(size=40) > 0).astype(float)


def objective(theta):
    z = features @ theta[:3] + theta[3]
    slope = 1 / (1 + np.exp(-z)) - yes
    value = np.mean(np.logaddexp(0, z) - yes * z) + 0.05 * np.sum(theta[:3] ** 2)
    return value, np.append(features.T @ slope / 40 + 0.1 * theta[:3], slope.mean())


best = minimize(objective, np.zeros(4), jac=True, method="BFGS", options={"gtol": 1e-12})
fit = LogisticRegression(C=1 / (40 * 0.1), tol=1e-12, max_iter=10000).fit(features, yes)
write("logistic.json", {
    "x": features.tolist(), "y": yes.tolist(), "loss": best.fun, "scipy": best.x.tolist(),
    "sklearn": fit.coef_[0].tolist() + fit.intercept_.tolist(),
})
print(np.abs(best.x - np.append(fit.coef_[0], fit.intercept_)).max(), objective(best.x)[1])
