# SPDX-License-Identifier: MPL-2.0
"""Judges a checkpoint: `python judge.py CHECKPOINT FOLDER`, FOLDER made by `streams.py --judge` of clips that the training never saw.

An event is a stretch of gross and visible damage over a share of the picture, joined over five pictures; it is found if a look within it (or the next
one after it) alarms. False alarms are counted on undamaged streams: alarms less than two seconds apart are one. Thresholds come from the clean streams of
the other clips: no figure is judged by what set it, except where it says "chosen here".
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy import ndimage

JOINED, APART = 5, 50  # pictures
RATE = 25


def events(share, least):
    at = np.flatnonzero(np.asarray(share) >= least)
    if not len(at):
        return []
    return [(g[0], g[-1]) for g in np.split(at, np.flatnonzero(np.diff(at) > JOINED) + 1)]


def logits_of(checkpoint, files):
    """Streams of all files with their maps."""
    import jax

    import export
    import net
    weights, stats = export.load(checkpoint)
    run = jax.jit(lambda x: net.forward(weights, stats, x, False)[0])
    streams = []
    for f in files:
        z = np.load(f)
        pairs = z["pairs"]
        maps = np.concatenate([run(np.resize(pairs[i:i + 8], (8, *pairs.shape[1:])))[:len(pairs) - i] for i in range(0, len(pairs), 8)])
        for s in json.loads(str(z["meta"])):
            streams.append({**s, "clip": f.stem.rsplit("-", 1)[0], "maps": maps[s["first"]:s["first"] + len(s["looks"])]})
    return streams


def group(hot):
    """Blocks of the largest connected group."""
    labels, n = ndimage.label(hot, np.ones((3, 3)))
    return np.bincount(labels.ravel())[1:].max() if n else 0


def rules():
    """Name -> score of every look of a stream, from its maps."""
    made = {}

    def habit(score, factor, looks):
        past = np.array([max(score[max(0, i - looks):i], default=0) for i in range(len(score))])
        return score - factor * past

    for t in (-.5, 0, .5, 1):
        count = lambda m, t=t: (m > t).sum((1, 2)).astype(float)
        made[f"count {t}"] = count
        made[f"group {t}"] = lambda m, t=t: np.array([group(x > t) for x in m], float)
        made[f"sum {t}"] = lambda m, t=t: np.maximum(m - t, 0).sum((1, 2))
        made[f"count {t} - past"] = lambda m, c=count: habit(c(m), 1, 4)
    made["highest"] = lambda m: m.max((1, 2))
    made["second highest"] = lambda m: np.sort(m.reshape(len(m), -1), 1)[:, -2]
    return made


def alarms(stream, score, limit):
    """Pictures at which an alarm begins."""
    at = np.asarray(stream["looks"])[score > limit]
    return at[np.insert(np.diff(at) > APART, 0, True)] if len(at) else at


def limit_for(clean, scores, allowed):
    """The lowest limit at which the clean streams give no more alarms than allowed."""
    values = np.unique(np.concatenate([scores[id(s)] for s in clean]))[::-1]
    last = values[0]
    for v in values[:400]:
        if sum(len(alarms(s, scores[id(s)], v)) for s in clean) > allowed:
            break
        last = v
    return last


def found(stream, score, limit, least):
    """Of each event, whether it was found."""
    looks = np.asarray(stream["looks"])
    hit = score > limit
    return [bool(hit[(looks >= a) & (looks <= b + looks[0])].any()) for a, b in events(stream["gross"], least)]


def mean(x):
    return f"{np.mean(x):.2f} ({len(x)})" if len(x) else "- (0)"


def table(streams, name, rule, allowed_per_hour):
    scores = {id(s): rule(s["maps"]) for s in streams}
    clean = [s for s in streams if s["kind"] == "clean"]
    damaged = [s for s in streams if s["kind"] != "clean"]
    seconds = sum(len(s["gross"]) for s in clean) / RATE
    allowed = int(allowed_per_hour * seconds / 3600)
    limits = {c: limit_for([s for s in clean if s["clip"] != c], scores, allowed) for c in {s["clip"] for s in streams}}
    false = sum(len(alarms(s, scores[id(s)], limits[s["clip"]])) for s in clean)
    results = {least: [(s["coder"], s["kind"], x) for s in damaged for x in found(s, scores[id(s)], limits[s["clip"]], least)] for least in (.005, .01, .05)}
    here = limit_for(clean, scores, allowed)
    chosen = [np.mean([x for s in damaged for x in found(s, scores[id(s)], here, least)]) for least in (.01, .05)]
    print(f"{name:22} {mean([x[2] for x in results[.01]])} {mean([x[2] for x in results[.05]])} false {false} in {seconds / 3600:.2f} h; "
          f"chosen here: limit {here:.2f}: {chosen[0]:.2f} {chosen[1]:.2f}")
    return results


def logistic(x, y):
    """Weights of a logistic regression of y on x and 1."""
    x, w = np.stack([x, np.ones(len(x))], 1), np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ w))
        w += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(2), x.T @ (y - p) - 1e-3 * w)
    return w


def calibrate(streams):
    """Confidence of a look from its highest logit z, 1 / (1 + exp(-a z - b)); how true it is, each clip by the others' a and b."""
    looks = [(s["clip"], m.max(), s["kind"] != "clean" and s["visible"][k] > .004) for s in streams for k, m in zip(s["looks"], s["maps"])]
    clip, x, y = (np.array(v) for v in zip(*looks))
    sure = np.empty(len(x))
    for c in set(clip):
        a, b = logistic(x[clip != c], y[clip != c])
        sure[clip == c] = 1 / (1 + np.exp(-a * x[clip == c] - b))
    bins = (0, .3, .6, .8, .9, 1.01)
    print("confidence: a {:.3f}, b {:.3f};".format(*logistic(x, y)), "real of looks at", ", ".join(
        f"{low}-{high}: {mean(y[(sure >= low) & (sure < high)])}" for low, high in zip(bins, bins[1:])))


def main():
    checkpoint, folder = sys.argv[1], Path(sys.argv[2])
    streams = logits_of(checkpoint, sorted(folder.glob("*.npz")))
    print("rule, recall of events of 1 % and 5 % gross damage, limits from the other clips")
    best = {}
    for name, rule in rules().items():
        best[name] = table(streams, name, rule, 0)
    top = max(best, key=lambda n: np.mean([x[2] for x in best[n][.01]]))
    calibrate(streams)
    print(f"\n{top}: recall by coder and kind, from .5 %, 1 %, 5 %")
    for key in (0, 1):
        for what in sorted({x[key] for x in best[top][.005]}):
            print(f"  {what:14}", *(mean([x[2] for x in r if x[key] == what]) for r in best[top].values()))


if __name__ == "__main__":
    main()
