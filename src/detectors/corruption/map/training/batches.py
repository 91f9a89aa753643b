# SPDX-License-Identifier: MPL-2.0
"""Batches for the training: crops of damaged streams, of clean ones, with damage made on the spot, and of what only looks like damage."""

import json
from pathlib import Path

import numpy as np

from damage import damage
from lookalikes import lookalike
from truth import BLOCK, CLEAN, VISIBLE, truth

SIZE = 160
KEPT = 6000
# Shares of the crops: injected damage, damage made on the spot, clean streams; the rest are lookalikes.
MIX = .34, .26, .2
# The same to go on from weights that find damage, but imagine some, too.
MIX_ON = .32, .18, .36


class Clips:
    """Pairs of pictures of all streams, in memory."""

    def __init__(self, files):
        pairs, labels, meta = [], [], []
        for f in files:
            z = np.load(f)
            pairs.append(z["pairs"])
            labels.append(z["labels"])
            meta += [(Path(f).stem, *m) for m in json.loads(str(z["meta"]))]
        self.pairs, self.labels, self.meta = np.concatenate(pairs), np.concatenate(labels), meta
        shown = (self.labels == VISIBLE).any((1, 2))
        self.bad, self.clean = np.flatnonzero(shown), np.flatnonzero([m[2] == "clean" for m in meta])
        self.worst = [m[5] if len(m) > 5 else None for m in meta]
        # How hard the clean ones are: the highest logit of their last use
        self.hard = np.zeros(len(meta))

    def place(self, rng, n, around=None):
        """A corner on the lattice, at random or so that one of the blocks is in sight."""
        rows, cols = self.labels.shape[1:]
        most = (rows - SIZE // BLOCK, cols - SIZE // BLOCK)
        if around is None:
            return rng.integers(most[0] + 1), rng.integers(most[1] + 1)
        r, c = around[rng.integers(len(around))]
        return (int(np.clip(r - rng.integers(SIZE // BLOCK), 0, most[0])), int(np.clip(c - rng.integers(SIZE // BLOCK), 0, most[1])))

    def crop(self, n, corner):
        r, c = corner
        k = SIZE // BLOCK
        return self.pairs[n][:, r * BLOCK:r * BLOCK + SIZE, c * BLOCK:c * BLOCK + SIZE], self.labels[n][r:r + k, c:c + k]

    def damaged(self, rng):
        n = rng.choice(self.bad)
        around = np.argwhere(self.labels[n] == VISIBLE)
        return self.crop(n, self.place(rng, n, around if rng.random() < .8 else None))

    def whole(self, rng):
        """A clean crop, the harder the likelier."""
        few = rng.choice(self.clean, 6)
        n = few[np.argmax(self.hard[few])] if rng.random() < .6 else few[0]
        around = [self.worst[n]] if self.worst[n] and rng.random() < .7 else None
        return n, self.crop(n, self.place(rng, n, around))[0]

    def scaled(self, rng):
        """A clean crop, sometimes shrunk or enlarged: other textures, no lattice of its own."""
        n, pair = self.whole(rng)
        kind = rng.random()
        if kind < .25:
            full = self.pairs[n]
            r, c = rng.integers(full.shape[1] - 2 * SIZE + 1), rng.integers(full.shape[2] - 2 * SIZE + 1)
            return full[:, r:r + 2 * SIZE, c:c + 2 * SIZE].reshape(2, SIZE, 2, SIZE, 2).mean((2, 4), dtype=np.float32)
        if kind < .4:
            part = pair[:, :SIZE // 2 + 1, :SIZE // 2 + 1].astype(np.float32)
            rows = np.stack([part[:, :-1], (part[:, :-1] + part[:, 1:]) / 2], 2).reshape(2, SIZE, -1)
            return np.stack([rows[..., :-1], (rows[..., :-1] + rows[..., 1:]) / 2], 3).reshape(2, SIZE, SIZE)
        return pair.astype(np.float32)


def brightness(rng, pair):
    x = (pair.astype(np.float32) - 128) * rng.uniform(.6, 1.25) + 128 + rng.uniform(-25, 25)
    return np.clip(255 - x if rng.random() < .1 else x, 0, 255)


def made(rng, clips, mix):
    """(pair [2, SIZE, SIZE], labels, number of the clean pair or -1)"""
    kind, n = rng.random(), -1
    label = np.full((SIZE // BLOCK, SIZE // BLOCK), CLEAN, np.uint8)
    injected, spot, whole = np.cumsum(mix)
    if kind < injected:
        pair, label = clips.damaged(rng)
    elif kind < spot:
        before, now = clips.scaled(rng)
        other = clips.scaled(rng)[1]
        if rng.random() < .15:
            before, now = lookalike(rng, before, now, other)
        bad, old = damage(rng, before, now, other)
        label, _ = truth(bad, np.asarray(now, np.float32))
        pair = np.stack([old, bad])
    elif kind < whole:
        n, pair = clips.whole(rng)
    else:
        before, now = clips.scaled(rng)
        pair = np.stack(lookalike(rng, before, now, clips.scaled(rng)[1]))
    return np.asarray(pair, np.uint8), label, n


def varied(rng, pair, label, n):
    """The same, otherwise lit and mirrored."""
    pair = brightness(rng, pair)
    if rng.random() < .5:
        pair, label = pair[..., ::-1], label[:, ::-1]
    if rng.random() < .3:
        pair, label = pair[:, ::-1], label[::-1]
    return pair.astype(np.uint8), label, n


class Batches:
    """An endless series of batches. Making a crop costs as much as learning from it, so each is used about three times, always varied."""

    def __init__(self, files, seed, size, mix=MIX):
        self.clips, self.rng, self.size, self.mix, self.kept = Clips(files), np.random.default_rng(seed), size, mix, []

    def next(self):
        fresh = [made(self.rng, self.clips, self.mix) for _ in range(self.size if len(self.kept) < KEPT // 8 else self.size // 3)]
        again = [self.kept[i] for i in self.rng.integers(len(self.kept), size=self.size - len(fresh))]
        self.kept = (self.kept + fresh)[-KEPT:]
        pairs, labels, numbers = zip(*(varied(self.rng, *x) for x in fresh + again))
        return np.stack(pairs), np.stack(labels), np.array(numbers)
