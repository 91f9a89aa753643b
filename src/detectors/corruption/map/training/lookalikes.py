# SPDX-License-Identifier: MPL-2.0
"""What looks like damage and is none: cuts, wipes, mosaics, pictures in pictures, captions, flashes, coarse coding, patterns."""

import numpy as np

from damage import DCT


def cut(rng, before, now, other):
    return other, now


def wipe(rng, before, now, other):
    """Two pictures with a straight border that moves."""
    rows, cols = now.shape
    y, x = np.mgrid[0:rows, 0:cols]
    a = rng.choice([0, np.pi / 2, np.pi, rng.uniform(0, 6.3)])
    line = x * np.cos(a) + y * np.sin(a)
    at = rng.uniform(line.min(), line.max())
    step = rng.choice([0, rng.uniform(2, 30)])
    return np.where(line < at, other, before), np.where(line < at + step, other, now)


def mosaic(rng, before, now, other):
    """Pixelation; its tiles aren't those of a codec."""
    size = int(rng.choice([5, 6, 7, 9, 10, 11, 12, 13, 14, 18, 20, 22, 24, 28]))
    rows, cols = now.shape
    y, x = rng.integers(0, rows - 64), rng.integers(0, cols - 64)
    n, m = rng.integers(3, 12, 2)
    n, m = min(n, (rows - y) // size), min(m, (cols - x) // size)

    def hide(p):
        p = p.copy()
        part = p[y:y + n * size, x:x + m * size].reshape(n, size, m, size).mean((1, 3))
        p[y:y + n * size, x:x + m * size] = part.repeat(size, 0).repeat(size, 1)
        return p

    return (before if rng.random() < .3 else hide(before)), hide(now)


def inset(rng, before, now, other):
    """Another picture, or several, over a rectangle; new or there before; still or moving."""
    rows, cols = now.shape
    before, now = before.copy(), now.copy()
    fresh = rng.random() < .4
    for _ in range(rng.choice([1, 1, 2, 6])):
        h, w = int(rng.integers(20, rows * 3 // 4)), int(rng.integers(20, cols * 3 // 4))
        y, x = rng.integers(0, rows - h), rng.integers(0, cols - w)
        y0, x0 = (y, x) if rng.random() < .6 else (max(0, y - rng.integers(8)), max(0, x - rng.integers(8)))
        part = other[:h, :w] if rng.random() < .5 else other[::2, ::2][:h, :w]
        h, w = part.shape
        now[y:y + h, x:x + w] = part
        if not fresh:
            before[y0:y0 + h, x0:x0 + w] = part
    return before, now


def wall(rng, before, now, other):
    """Small pictures side by side."""
    n = int(rng.integers(2, 5))

    def build(p):
        small = [q[::n, ::n] for q in (p, other, p[::-1], other[:, ::-1])]
        out = np.zeros_like(p)
        h, w = small[0].shape
        gap = 0 if h % 2 else 1
        for r in range(n):
            for c in range(n):
                tile = small[(r * 3 + c) % 4]
                out[r * h:(r + 1) * h - gap, c * w:(c + 1) * w - gap] = tile[:out[r * h:(r + 1) * h - gap].shape[0], :out[:1, c * w:(c + 1) * w - gap].shape[1]]
        return out

    return build(before), build(now)


def caption(rng, before, now, other):
    """Strokes like those of letters, in lines, with or without a box; appearing, gone, standing."""
    rows, cols = now.shape
    marked = now.copy()
    old = before.copy()
    for _ in range(rng.integers(1, 4)):
        size = int(rng.integers(7, 30))
        y, x = rng.integers(0, rows - size - 4), rng.integers(0, cols // 2)
        ink = np.zeros((size, cols - x), bool)
        at = 0
        while at < ink.shape[1] - size:
            stroke = max(1, size // 8)
            for _ in range(rng.integers(1, 4)):
                if rng.random() < .5:
                    s = at + rng.integers(0, size // 2)
                    ink[:, s:s + stroke] = True
                else:
                    r = rng.integers(0, size - stroke)
                    ink[r:r + stroke, at:at + size // 2] = True
            at += size // 2 + stroke + (size // 2 if rng.random() < .15 else 1)
            if rng.random() < .05:
                break
        bright = rng.choice([235, 255, 16, rng.integers(256)])
        box = rng.random() < .3
        for p in (marked, old):
            part = p[y:y + size, x:]
            if box:
                p[max(0, y - 3):y + size + 3, max(0, x - 4):x + at + 4] = 255 - bright
            part[ink] = bright
    kind = rng.random()
    return (before, marked) if kind < .4 else (old, now) if kind < .55 else (old, marked)


def flash(rng, before, now, other):
    return before, np.clip(now.astype(np.float32) * rng.uniform(.4, 2.2) + rng.uniform(-40, 90), 0, 255)


def coarse(rng, before, now, other):
    """Coarse quantisation on the lattice of the codec, without a deblocking filter."""
    size = int(rng.choice([8, 8, 16]))
    q = rng.uniform(10, 70) * (1 + np.add.outer(np.arange(8), np.arange(8)) * rng.uniform(0, .6))

    def code(p):
        if size == 16:
            p = p.reshape(p.shape[0] // 2, 2, p.shape[1] // 2, 2).mean((1, 3))
        p = np.pad(p.astype(np.float32), ((0, -p.shape[0] % 8), (0, -p.shape[1] % 8)), mode="edge")
        t = p.reshape(p.shape[0] // 8, 8, p.shape[1] // 8, 8).transpose(0, 2, 1, 3)
        k = DCT @ t @ DCT.T
        t = DCT.T @ (np.rint(k / q) * q) @ DCT
        p = np.clip(t.transpose(0, 2, 1, 3).reshape(p.shape), 0, 255)
        if size == 16:
            p = p.repeat(2, 0).repeat(2, 1)
        return p[:now.shape[0], :now.shape[1]]

    kind = rng.random()
    return (before if kind < .2 else code(before)), (now if .2 < kind < .35 else code(now))


def pattern(rng, before, now, other):
    """Checkers, bars, noise, points: made pictures."""
    rows, cols = now.shape
    kind = rng.random()
    y, x = np.mgrid[0:rows, 0:cols]
    s = rng.integers(3, 40)
    if kind < .3:
        p = ((y // s + x // s) % 2) * rng.integers(30, 256)
    elif kind < .5:
        p = ((x // s) * rng.integers(1, 255)) % 256
    elif kind < .7:
        p = rng.normal(128, rng.uniform(10, 80), (rows, cols))
    elif kind < .85:
        p = (rng.random((rows // s + 1, cols // s + 1)) < .4).repeat(s, 0).repeat(s, 1)[:rows, :cols] * 200. + 20
    else:
        p = 20 + 200. * (rng.random((rows, cols)) < .01)
    p = np.clip(p, 0, 255)
    old = p if rng.random() < .5 else np.roll(p, rng.integers(-8, 9, 2), (0, 1)) if rng.random() < .7 else before
    return old, p


def stripes(rng, before, now, other):
    """Roofs, blinds, fences: stripes over the picture, which move with it, wider from one side to the other."""
    rows, cols = now.shape
    y, x = np.mgrid[0:rows, 0:cols]
    a, period, wider = rng.uniform(0, np.pi), rng.uniform(3, 40), rng.uniform(0, 2)
    depth, sharp = rng.uniform(.1, .8), rng.uniform(1, 8)

    def under(p, shift):
        along, across = x * np.cos(a) + y * np.sin(a) + shift, y * np.cos(a) - x * np.sin(a)
        wave = np.sin(2 * np.pi * along / (period * (1 + wider * (across - across.min()) / np.ptp(across))))
        return np.clip(p * (1 + depth * np.clip(sharp * wave, -1, 1)), 0, 255)

    return under(before.astype(np.float32), 0), under(now.astype(np.float32), rng.choice([0, rng.uniform(-8, 8)]))


def confetti(rng, before, now, other):
    before, now = before.copy(), now.copy()
    rows, cols = now.shape
    for p in (before, now):
        for _ in range(rng.integers(5, 80)):
            h, w = rng.integers(2, 16, 2)
            y, x = rng.integers(0, rows), rng.integers(0, cols)
            p[y:y + h, x:x + w] = rng.integers(256)
    return before, now


def repeated(rng, before, now, other):
    return now, now


def sharper(rng, before, now, other):
    """A refresh: blurred before, sharp now."""
    b = before.astype(np.float32)
    return (b + np.roll(b, 1, 0) + np.roll(b, 1, 1) + np.roll(b, (1, 1), (0, 1))) / 4, now


KINDS = [(cut, 3), (wipe, 3), (mosaic, 2), (inset, 4), (wall, 1), (caption, 4), (flash, 1),
         (coarse, 4), (pattern, 2), (stripes, 3), (confetti, 1), (repeated, 1), (sharper, 1)]


def lookalike(rng, before, now, other):
    make = rng.choice([k for k, _ in KINDS], p=np.array([n for _, n in KINDS]) / sum(n for _, n in KINDS))
    before, now = make(rng, before, now, other)
    return coarse(rng, before, now, other) if rng.random() < .2 else (before, now)
