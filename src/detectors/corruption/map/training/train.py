# SPDX-License-Identifier: MPL-2.0
"""Trains the learned map: `python train.py DATA OUT [--steps N] [--minutes N] [--start CHECKPOINT] [--tune] [--without CLIP ...]`.

DATA is what streams.py made; clips whose names begin with one of CLIP are left out, to judge with. Writes OUT/checkpoint.npz now and then, and
OUT/weights.bin beside OUT/sample.bin, which export.py would make of it.
"""

import argparse
import multiprocessing as mp
import time
from pathlib import Path

import numpy as np

BATCH = 24
# Of the clean blocks, the share that counts once more for being the worst: false alarms come from the far tail.
WORST = .01
AVERAGE = .99
# A picture is judged by a few blocks: that many of its highest count once more together.
FEW = 4


def producer(files, seed, queue, hard, tune):
    from batches import MIX, MIX_ON, Batches
    batches = Batches(files, seed, BATCH, MIX_ON if tune else MIX)
    batches.clips.hard = np.frombuffer(hard, np.float32)
    while True:
        queue.put(batches.next())


def few(logits, bad, clean):
    """Loss of whole crops: the few highest blocks of damage should be high where there is some, those of a clean crop low."""
    import jax
    import jax.numpy as jnp

    def top(mask):
        values, _ = jax.lax.top_k(jnp.where(mask, logits, -9).reshape(len(logits), -1), FEW)
        return values.mean(1)

    damaged, whole = bad.sum((1, 2)) >= FEW, ~bad.any((1, 2))
    return jnp.where(damaged, jax.nn.softplus(-top(bad)), jnp.where(whole, jax.nn.softplus(top(clean)), 0)).mean()


def train(files, out, steps, seconds, peak, checkpoint, seed, tune):
    import jax
    import jax.numpy as jnp
    import optax

    import export
    import net

    hard = mp.RawArray("f", 100_000)
    difficulty = np.frombuffer(hard, np.float32)
    queue = mp.Queue(6)
    mp.Process(target=producer, args=(files, seed, queue, hard, tune), daemon=True).start()

    weights, stats = net.start(seed)
    if checkpoint:
        weights, stats = export.load(checkpoint)
    optimiser = optax.chain(optax.clip_by_global_norm(2.), optax.adamw(peak, weight_decay=2e-4))
    state, average = optimiser.init(weights), weights

    def loss(weights, stats, pairs, labels, learn):
        logits, stats = net.forward(weights, stats, pairs, learn)
        bad, clean = labels == 1, labels == 0
        # Some blocks count as visible that nobody could tell without the twin. What stays hopeless weighs less and less
        # (generalised cross entropy, Zhang and Sabuncu 2018, q = .5), so that it doesn't blur what can be told.
        found = 2 * (1 - jnp.sqrt(jax.nn.sigmoid(logits)))
        each = jnp.where(bad, found, jnp.where(clean, jax.nn.softplus(logits), 0))
        worst, _ = jax.lax.top_k(jnp.where(clean, each, 0).ravel(), int(WORST * labels.size))
        highest = jnp.where(clean, logits, -9).max((1, 2))
        picture = few(logits, bad, clean)
        return each.sum() / (bad | clean).sum() + .15 * worst.mean() + .25 * picture, (stats, highest)

    def step(weights, average, stats, state, pairs, labels, rate, learn):
        (value, (stats, highest)), slope = jax.value_and_grad(loss, has_aux=True)(weights, stats, pairs, labels, learn)
        update, state = optimiser.update(slope, state, weights)
        weights = optax.apply_updates(weights, jax.tree.map(lambda u: u * rate, update))
        average = jax.tree.map(lambda a, w: AVERAGE * a + (1 - AVERAGE) * w, average, weights)
        return weights, average, stats, state, value, highest

    step = jax.jit(step, static_argnums=7, donate_argnums=(0, 2, 3))
    average = jax.tree.map(jnp.copy, average)
    begun, total, i, done = time.time(), 0, 0, 0
    while done < 1:
        i += 1
        done = max(i / steps, (time.time() - begun) / seconds)
        rate = min(i / 100, .01 + .99 * (1 + np.cos(np.pi * min(done, 1))) / 2)
        pairs, labels, numbers = queue.get()
        # The last part with the statistics that the plugin will have
        weights, average, stats, state, value, highest = step(weights, average, stats, state, pairs, labels, rate, done < .8 and not tune)
        known = numbers >= 0
        difficulty[numbers[known]] = np.asarray(highest)[known]
        total += float(value)
        if i % 100 == 0:
            print(i, round(total / 100, 4), f"{time.time() - begun:.0f} s", flush=True)
            total = 0
        if i % 200 == 0 or done >= 1:
            export.save(out / "checkpoint.npz", average, stats)
            export.export(out / "checkpoint.npz", out)


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("data", type=Path)
    args.add_argument("out", type=Path)
    args.add_argument("--steps", type=int, default=12000)
    args.add_argument("--minutes", type=float, default=1e6, help="ends earlier, with the rate of learning falling in time")
    args.add_argument("--rate", type=float, default=4e-3)
    args.add_argument("--start", help="a checkpoint, or the plugin's weights.bin")
    args.add_argument("--tune", action="store_true", help="goes on from the start with more clean streams; the statistics stay as they are")
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--without", nargs="*", default=[])
    a = args.parse_args()
    a.out.mkdir(exist_ok=True, parents=True)
    files = [f for f in sorted(a.data.glob("*.npz")) if not f.stem.startswith(tuple(a.without))]
    train(files, a.out, a.steps, 60 * a.minutes, a.rate, a.start, a.seed, a.tune)


if __name__ == "__main__":
    mp.set_start_method("spawn")
    main()
