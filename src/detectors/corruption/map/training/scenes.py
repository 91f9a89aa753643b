# SPDX-License-Identifier: MPL-2.0
"""Makes scenes over photographs: `python scenes.py OUT PHOTO...`, OUT/sceneNN.mkv. Needs ffmpeg with x264.

Photographs move, turn and grow, others cross them as ellipses and boxes; two cuts each, and in turn a wipe, a dissolve, a mosaic that follows
something, captions with a box, confetti; some with noise.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np

COLS, ROWS, RATE, LENGTH, SCENES = 640, 352, 25, 175, 26
PLAIN, WIPE, DISSOLVE, MOSAIC, CAPTION, CONFETTI = range(6)
FADE = 25  # pictures a wipe or dissolve takes
FFMPEG = ["ffmpeg", "-v", "error", "-nostdin", "-y"]


def load(path):
    call = [*FFMPEG, "-i", path, "-frames:v", "1", "-vf", "scale=1600:-2,format=rgb24", "-f", "image2pipe", "-c:v", "ppm", "-"]
    parts = subprocess.run(call, stdout=subprocess.PIPE, check=True).stdout.split(b"\n", 3)
    cols, rows = map(int, parts[1].split())
    return np.frombuffer(parts[3][:cols * rows * 3], np.uint8).reshape(rows, cols, 3)


def mirrored(at, size):
    at = np.abs(at % (2 * size - 2))
    return np.where(at >= size - 1, 2 * size - 2 - at, at)


def view(photo, x, y, zoom, angle):
    """A photograph seen around a point, interpolated, mirrored at its edges."""
    rows, cols = np.mgrid[0:ROWS, 0:COLS].astype(np.float32)
    dx, dy = (cols - COLS / 2) / zoom, (rows - ROWS / 2) / zoom
    c, s = np.cos(angle), np.sin(angle)
    u, v = mirrored(x + c * dx - s * dy, photo.shape[1]), mirrored(y + s * dx + c * dy, photo.shape[0])
    i, j = v.astype(int), u.astype(int)
    fy, fx = (v - i)[..., None], (u - j)[..., None]
    i1, j1 = np.minimum(i + 1, photo.shape[0] - 1), np.minimum(j + 1, photo.shape[1] - 1)
    p = photo.astype(np.float32)
    return p[i, j] * (1 - fy) * (1 - fx) + p[i1, j] * fy * (1 - fx) + p[i, j1] * (1 - fy) * fx + p[i1, j1] * fy * fx


class Scene:
    def __init__(self, rng, photos, number):
        self.number, self.style = number, number % 6
        self.back = [photos[rng.integers(len(photos))] for _ in range(3)]
        self.fore = [photos[rng.integers(len(photos))] for _ in range(3)]
        self.cuts = sorted(rng.integers(20, LENGTH - 20, 2))
        self.at, self.speed = rng.uniform(100, 700, (3, 2)), rng.normal(0, 4, (3, 2))
        self.zoom, self.grow = rng.uniform(.6, 1.4, 3), rng.normal(0, .003, 3)
        self.angle, self.turn = rng.uniform(-.3, .3, 3), rng.normal(0, .004, 3)
        self.sprite, self.flight, self.size = rng.uniform(0, COLS, (3, 2)), rng.normal(0, 6, (3, 2)), rng.integers(30, 150, (3, 2))
        self.noise = rng.choice([0, 0, 3, 8])

    def shot(self, k, t):
        x, y = self.at[k] + self.speed[k] * t
        return view(self.back[k], x, y, self.zoom[k] * np.exp(self.grow[k] * t), self.angle[k] + self.turn[k] * t)

    def sprites(self, f, t):
        for q in range(3):
            x, y = self.sprite[q] + self.flight[q] * t
            x, y = int(x % COLS), int(y % ROWS)
            h, w = self.size[q]
            part = self.fore[q][200:200 + h, 300:300 + w].astype(np.float32)[:ROWS - y, :COLS - x]
            rows, cols = np.mgrid[0:part.shape[0], 0:part.shape[1]]
            inside = ((rows - h / 2) / (h / 2)) ** 2 + ((cols - w / 2) / (w / 2)) ** 2 < 1
            if q == 2:
                inside[:] = True
            place = f[y:y + part.shape[0], x:x + part.shape[1]]
            place[inside] = part[inside]

    def mosaic(self, f, t):
        b, y, x = 12 + 4 * (self.number % 3), 100, 200 + 2 * (t % 60)
        part = f[y:y + b * 8, x:x + b * 8]
        part = part[:part.shape[0] // b * b, :part.shape[1] // b * b]
        tiles = part.reshape(part.shape[0] // b, b, part.shape[1] // b, b, 3).mean((1, 3))
        f[y:y + part.shape[0], x:x + part.shape[1]] = tiles.repeat(b, 0).repeat(b, 1)

    def frame(self, rng, t):
        k = int(t >= self.cuts[0]) + int(t >= self.cuts[1])
        f = self.shot(k, t)
        if self.style == WIPE and 0 <= t - self.cuts[0] < FADE:
            x = int((t - self.cuts[0]) / FADE * COLS)
            f[:, x:] = self.shot(k - 1, t)[:, x:]
        if self.style == DISSOLVE and 0 <= t - self.cuts[1] < FADE:
            a = (t - self.cuts[1]) / FADE
            f = f * a + self.shot(k - 1, t) * (1 - a)
        self.sprites(f, t)
        if self.style == MOSAIC and t > 40:
            self.mosaic(f, t)
        if self.style == CAPTION and (t // 30) % 2:
            f[280:330, 80:560] *= .2
            f[290:320, 100:100 + 4 * ((t * 7) % 100)] = 235
        if self.style == CONFETTI:
            bits = np.random.default_rng(t)
            for _ in range(60):
                y, x = bits.integers(0, ROWS - 8), bits.integers(0, COLS - 8)
                f[y:y + bits.integers(2, 8), x:x + bits.integers(2, 8)] = bits.integers(0, 255, 3)
        if self.noise:
            f = f + rng.normal(0, self.noise, f.shape[:2])[..., None]
        return np.clip(f, 0, 255).astype(np.uint8)


def main():
    out = Path(sys.argv[1])
    out.mkdir(exist_ok=True, parents=True)
    photos = [p for p in map(load, sorted(sys.argv[2:])) if p.shape[0] > 400]
    rng = np.random.default_rng(5)
    for number in range(SCENES):
        call = [*FFMPEG, "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{COLS}x{ROWS}", "-r", str(RATE), "-i", "-",
                "-c:v", "libx264", "-qp", "12", "-preset", "ultrafast", str(out / f"scene{number:02d}.mkv")]
        writer = subprocess.Popen(call, stdin=subprocess.PIPE)
        scene = Scene(rng, photos, number)
        for t in range(LENGTH):
            writer.stdin.write(scene.frame(rng, t).tobytes())
        writer.stdin.close()
        writer.wait()


if __name__ == "__main__":
    main()
