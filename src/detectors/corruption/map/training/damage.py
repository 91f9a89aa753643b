# SPDX-License-Identifier: MPL-2.0
"""Damage made in pictures: what decoders show after a loss, without coding anything. It gives the training its variety."""

import numpy as np

_K = np.arange(8)
DCT = np.sqrt(2 / 8) * np.cos((2 * _K[None, :] + 1) * _K[:, None] * np.pi / 16)
DCT[0] /= np.sqrt(2)


def region(rng, rows, cols):
    """Which blocks are hit: a run as a lost slice leaves it, some scattered blocks, or both."""
    hit = np.zeros((rows, cols), bool)
    kind = rng.random()
    if kind < .7:
        for _ in range(rng.integers(1, 4)):
            first = rng.integers(rows)
            last = min(rows - 1, first + int(rng.choice([0, 0, 0, 1, 2, rows])))
            hit[first:last + 1] = True
            if rng.random() < .7:
                hit[first, :rng.integers(cols)] = False
            if rng.random() < .4:
                hit[last, rng.integers(1, cols + 1):] = False
            if kind < .1:
                hit &= rng.random(hit.shape) < .6
    if kind > .6:
        for _ in range(rng.integers(1, 7)):
            r, c = rng.integers(rows), rng.integers(cols)
            hit[r:r + rng.integers(1, 4), c:c + rng.integers(1, 5)] = True
    return hit


def displaced(rng, picture, far):
    """Content of elsewhere: a vector for all, or one for each block."""
    rows, cols = picture.shape
    wide = np.pad(picture, far, mode="reflect")

    def vector():
        return far + np.clip(np.rint(rng.normal(0, far / 2, 2)), -far, far).astype(int)

    y, x = vector()
    out = wide[y:y + rows, x:x + cols].copy()
    if rng.random() < .6:
        for r in range(0, rows, 16):
            for c in range(0, cols, 16):
                if rng.random() < .7:
                    y, x = vector()
                out[r:r + 16, c:c + 16] = wide[r + y:r + y + 16, c + x:c + x + 16]
    return out


def tiles(a, size):
    return a.reshape(a.shape[0] // size, size, a.shape[1] // size, size)


def spread(a, size):
    return a.repeat(size, 0).repeat(size, 1)


def flat(rng, picture):
    """Blocks of one value: their own, drifting, or that of the first block of a run."""
    size = int(rng.choice([8, 16, 16]))
    mean = tiles(picture, size).mean((1, 3))
    kind = rng.random()
    if kind < .3:
        mean = mean + rng.normal(0, 20, mean.shape)
    elif kind < .5:
        mean = np.repeat(mean[:, rng.integers(mean.shape[1])][:, None], mean.shape[1], 1)
    elif kind < .7:
        mean = mean[:, :1] + np.cumsum(rng.normal(0, 15, mean.shape), 1)
    elif kind < .8:
        mean = np.full(mean.shape, rng.choice([0, 16, 128, 128, rng.integers(256)]))
    return spread(mean, size)


def smeared(rng, picture):
    """The last good line or column carried on, block by block or to the end."""
    rows, cols = picture.shape
    step = int(rng.choice([16, 16, 32, rows]))
    out = picture.copy()
    if rng.random() < .6:
        for r in range(0, rows, step):
            out[r:r + step] = picture[max(r - 1, 0)]
    else:
        for c in range(0, cols, step):
            out[:, c:c + step] = picture[:, max(c - 1, 0)][:, None]
    return out


def coefficients(rng, picture):
    """Wrong coefficients: a few of each block on top of what it shows, or instead."""
    rows, cols = picture.shape
    k = np.zeros((rows // 8, cols // 8, 8, 8))
    for _ in range(rng.integers(1, 6)):
        high = int(rng.choice([1, 2, 4, 8]))
        n = rng.random(k.shape[:2]) < rng.choice([.3, .7, 1])
        k[..., rng.integers(high), rng.integers(high)] += n * rng.normal(0, rng.choice([60, 150, 400]), k.shape[:2])
    waves = (DCT.T @ k @ DCT).transpose(0, 2, 1, 3).reshape(rows, cols)
    return waves + (picture if rng.random() < .6 else spread(tiles(picture, 8).mean((1, 3)), 8))


def drift(rng, picture):
    """Wrong DC: an offset that stays or wanders along the run."""
    rows, cols = picture.shape[0] // 16, picture.shape[1] // 16
    offset = rng.normal(0, 40, (rows, 1)) + np.cumsum(rng.normal(0, rng.choice([0, 10, 25]), (rows, cols)), 1)
    return picture * rng.choice([1, 1, .6, 1.3]) + spread(offset, 16)


def patched(rng, before, now, other):
    """A picture to take the damaged blocks from."""
    kind = rng.random()
    if kind < .3:
        return displaced(rng, before, int(rng.choice([8, 24, 64])))
    if kind < .42:
        return displaced(rng, now, int(rng.choice([16, 48])))
    if kind < .52:
        return displaced(rng, other, 16)
    if kind < .66:
        return flat(rng, now)
    if kind < .76:
        return smeared(rng, now)
    if kind < .9:
        return coefficients(rng, now)
    return drift(rng, now)


def damage(rng, before, now, other):
    """`now`, damaged: f32. The second picture is `before`, damaged at the same places as far as the damage is older than one picture."""
    before, now = before.astype(np.float32), now.astype(np.float32)
    rows, cols = now.shape
    bad, old = now.copy(), before.copy()
    for _ in range(rng.integers(1, 3)):
        hit = spread(region(rng, rows // 16, cols // 16), 16)
        if rng.random() < .25:  # carried along by motion: no longer on the lattice
            y, x = rng.integers(-12, 13, 2)
            hit = np.roll(hit, (y, x), (0, 1))
        source = patched(rng, before, now, other.astype(np.float32))
        if rng.random() < .15:
            source = .5 * source + .5 * bad
        bad = np.where(hit, source, bad)
        if rng.random() < .35:
            y, x = (0, 0) if rng.random() < .5 else rng.integers(-4, 5, 2)
            moved = np.roll(np.where(hit, source, np.nan), (y, x), (0, 1))
            old = np.where(np.isnan(moved), old, moved)
    return np.clip(bad, 0, 255), np.clip(old, 0, 255)
