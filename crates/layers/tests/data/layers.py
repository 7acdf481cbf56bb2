"""Figures for tests/torch.rs: inputs, parameters, outputs and gradients of PyTorch's layers, in double precision.

    python layers.py > layers.json

Each case has the parameters under PyTorch's names, the input `x`, the output `y`, a cotangent `e` of its shape, and the
gradients of `sum(y * e)`. Numbers are sines of their places, with four decimals: short, and of no generator.
"""

import json
import math
import sys

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def wavy(shape, phase, scale=1.0):
    count = math.prod(shape)
    places = torch.arange(count, dtype=torch.float64)
    numbers = scale * torch.sin(1.3 * places + 0.7 * phase + 0.011 * places * places)
    return torch.round(numbers, decimals=4).reshape(shape)


def array(t):
    return {"shape": list(t.shape), "values": t.detach().reshape(-1).tolist()}


CASES = {}


def case(name, module, x, call=None, rename=lambda name: name, train=False, whole=False):
    """`whole`: the input is whole numbers, which have no gradient."""
    module.train(train)
    with torch.no_grad():
        for i, (_, p) in enumerate(module.named_parameters()):
            p.copy_(wavy(p.shape, i + 3, 0.6) + (0.9 if p.dim() == 1 and "norm" in name else 0.0))
        for i, (key, b) in enumerate(module.named_buffers()):
            if b.is_floating_point():
                b.copy_(wavy(b.shape, i + 11, 0.4) + (1.5 if "var" in key else 0.1))
    params = {rename(key): array(p) for key, p in module.named_parameters()}
    buffers = {rename(key): array(b) for key, b in module.named_buffers() if b.is_floating_point()}
    if not whole:
        x = x.clone().requires_grad_(True)
    y = (call or (lambda m, x: m(x)))(module, x)
    e = wavy(y.shape, 5)
    (y * e).sum().backward()
    after = {rename(key): array(b) for key, b in module.named_buffers() if b.is_floating_point()}
    CASES[name] = {
        "params": params,
        "buffers": buffers,
        "after": after,
        "x": array(x.double()),
        "y": array(y),
        "e": array(e),
        "dx": None if whole else array(x.grad),
        "dparams": {rename(key): array(p.grad) for key, p in module.named_parameters()},
    }


def first(output):
    return output[0]


x1, x2 = wavy((2, 4, 9), 1), wavy((2, 4, 6, 5), 2)
case("conv1d", nn.Conv1d(4, 3, 3), x1)
case("conv1d strided", nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2), x1)
case("conv1d same", nn.Conv1d(4, 3, 4, padding="same", dilation=3, bias=False), x1)
case("conv2d", nn.Conv2d(4, 3, 3), x2)
case("conv2d strided", nn.Conv2d(4, 8, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=4), x2)
case("conv2d same", nn.Conv2d(4, 2, (2, 3), padding="same"), x2)
case("conv2d one", nn.Conv2d(4, 3, 3), x2[0])
case("conv_transpose1d", nn.ConvTranspose1d(4, 3, 3, stride=2, padding=1, output_padding=1), x1)
case("conv_transpose2d", nn.ConvTranspose2d(4, 6, (3, 2), stride=2, dilation=(1, 2), groups=2), x2)
case("max_pool1d", nn.MaxPool1d(3, stride=2, padding=1), x1)
case("max_pool2d", nn.MaxPool2d((2, 3), stride=(2, 1), padding=(0, 1)), x2)
case("avg_pool1d", nn.AvgPool1d(3, stride=2, padding=1), x1)
case("avg_pool2d", nn.AvgPool2d(2), x2)
case("global_avg_pool", nn.AdaptiveAvgPool2d(1), x2, lambda m, x: m(x).flatten(1))
case("flatten", nn.Flatten(), x2)
case("embedding", nn.Embedding(5, 3), torch.tensor([[0, 4, 2], [2, 2, 1]]), whole=True)

v = wavy((3, 6), 4)
case("layer_norm", nn.LayerNorm(6), wavy((2, 3, 6), 4))
case("layer_norm plain", nn.LayerNorm(6, bias=False, eps=0.1), v)
case("rms_norm", nn.RMSNorm(6, eps=1e-5), v)
case("group_norm", nn.GroupNorm(2, 4), x2)
for mode, train in [("training", True), ("use", False)]:
    case(f"batch_norm vectors, {mode}", nn.BatchNorm1d(6), v, train=train)
    case(f"batch_norm sequences, {mode}", nn.BatchNorm1d(4, momentum=0.3, eps=1e-3), x1, train=train)
    case(f"batch_norm pictures, {mode}", nn.BatchNorm2d(4), x2, train=train)

s = wavy((2, 5, 3), 6)
cell = lambda name: name.removesuffix("_l0")
both = lambda name: (
    "backward." + name.removesuffix("_l0_reverse") if name.endswith("_reverse") else "forward." + name.removesuffix("_l0")
)
for name, module, options in [
    ("rnn", nn.RNN, {}),
    ("rnn relu", nn.RNN, {"nonlinearity": "relu"}),
    ("gru", nn.GRU, {}),
    ("lstm", nn.LSTM, {}),
]:
    case(name, module(3, 4, batch_first=True, **options), s, lambda m, x: first(m(x)), cell)
    case(f"{name} last", module(3, 4, batch_first=True, **options), s, lambda m, x: first(m(x))[:, -1], cell)
    case(f"{name} one", module(3, 4, batch_first=True, **options), s[1], lambda m, x: first(m(x)), cell)
case("lstm both", nn.LSTM(3, 4, batch_first=True, bidirectional=True), s, lambda m, x: first(m(x)), both)
case(
    "gru both last",
    nn.GRU(3, 4, batch_first=True, bidirectional=True),
    s,
    lambda m, x: torch.cat([first(m(x))[:, -1, :4], first(m(x))[:, 0, 4:]], 1),
    both,
)

t = wavy((2, 5, 6), 7)
later = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)
attention = lambda: nn.MultiheadAttention(6, 3, batch_first=True)
case("attention", attention(), t, lambda m, x: first(m(x, x, x)))
case("attention causal", attention(), t, lambda m, x: first(m(x, x, x, attn_mask=later)))
case("attention one", attention(), t[0], lambda m, x: first(m(x, x, x)))
context = wavy((2, 4, 6), 8)
case("attention across", attention(), t, lambda m, x: first(m(x, context, context)))
block = lambda first: nn.TransformerEncoderLayer(
    6, 2, 10, dropout=0.0, activation="gelu", batch_first=True, norm_first=first
)
case("transformer_block", block(True), t, train=True)
case("transformer_block causal", block(True), t, lambda m, x: m(x, src_mask=later), train=True)
case("transformer_block post_norm", block(False), t, train=True)

a = wavy((3, 4), 9, 3.0)
case("sigmoid", nn.Sigmoid(), a)
case("tanh", nn.Tanh(), a)
case("relu", nn.ReLU(), a)
case("leaky_relu", nn.LeakyReLU(0.2), a)
case("elu", nn.ELU(1.5), a)
case("silu", nn.SiLU(), a)
case("gelu", nn.GELU(), a)
case("gelu_tanh", nn.GELU(approximate="tanh"), a)
case("softplus", nn.Softplus(threshold=1000), a)
case("softmax", nn.Softmax(-1), a)
case("log_softmax", nn.LogSoftmax(0), a)
case("identity", nn.Identity(), a)
case("dense", nn.Linear(6, 2), t)

json.dump(CASES, sys.stdout, separators=(",", ":"))
print()
