# SPDX-License-Identifier: MPL-2.0
"""Makes the plugin's files of a checkpoint: `python export.py CHECKPOINT OUT`.

OUT/weights.bin: f32, little-endian, layer by layer as in net.fold. OUT/sample.bin: a pair of pictures, u8 of 64 rows x 96 columns each, and the
4 x 6 logits (f32) that net.reference gives for it, for the plugin's test.
"""

import sys
from pathlib import Path

import numpy as np

import net
from damage import damage


def save(path, weights, stats):
    np.savez(path, **{f"w_{k}": np.asarray(v) for k, v in weights.items()}, **{f"s_{k}": np.stack(v) for k, v in stats.items()})


def load(path):
    """A checkpoint, or the weights file of the plugin."""
    if Path(path).suffix == ".bin":
        return net.unfold(np.fromfile(path, "<f4"))
    z = np.load(path)
    return ({k[2:]: z[k] for k in z.files if k.startswith("w_")},
            {k[2:]: (z[k][0], z[k][1]) for k in z.files if k.startswith("s_")})


def picture():
    """Two pictures like nothing that was filmed: waves, a disc that moves, and blocks torn out."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:64, 0:96]

    def frame(t):
        p = 110 + 50 * np.sin((x + 2 * t) / 9) * np.cos(y / 13) + 30 * (((x - 40 - 3 * t) ** 2 + (y - 30) ** 2) < 300)
        return p + rng.normal(0, 3, p.shape)

    before, now = frame(0), frame(1)
    now, _ = damage(rng, before, now, 255 - now)
    return [np.clip(np.rint(p), 0, 255).astype(np.uint8) for p in (before, now)]


def export(checkpoint, out):
    flat = net.fold(*load(checkpoint))
    (Path(out) / "weights.bin").write_bytes(flat.tobytes())
    before, now = picture()
    logits = net.reference(flat, before, now)
    (Path(out) / "sample.bin").write_bytes(before.tobytes() + now.tobytes() + logits.astype("<f4").tobytes())


if __name__ == "__main__":
    export(*sys.argv[1:])
