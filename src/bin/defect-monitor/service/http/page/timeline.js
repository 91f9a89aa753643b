// SPDX-License-Identifier: MPL-2.0
// The last day as a strip: height and colour say how bad, so that it can be read without colours.

import { MARKS } from "./levels.js";
import { clock } from "./times.js";
import { kindName, plain } from "./words.js";

/** Minutes in it. */
export const MINUTES = 1440;

const LOOKS = {
  inconclusive: [0.3, "#a58bff"], ok: [0.3, "#2f9e68"], unwatched: [0.3, null],
  info: [0.5, "#6db7ff"], warning: [0.75, "#ffc14d"], error: [1, "#ff6b5e"], critical: [1, "#ff3d7f"],
};
const GREY = "#7d8a98";

/** Minutes from runs of mark, word and count. */
export function unrolled(runs) {
  const marks = new Uint8Array(MINUTES);
  const words = new Uint8Array(MINUTES);
  let at = 0;
  for (const [mark, word, count] of runs) {
    marks.fill(mark, at, at + count);
    words.fill(word, at, at + count);
    at += count;
  }
  return { marks, words };
}

/** Draws a day. Worse minutes last and at least a pixel wide, so that none is lost in a narrow strip. */
export function draw(canvas, day, until) {
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  if (!width || !height) return;
  canvas.width = width;
  canvas.height = height;
  const g = canvas.getContext("2d");
  hours(g, until, width, height);
  for (let mark = 1; mark < MARKS.length; mark += 1) {
    const [share, colour] = LOOKS[MARKS[mark]];
    const thinnest = mark > 3 ? 2 * scale : scale;
    for (let from = 0; from < MINUTES; from += 1) {
      if (day.marks[from] !== mark) continue;
      let to = from + 1;
      while (to < MINUTES && day.marks[to] === mark) to += 1;
      const x = Math.floor((from * width) / MINUTES);
      const w = Math.max(Math.ceil(((to - from) * width) / MINUTES), thinnest);
      const h = Math.round(height * share);
      if (colour) {
        g.fillStyle = colour;
        g.fillRect(Math.min(x, width - w), height - h, w, h);
      } else {
        hatched(g, x, height - h, w, h, scale);
      }
      from = to - 1;
    }
  }
}

function hours(g, until, width, height) {
  g.fillStyle = "#ffffff14";
  const offset = new Date(until * 60000).getTimezoneOffset();
  for (let i = 0; i < MINUTES; i += 1) {
    const local = until - MINUTES + 1 + i - offset;
    if (local % 360 === 0) g.fillRect(Math.floor((i * width) / MINUTES), 0, 1, height);
  }
}

function hatched(g, x, y, w, h, scale) {
  g.save();
  g.beginPath();
  g.rect(x, y, w, h);
  g.clip();
  g.strokeStyle = GREY;
  g.lineWidth = scale;
  g.beginPath();
  for (let at = x - h; at < x + w; at += 4 * scale) {
    g.moveTo(at, y + h);
    g.lineTo(at + h, y);
  }
  g.stroke();
  g.restore();
}

const NAMES = {
  nothing: "nothing known", inconclusive: "content can't be judged", ok: "fine", unwatched: "not watched",
};

/** What a minute was, in words. */
export function minuteText(day, index, until, words) {
  const mark = MARKS[day.marks[index]];
  const word = words[day.words[index]] ?? "";
  const time = clock((until - MINUTES + 1 + index) * 60000, false);
  const name = NAMES[mark];
  if (name) return `${time} ${name}${word ? `: ${plain(word).toLowerCase()}` : ""}`;
  return `${time} ${word ? kindName(word) : "defect"} (${mark})`;
}

/** The minute under a place in the strip. */
export function minuteAt(canvas, clientX) {
  const box = canvas.getBoundingClientRect();
  const index = Math.floor(((clientX - box.left) / box.width) * MINUTES);
  return Math.min(MINUTES - 1, Math.max(0, index));
}

/** The worst minute near one, so that a finger finds thin ones. */
export function worstNear(day, index, reach) {
  let best = index;
  for (let i = Math.max(0, index - reach); i <= Math.min(MINUTES - 1, index + reach); i += 1) {
    if (day.marks[i] > 3 && day.marks[i] > day.marks[best]) best = i;
  }
  return best;
}

/** One of each, for the legend. */
export function sample(canvas, mark) {
  const day = { marks: new Uint8Array(MINUTES).fill(MARKS.indexOf(mark)), words: [] };
  draw(canvas, day, 1);
}
