# SPDX-License-Identifier: MPL-2.0
"""What counts as damage: of each 16x16 block, whether the damage can be seen, by comparison with the undamaged twin."""

import numpy as np

BLOCK = 16
CLEAN, VISIBLE, OPEN = 0, 1, 255
GROSS = 24  # mean difference in codes from which a block is grossly damaged


def blocks(a):
    """[rows, cols] as [rows / 16, 16, cols / 16, 16]."""
    return a.reshape(a.shape[0] // BLOCK, BLOCK, a.shape[1] // BLOCK, BLOCK)


def seams(x):
    """Of each block, how much steeper its left, top, right and bottom border is than what lies inside of it; and its texture."""
    x = x.astype(np.float32)
    gx, gy = np.zeros_like(x), np.zeros_like(x)
    gx[:, 1:] = np.abs(np.diff(x, axis=1))
    gy[1:] = np.abs(np.diff(x, axis=0))
    bx, by = blocks(gx), blocks(gy)
    inner_x, inner_y = bx[:, :, :, 1:].mean((1, 3)), by[:, 1:].mean((1, 3))
    left = bx[:, :, :, 0].mean(1) - np.maximum(inner_x, np.roll(inner_x, 1, 1))
    top = by[:, 0].mean(-1) - np.maximum(inner_y, np.roll(inner_y, 1, 0))
    left[:, 0], top[0] = 0, 0
    right, bottom = np.roll(left, -1, 1), np.roll(top, -1, 0)
    return np.stack([left, top, right, bottom], -1), inner_x + inner_y


def truth(bad, good):
    """Label of each block, and the mean difference of its codes.

    Visible is what differs by more than 8 codes and leaves a trace: a gross difference, a seam or a change of texture beyond the twin's.
    Merely displaced texture can't be seen without the twin: neither right nor wrong.
    """
    d = blocks(np.abs(bad.astype(np.float32) - good)).mean((1, 3))
    s_bad, t_bad = seams(bad)
    s_good, t_good = seams(good)
    trace = np.maximum(0, s_bad - np.maximum(s_good, 0)).max(-1) + 6 * np.abs(np.log((t_bad + 1) / (t_good + 1)))
    label = np.full(d.shape, OPEN, np.uint8)
    label[d < 2] = CLEAN
    label[(d > 8) & ((d > GROSS) | (trace > 8))] = VISIBLE
    return label, d
