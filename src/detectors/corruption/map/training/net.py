# SPDX-License-Identifier: MPL-2.0
"""The network of the learned map: pictures in, one logit per 16x16 block out; and its weights as the plugin reads them.

Trained with normalisation after every convolution; `fold` merges that into weights and biases, since the plugin knows no normalisation.
Convolutions are written as products of matrices over gathered neighbours: their gradients are several times faster on a CPU that way.
"""

import jax
import jax.numpy as jnp
import numpy as np

C1, C2, C3 = 16, 24, 64
RESIDUALS = 4
EPSILON = 1e-3
# Order of the weights file; a residual layer is depthwise, pointwise, bias.
CONVS = [("l1", 6, 2, C1), ("l2", 3, C1, C2), ("l3", 3, C2, C3)]


def taps(x, size, stride, rows, cols):
    """All pixels a window of `size` sees, [n, rows, cols, size * size * channels], of an already padded picture."""
    return jnp.concatenate([
        x[:, ky:ky + stride * (rows - 1) + 1:stride, kx:kx + stride * (cols - 1) + 1:stride]
        for ky in range(size) for kx in range(size)], -1)


def inputs(pairs):
    """Pairs of luma, u8 [n, 2, rows, cols], as what the first layer sees."""
    x = pairs.astype(jnp.float32)
    before, now = x[:, 0], x[:, 1]
    x = jnp.stack([(now - 128) / 64, (now - before) / 64], -1)
    x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    return taps(x, 6, 4, pairs.shape[2] // 4, pairs.shape[3] // 4)


def start(seed=0):
    """Random weights: (weights, running statistics)."""
    rng = np.random.default_rng(seed)
    weights, stats = {}, {}

    def normal(*shape):
        return jnp.asarray(rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape), jnp.float32)

    def norm(name, channels):
        weights[name + "_gain"], weights[name + "_shift"] = jnp.ones(channels), jnp.zeros(channels)
        stats[name] = (jnp.zeros(channels), jnp.ones(channels))

    for name, size, cin, cout in CONVS:
        weights[name] = normal(size * size * cin, cout)
        norm(name, cout)
    for r in range(RESIDUALS):
        weights[f"r{r}_depth"] = normal(9, C3)
        weights[f"r{r}"] = normal(C3, C3)
        norm(f"r{r}", C3)
    weights["l1"] = .2 * weights["l1"] + borders().reshape(-1, C1)
    weights["out"], weights["out_bias"] = normal(C3, 1) * .1, jnp.full(1, -3.)
    return weights, stats


def borders():
    """Where the first layer starts: steps at the left and top border of a 4x4 block and inside of it, both ways; its mean and its change.

    Found by chance, such filters take thousands of batches.
    """
    filters = []
    for channel, places in ((0, ("left", "top", "across", "down", "mean")), (1, ("left", "top", "mean"))):
        for place in places:
            f = np.zeros((6, 6, 2), np.float32)
            if place == "mean":
                f[1:5, 1:5, channel] = 1 / 16
            else:
                at = 0 if place in ("left", "top") else 2
                f[1:5, at, channel], f[1:5, at + 1, channel] = -1 / 4, 1 / 4
                if place in ("top", "down"):
                    f = f.transpose(1, 0, 2)
            filters += [f, -f]
    return np.stack(filters, -1)


def forward(weights, stats, pairs, learn):
    """Logits [n, rows / 16, cols / 16] and the statistics after this batch (unchanged unless `learn`)."""
    after = dict(stats)

    def norm(name, x):
        mean, var = (x.mean((0, 1, 2)), x.var((0, 1, 2))) if learn else stats[name]
        if learn:
            after[name] = tuple(.98 * old + .02 * new for old, new in zip(stats[name], (mean, var)))
        return (x - mean) * (weights[name + "_gain"] / jnp.sqrt(var + EPSILON)) + weights[name + "_shift"]

    x = jax.nn.relu(norm("l1", inputs(pairs) @ weights["l1"]))
    for name in ("l2", "l3"):
        rows, cols = x.shape[1] // 2, x.shape[2] // 2
        x = jnp.pad(x, ((0, 0), (1, 0), (1, 0), (0, 0)))
        x = jax.nn.relu(norm(name, taps(x, 3, 2, rows, cols) @ weights[name]))
    for r in range(RESIDUALS):
        x = x + jax.nn.relu(norm(f"r{r}", depthwise(x, weights[f"r{r}_depth"]) @ weights[f"r{r}"]))
    return (x @ weights["out"] + weights["out_bias"])[..., 0], after


def depthwise(x, w):
    rows, cols = x.shape[1:3]
    x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return sum(x[:, k // 3:k // 3 + rows, k % 3:k % 3 + cols] * w[k] for k in range(9))


def fold(weights, stats):
    """The weights file: f32, layer by layer, each kernel followed by its bias."""
    parts = []
    for name in [c[0] for c in CONVS] + [f"r{r}" for r in range(RESIDUALS)]:
        mean, var = stats[name]
        gain = weights[name + "_gain"] / jnp.sqrt(var + EPSILON)
        if name + "_depth" in weights:
            parts.append(weights[name + "_depth"])
        parts += [weights[name] * gain, weights[name + "_shift"] - mean * gain]
    parts += [weights["out"], weights["out_bias"]]
    return np.concatenate([np.asarray(p, "<f4").ravel() for p in parts])


def unfold(flat):
    """The inverse of `fold`: weights whose normalisation changes nothing, to go on from a weights file."""
    weights, stats, at = {}, {}, 0

    def take(*shape):
        nonlocal at
        at += int(np.prod(shape))
        return jnp.asarray(flat[at - int(np.prod(shape)):at].reshape(shape))

    def layer(name, *shape):
        weights[name], weights[name + "_gain"], weights[name + "_shift"] = take(*shape), jnp.ones(shape[-1]), take(shape[-1])
        stats[name] = (jnp.zeros(shape[-1]), jnp.full(shape[-1], 1 - EPSILON))

    for name, size, cin, cout in CONVS:
        layer(name, size * size * cin, cout)
    for r in range(RESIDUALS):
        weights[f"r{r}_depth"] = take(9, C3)
        layer(f"r{r}", C3, C3)
    weights["out"], weights["out_bias"] = take(C3, 1), take(1)
    assert at == len(flat)
    return weights, stats


def reference(flat, before, now):
    """What the plugin must compute, from the weights file alone and without JAX: logits of one pair of pictures, u8 [rows, cols]."""
    at = 0

    def take(*shape):
        nonlocal at
        at += int(np.prod(shape))
        return flat[at - int(np.prod(shape)):at].reshape(shape)

    def conv(x, w, stride, rows, cols):
        y = np.zeros((rows, cols, w.shape[-1]), np.float32)
        for ky in range(w.shape[0]):
            for kx in range(w.shape[1]):
                y += x[ky:ky + stride * (rows - 1) + 1:stride, kx:kx + stride * (cols - 1) + 1:stride] @ w[ky, kx]
        return y

    rows, cols = now.shape[0] // 16 * 16, now.shape[1] // 16 * 16
    p, c = before[:rows, :cols].astype(np.float32), now[:rows, :cols].astype(np.float32)
    x = np.stack([(c - 128) / 64, (c - p) / 64], -1)
    x = np.pad(x, ((1, 1), (1, 1), (0, 0)), mode="edge")
    x = np.maximum(conv(x, take(6, 6, 2, C1), 4, rows // 4, cols // 4) + take(C1), 0)
    for cin, cout in ((C1, C2), (C2, C3)):
        h, w = x.shape[0] // 2, x.shape[1] // 2
        x = np.maximum(conv(np.pad(x, ((1, 0), (1, 0), (0, 0))), take(3, 3, cin, cout), 2, h, w) + take(cout), 0)
    for _ in range(RESIDUALS):
        depth, point, bias = take(3, 3, C3), take(C3, C3), take(C3)
        wide = np.pad(x, ((1, 1), (1, 1), (0, 0)))
        h, w = x.shape[:2]
        y = sum(wide[k // 3:k // 3 + h, k % 3:k % 3 + w] * depth[k // 3, k % 3] for k in range(9))
        x = x + np.maximum(y @ point + bias, 0)
    logits = x @ take(C3) + take(1)
    assert at == len(flat)
    return logits
