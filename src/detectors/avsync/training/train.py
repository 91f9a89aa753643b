# SPDX-License-Identifier: MPL-2.0
"""Makes the two maps of the evidence `content`: from the cells round a mouth to how far it is open, and from sound to the same.

    pip install mediapipe==0.10.14 numpy        # and ffmpeg
    python train.py OUT CLIP[:OFFSET][+CLIP[:OFFSET]...] ...        # OUT/maps.bin, from all clips
    python train.py --each OUT CLIP[:OFFSET][+CLIP[:OFFSET]...] ... # also OUT/NAME.bin for each argument, from the others: to judge with

Clips show one speaking face; OFFSET is by how many ms their sound is early, 0 if left out. NAME is that of the argument's first clip. FaceMesh says where the mouth is and how far
it is open; nothing of it is needed afterwards. What is computed here has to be what ../content/mouth.rs and ../content/speech.rs compute.
"""
import json, pathlib, subprocess, sys
import numpy as np

RATE = 25.0                     # instants per second, as in ../content/mod.rs
COLUMNS, ROWS = 9, 7            # lattice round the mouth; ../content/mouth.rs
WIDTH, HEIGHT, LOWER = 1.3, 1.3, 0.1
BANDS, LOW, HIGH = 8, 80.0, 6000.0  # ../content/speech.rs
CONTEXT = 3
# So often each picture is used, each time misplaced at random: a map learnt from exact places is thrown off by those that are followed.
TIMES, PLACE, SCALE, TURN = 6, 0.1, 0.05, 0.05
RIDGE_PICTURE, RIDGE_SOUND = 1e-2, 1.0
random = np.random.default_rng(1)


def call(clip, *options):
    return ["ffmpeg", "-v", "error", "-i", clip, *options, "-"]


def rate_of(clip):
    probe = ["ffprobe", "-v", "error", "-print_format", "json", "-show_streams", clip]
    video = next(s for s in json.loads(subprocess.check_output(probe))["streams"] if s["codec_type"] == "video")
    up, down = video["r_frame_rate"].split("/")
    return float(up) / float(down), video["width"], video["height"]


def pictures(clip, shape, layout):
    """One after the other: all of them wouldn't fit."""
    process = subprocess.Popen(call(clip, "-vsync", "0", "-an", "-pix_fmt", layout, "-f", "rawvideo"), stdout=subprocess.PIPE)
    size = int(np.prod(shape))
    while len(data := process.stdout.read(size)) == size:
        yield np.frombuffer(data, np.uint8).reshape(shape)


def cells(luma):
    """Mean, least, greatest, horizontal and vertical differences of cells of 8x8 pixels, in codes."""
    # ffmpeg makes gray of the full range; codes of the usual range are what the detector sees.
    height, width = luma.shape
    padded = np.pad(luma, ((0, -height % 8), (0, -width % 8)), mode="edge").astype(np.float32) * 219 / 255 + 16
    tiles = padded.reshape(padded.shape[0] // 8, 8, padded.shape[1] // 8, 8)
    across, down = np.abs(np.diff(tiles, axis=3)).sum((1, 3)) / 56, np.abs(np.diff(tiles, axis=1)).sum((1, 3)) / 56
    return np.stack([tiles.mean((1, 3)), tiles.min((1, 3)), tiles.max((1, 3)), across, down])


def sample(planes, x, y):
    x = np.clip(x - 0.5, 0, planes.shape[2] - 1.001)
    y = np.clip(y - 0.5, 0, planes.shape[1] - 1.001)
    left, top = x.astype(int), y.astype(int)
    right, below = x - left, y - top
    upper = planes[:, top, left] * (1 - right) + planes[:, top, left + 1] * right
    lower = planes[:, top + 1, left] * (1 - right) + planes[:, top + 1, left + 1] * right
    return upper * (1 - below) + lower * below


def features(grids, poses):
    """Statistics at the lattice, relative to its mean and as multiples of its contrast."""
    across = (np.arange(COLUMNS) / (COLUMNS - 1) - 0.5) * WIDTH
    down = (np.arange(ROWS) / (ROWS - 1) - 0.5) * HEIGHT + LOWER
    gx, gy = np.meshgrid(across, down)
    found = np.array([sample(g, x + a * gx - b * gy, y + b * gx + a * gy) for g, (x, y, a, b) in zip(grids, poses)])
    contrast = found[:, 0].reshape(len(found), -1).std(1).mean() + 4
    found[:, :3] -= found[:, :1].mean((2, 3), keepdims=True)
    return (found / contrast).reshape(len(found), -1)


def mesh(pictures):
    import mediapipe
    finder = mediapipe.solutions.face_mesh.FaceMesh(max_num_faces=1, min_tracking_confidence=0.3, min_detection_confidence=0.3)
    points = []
    for picture in pictures:
        found = finder.process(picture).multi_face_landmarks
        height, width, _ = picture.shape
        if found:
            points.append([(p.x * width, p.y * height) for p in found[0].landmark])
        else:
            points.append(points[-1])
    return np.array(points)


def poses(points):
    """Where the mouth is, and the way from one eye to the other, in cells."""
    points = points / 8
    right, left = (points[:, 33] + points[:, 133]) / 2, (points[:, 263] + points[:, 362]) / 2
    return np.concatenate([(points[:, 13] + points[:, 14]) / 2, left - right], 1)


def misplaced(pose):
    count, eyes = len(pose), np.hypot(pose[:, 2], pose[:, 3])[:, None]
    k, q = 1 + random.normal(0, SCALE, count), random.normal(0, TURN, count)
    a, b = pose[:, 2] * k - pose[:, 3] * q, pose[:, 3] * k + pose[:, 2] * q
    return np.concatenate([pose[:, :2] + random.normal(0, PLACE, (count, 2)) * eyes, np.stack([a, b], 1)], 1)


def opening(points):
    distance = lambda a, b: np.hypot(*(points[:, a] - points[:, b]).T)
    return (distance(13, 14) / distance(33, 263))[:, None]


def mel(sound, count):
    """Levels of bands at each instant: the powers of four frames of 25 ms each."""
    padded = np.pad(sound, (200, 16000))
    scale = lambda f: 2595 * np.log10(1 + f / 700)
    edges = 700 * (10 ** (np.linspace(scale(LOW), scale(HIGH), BANDS + 2) / 2595) - 1)
    f = np.fft.rfftfreq(400, 1 / 16000)
    weights = [np.clip(np.minimum((f - a) / (b - a), (c - f) / (c - b)), 0, None) for a, b, c in zip(edges, edges[1:], edges[2:])]
    frames = np.stack([padded[i * 160 : i * 160 + 400] for i in range(count * 4)]) * np.hanning(401)[:400]
    power = (np.abs(np.fft.rfft(frames)) ** 2 @ np.array(weights).T).reshape(count, 4, BANDS).mean(1)
    return np.log10(power + np.percentile(power.sum(1), 98) * 1e-6 + 1e-12)


def high_pass(x):
    window = np.hanning(53)[1:-1]
    smooth = np.apply_along_axis(lambda v: np.convolve(v, window, "same"), 0, x)
    return x - smooth / np.convolve(np.ones(len(x)), window, "same")[:, None]


def at(x, times, rate):
    own = (np.arange(len(x)) + 0.5) / rate
    return np.stack([np.interp(times, own, column) for column in x.T], 1)


def ridge(x, y, weight):
    square = x.T @ x
    return np.linalg.solve(square + weight * np.eye(len(square)) * np.trace(square) / len(square), x.T @ y)


def learn(clip):
    path, _, offset = clip.partition(":")
    rate, width, height = rate_of(path)
    points = mesh(pictures(path, (height, width, 3), "rgb24"))
    grids = [cells(p) for p in pictures(path, (height, width), "gray")]
    sound = np.frombuffer(subprocess.check_output(call(path, "-vn", "-ac", "1", "-ar", "16000", "-f", "f32le")), np.float32)
    place, wide = poses(points), opening(points)
    xs = [features(grids, misplaced(place)) for _ in range(TIMES)]
    seen = np.concatenate([x - x.mean(0) for x in xs]), np.tile(wide - wide.mean(0), (TIMES, 1))
    keep = np.arange(0, len(seen[0]), max(1, len(seen[0]) // 3000))
    count = int(len(grids) / rate * RATE)
    instants = (np.arange(count) + 0.5) / RATE
    # When sound is early, what is heard is shown later.
    y = high_pass(at(wide, instants + float(offset or 0) / 1000, rate))
    levels = high_pass(mel(sound, count))
    x = np.concatenate([levels[np.clip(np.arange(count) + j, 0, count - 1)] for j in range(-CONTEXT, CONTEXT + 1)], 1)
    print(path, count)
    return pathlib.Path(path).stem, seen[0][keep], seen[1][keep], x, y / y.std()


def write(path, clips):
    stack = lambda i: np.concatenate([c[i] for c in clips])
    mouth, speech = ridge(stack(1), stack(2), RIDGE_PICTURE), ridge(stack(3), stack(4), RIDGE_SOUND)
    np.concatenate([mouth[:, 0], speech[:, 0]]).astype("<f4").tofile(path)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    each = arguments[0] == "--each"
    out, *clips = arguments[each:]
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    groups = [[learn(c) for c in dict.fromkeys(g.split("+"))] for g in clips]
    write(out / "maps.bin", sum(groups, []))
    for group in groups if each else []:
        write(out / f"{group[0][0]}.bin", sum((g for g in groups if g is not group), []))
