// SPDX-License-Identifier: MPL-2.0
// Levels of channels, as meters with a scale in dBFS.

import { el } from "./dom.js";
import { number } from "./words.js";

/** Ends of the scale. */
const TOP = 0;
const BOTTOM = -60;
/** Drawn lines: the top, permitted maximum and alignment level of EBU R 68, and quiet. */
const TICKS = [0, -9, -18, -40];
/** From there on a level is yellow, and red. */
const YELLOW = -18;
const RED = -9;
/** Channels that a small meter has room for. */
const FEW = 8;

const COLOURS = {
  ground: "#0b0f13", line: "#ffffff30", green: "#3fbf78", yellow: "#e8b13c", red: "#ff6b5e",
  peak: "#eaf0f6", text: "#a4b1be",
};

const share = (level) => Math.min(1, Math.max(0, (level - BOTTOM) / (TOP - BOTTOM)));

/** Draws pairs of RMS and peak, upright and side by side; `scale`: with numbers beside them. */
export function drawMeters(canvas, levels, scale) {
  const zoom = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * zoom);
  const height = Math.round(canvas.clientHeight * zoom);
  if (!width || !height) return;
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const g = canvas.getContext("2d");
  const margin = scale ? 26 * zoom : 0;
  const edge = scale ? 6 * zoom : 0;
  const y = (level) => Math.round(edge + (1 - share(level)) * (height - 2 * edge));
  g.clearRect(0, 0, width, height);
  g.fillStyle = COLOURS.ground;
  g.fillRect(margin, edge, width - margin, height - 2 * edge);
  const room = (width - margin) / Math.max(1, levels.length);
  levels.forEach(([rms, peak], i) => {
    const x = Math.round(margin + i * room + zoom / 2);
    const w = Math.max(1, Math.round(room - zoom));
    for (const [from, to, colour] of [[BOTTOM, YELLOW, COLOURS.green], [YELLOW, RED, COLOURS.yellow], [RED, TOP, COLOURS.red]]) {
      const end = Math.min(rms, to);
      if (end <= from) continue;
      g.fillStyle = colour;
      g.fillRect(x, y(end), w, y(from) - y(end));
    }
    if (peak > BOTTOM) {
      g.fillStyle = peak >= RED ? COLOURS.red : COLOURS.peak;
      g.fillRect(x, Math.min(y(peak), height - edge - zoom), w, Math.max(1, Math.round(1.5 * zoom)));
    }
  });
  for (const tick of TICKS) {
    g.fillStyle = COLOURS.line;
    g.fillRect(margin, Math.min(y(tick), height - 1), width - margin, 1);
    if (!scale) continue;
    g.fillStyle = COLOURS.text;
    g.font = `${10 * zoom}px system-ui, "DejaVu Sans", sans-serif`;
    g.textAlign = "right";
    g.textBaseline = "middle";
    g.fillText(number(tick, 0), margin - 4 * zoom, y(tick));
  }
}

/** The names of so many channels, in the usual order. */
export function channelNames(count) {
  if (count === 1) return ["mono"];
  if (count === 2) return ["left", "right"];
  if (count === 6) return ["left", "right", "centre", "LFE", "left surround", "right surround"];
  return Array.from({ length: count }, (_, i) => `channel ${i + 1}`);
}

/** Levels in words, a line for each channel. */
export function levelLines(levels) {
  const text = (v) => (v <= -100 ? "−∞" : number(v));
  return channelNames(levels.length).map((name, i) => `${name} ${text(levels[i][0])} dBFS, peak ${text(levels[i][1])}`);
}

/** A meter for a stream on the wall. */
export const smallMeter = () => el("canvas", { class: "meters", role: "img" });

/** Shows levels in a small meter. */
export function showSmall(canvas, levels) {
  const few = levels.slice(0, FEW);
  canvas.hidden = !few.length;
  if (!few.length) return;
  canvas.style.setProperty("--channels", few.length);
  drawMeters(canvas, few, false);
  const text = levelLines(levels).join("\n");
  if (canvas.title !== text) {
    canvas.title = text;
    canvas.setAttribute("aria-label", `Level: ${text}`);
  }
}
