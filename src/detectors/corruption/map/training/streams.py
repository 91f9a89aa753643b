# SPDX-License-Identifier: MPL-2.0
"""Makes the material: clips coded, damaged by `defect-monitor inject`, decoded, beside their undamaged twins. Needs ffmpeg with x264 and x265.

    python streams.py OUT CLIP...                  # to train on: picked pairs of pictures, OUT/CLIP-SEED.npz
    python streams.py --judge OUT CLIP...          # to judge with: looks at a fixed rate through whole streams
    python streams.py --clean OUT CLIP...          # the same of undamaged clips alone, as they are and at low rates

Training files hold `pairs` (u8 [n, 2, rows, cols], luma), `labels` ([n, rows / 16, cols / 16], see truth.py) and `meta` (JSON, for each pair:
coder, kind of damage or "clean", visible share, gross share, of some clean ones the row and column of the hardest block). Judging files hold `pairs` and `meta` (JSON: of each stream its coder, kind,
first pair, looks, and of every picture the visible and the gross share).
"""

import argparse
import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from truth import CLEAN, GROSS, OPEN, VISIBLE, blocks, truth

COLS, ROWS, RATE = 640, 352, 25
LOOK = 6  # pictures between two looks of the judging files: 0.24 s
FFMPEG = ["ffmpeg", "-v", "error", "-nostdin", "-y"]


def x264(rate, gop, b, slices=0, preset="veryfast"):
    parts = ["-x264-params", f"slices={slices}:sliced-threads=0"] if slices else []
    # One thread: with more the stream differs from run to run
    return ["-c:v", "libx264", "-preset", preset, "-threads", "1", "-b:v", rate, "-g", str(gop), "-bf", str(b), *parts]


def x265(rate, gop, slices):
    return ["-c:v", "libx265", "-preset", "ultrafast", "-b:v", rate, "-g", str(gop), "-bf", "2",
            "-x265-params", f"log-level=none:slices={slices}:repeat-headers=1:pools=1:frame-threads=1"]


def mpeg2(rate, most, gop, b=2):
    return ["-c:v", "mpeg2video", "-b:v", rate, "-maxrate", most, "-bufsize", "3M", "-g", str(gop), "-bf", str(b)]


CODERS = {
    "h264-8s-5M": x264("5M", 25, 2, 8),
    "h264-1s-4M": x264("4M", 25, 2),
    "h264-1s-1M": x264("1M", 50, 2, preset="fast"),
    "h264-4s-2M": x264("2M", 50, 0, 4, "fast"),
    "h264-12s-6M": x264("6M", 25, 2, 12),
    "mpeg2-6M": mpeg2("6M", "6M", 12),
    "mpeg2-2M": mpeg2("2M", "2M", 15),
    "mpeg2-3M-p": mpeg2("3M", "4M", 12, 0),
    "mpeg2-1M": mpeg2("1M", "1500k", 12),
    "hevc-4s-4M": x265("4M", 25, 4),
    "hevc-1s-1M": x265("1M", 50, 1),
}
# Never damaged: what heavy but ordinary compression looks like
LOW = {
    "h264-250k": x264("250k", 50, 2),
    "mpeg2-500k": mpeg2("500k", "600k", 15),
    "h264-600k-unfiltered": x264("600k", 25, 0, preset="ultrafast"),
    "h264-100k": x264("100k", 50, 2),
    "h264-250k-unfiltered": x264("250k", 25, 0, preset="ultrafast"),
    "h264-600k": x264("600k", 25, 2, 4),
    "mpeg2-1M": mpeg2("1M", "1500k", 12, 0),
    "mpeg2-250k": mpeg2("250k", "500k", 12),
    "hevc-150k": x265("150k", 25, 1),
    "hevc-500k": x265("500k", 25, 1),
}


def harm(coder, rng):
    """A kind of damage that fits the coder, and how `inject` is told."""
    kinds = ["loss", "burst"]
    if coder.startswith(("hevc", "h264-1s")):
        kinds += ["bits"]
    if coder.startswith(("h264-12s", "h264-8s", "h264-4s")):
        kinds += ["slices", "slices"]
    kind = rng.choice(kinds)
    return kind, {
        "loss": ["--loss", f"{rng.uniform(.0006, .004):.5f}", "--burst", "1"],
        "burst": ["--loss", f"{rng.uniform(.002, .012):.5f}", "--burst", str(rng.integers(4, 20))],
        "slices": ["--slices", f"{rng.uniform(.004, .02):.4f}"],
        "bits": ["--bit-errors", f"{10 ** rng.uniform(-6.3, -5.3):.2e}"],
    }[kind]


def prepare(clip, raw, seconds, rng):
    """A part of the clip at the size of the material: shrunk, or cut out of it as sharp as it is."""
    probe = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", clip]
    length = float(subprocess.run(probe, stdout=subprocess.PIPE, text=True).stdout or 5)
    start = rng.uniform(0, max(0., length - seconds))
    fill = f"force_original_aspect_ratio=increase,crop={COLS}:{ROWS}"
    if rng.random() < 1 / 3:
        size = f"scale={COLS}:{ROWS}:{fill}"
    else:
        size = f"scale='max(iw,{COLS})':'max(ih,{ROWS})':{fill}:(iw-{COLS})*{rng.uniform():.2f}:(ih-{ROWS})*{rng.uniform():.2f}"
    subprocess.run([*FFMPEG, "-ss", f"{start:.2f}", "-t", str(seconds), "-i", clip, "-an",
                    "-vf", f"{size},fps={RATE},setsar=1,format=yuv420p", str(raw)], check=True)


def encode(raw, options, path):
    subprocess.run([*FFMPEG, "-i", str(raw), *options, "-pix_fmt", "yuv420p", "-f", "mpegts", str(path)], check=True)


def decode(path):
    """Luma of all pictures, damaged ones too."""
    call = [*FFMPEG, "-threads", "1", "-err_detect", "ignore_err", "-flags", "output_corrupt", "-i", str(path),
            "-fps_mode", "cfr", "-r", str(RATE), "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    codes = np.frombuffer(subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout, np.uint8)
    return codes[:codes.size // (COLS * ROWS) * COLS * ROWS].reshape(-1, ROWS, COLS)


def repeats(bad, good, k):
    """Whether a picture is an older one shown again: not whole, yet not damaged either."""
    near = [blocks(np.abs(bad[k].astype(np.int16) - good[j])).mean() < .7 for j in range(max(0, k - 6), k)]
    return any(near) and blocks(np.abs(bad[k].astype(np.int16) - good[k])).mean() > .5


def twins(clip, coder, inject, seconds, rng, folder):
    """Decodes of a stream and of its damaged copy, and the kind of damage; the prepared clip stays in the folder."""
    raw, clean, bad = folder / "raw.y4m", folder / "clean.ts", folder / "bad.ts"
    prepare(clip, raw, seconds, rng)
    encode(raw, CODERS[coder], clean)
    kind, options = harm(coder, rng)
    subprocess.run([inject, "inject", "-q", *options, "--seed", str(rng.integers(1_000_000)), "--spare", "0.4", str(clean), str(bad)], check=True)
    good, damaged = decode(clean), decode(bad)
    n = min(len(good), len(damaged))
    return good[:n], damaged[:n], kind


def low(folder, name):
    encode(folder / "raw.y4m", LOW[name], folder / "low.ts")
    return decode(folder / "low.ts")


class Judge:
    """Which undamaged pictures weights are wrong about."""

    def __init__(self, checkpoint):
        import jax

        import export
        import net
        weights, stats = export.load(checkpoint)
        self.run = jax.jit(lambda x: net.forward(weights, stats, x, False)[0])

    def hardest(self, pictures, n):
        """The pictures with the highest sums of logits over 0, or those closest to it, and in each the highest block."""
        pairs = np.stack([pictures[:-1], pictures[1:]], 1)
        maps = np.concatenate([self.run(np.resize(pairs[i:i + 8], (8, *pairs.shape[1:])))[:len(pairs) - i] for i in range(0, len(pairs), 8)])
        score = np.maximum(maps, 0).sum((1, 2)) + .01 * maps.max((1, 2))
        return {int(k) + 1: [int(x) for x in np.unravel_index(maps[k].argmax(), maps[k].shape)] for k in np.argsort(-score)[:n]}


def train_clip(clip, streams, inject, seconds, rng, folder, judge):
    pairs, labels, meta = [], [], []
    none = np.full((ROWS // 16, COLS // 16), CLEAN, np.uint8)

    def add(pictures, k, label, *what):
        pairs.append(pictures[k - 1:k + 1])
        labels.append(label)
        meta.append(what)

    def undamaged(pictures, name, also):
        """Random ones, those that weights are wrong about, and those that are damaged in another coding."""
        most = len(pictures) - 1
        hard = judge.hardest(pictures, 8) if judge else {}
        for k in {*hard, *also[:6], *map(int, rng.permutation(np.arange(1, most + 1))[:4 if judge else 16])}:
            if k <= most:
                add(pictures, k, none, name, "clean", 0., 0., hard.get(k))

    coders, lower = list(rng.permutation(list(CODERS))), list(rng.permutation(list(LOW)))
    for i in range(streams):
        coder = str(coders[i % len(coders)])
        good, bad, kind = twins(clip, coder, inject, seconds, rng, folder)
        if len(good) < 10:
            continue
        seen = {}
        for k in range(1, len(good)):
            label, d = truth(bad[k], good[k])
            seen[k] = (label, (label == VISIBLE).mean(), (d > GROSS).mean(), repeats(bad, good, k))
        shown = [k for k, s in seen.items() if s[1] > .004 and not s[3]]
        onsets = [k for k in shown if k > 1 and seen[k - 1][1] <= .004][:6]
        others = [int(k) for k in rng.permutation([k for k in shown if k not in onsets])[:8]]
        whole = rng.permutation([k for k, s in seen.items() if s[1] == 0 and (s[0] == OPEN).mean() < .03]).astype(int)[:8]
        for k in [*onsets, *others]:
            add(bad, k, seen[k][0], coder, kind, float(seen[k][1]), float(seen[k][2]))
        for k in whole:
            add(good, k, none, coder, "clean", 0., 0.)
        undamaged(good, coder, [])
        for name in lower[2 * i:2 * i + 2]:
            undamaged(low(folder, name), name, [*onsets, *others])
    undamaged(decode(folder / "raw.y4m"), "source", [])
    return {"pairs": np.stack(pairs), "labels": np.stack(labels), "meta": json.dumps(meta)}


class Looks:
    """What a judging file holds."""

    def __init__(self):
        self.pairs, self.meta = [], []

    def add(self, pictures, coder, kind="clean", visible=None, gross=None):
        at = list(range(LOOK, len(pictures), LOOK))
        whole = [0.] * len(pictures)
        self.meta.append({"coder": coder, "kind": kind, "first": len(self.pairs), "looks": at, "visible": visible or whole, "gross": gross or whole})
        self.pairs.extend(pictures[k - 1:k + 1] for k in at)

    def file(self):
        return {"pairs": np.stack(self.pairs), "meta": json.dumps(self.meta)}


def clean_clip(clip, streams, _, seconds, rng, folder, __):
    looks = Looks()
    for _ in range(streams):
        prepare(clip, folder / "raw.y4m", seconds, rng)
        looks.add(decode(folder / "raw.y4m"), "source")
        for name in LOW:
            looks.add(low(folder, name), name)
    return looks.file()


def judge_clip(clip, streams, inject, seconds, rng, folder, _):
    looks = Looks()
    coders = list(rng.permutation(list(CODERS)))
    for i in range(streams):
        coder = str(coders[i % len(coders)])
        good, bad, kind = twins(clip, coder, inject, seconds, rng, folder)
        visible, gross = [], []
        for k in range(len(good)):
            label, d = truth(bad[k], good[k])
            old = repeats(bad, good, k)
            visible.append(0. if old else float((label == VISIBLE).mean()))
            gross.append(0. if old else float(((d > GROSS) & (label == VISIBLE)).mean()))
        looks.add(bad, coder, kind, visible, gross)
        looks.add(good, coder)
        if i < len(LOW):
            looks.add(low(folder, list(LOW)[i]), list(LOW)[i])
    return looks.file()


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("out", type=Path)
    args.add_argument("clips", nargs="+")
    args.add_argument("--judge", action="store_const", dest="make", const=judge_clip, default=train_clip)
    args.add_argument("--clean", action="store_const", dest="make", const=clean_clip)
    args.add_argument("--inject", default="defect-monitor", help="the monitor's binary")
    args.add_argument("--mine", type=Path, help="weights; the undamaged pictures that they are wrong about are preferred")
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--streams", type=int, default=5, help="damaged streams of each clip")
    args.add_argument("--seconds", type=float, default=7)
    a = args.parse_args()
    a.out.mkdir(exist_ok=True, parents=True)
    judge = Judge(a.mine) if a.mine else None
    for clip in a.clips:
        target = a.out / f"{Path(clip).stem}-{a.seed}.npz"
        if target.exists():
            continue
        rng = np.random.default_rng(int(hashlib.md5(target.stem.encode()).hexdigest()[:8], 16))
        with tempfile.TemporaryDirectory() as folder:
            made = a.make(clip, a.streams, a.inject, a.seconds, rng, Path(folder), judge)
        np.savez(target, **made)
        print(target.stem, len(made["pairs"]), flush=True)


if __name__ == "__main__":
    main()
