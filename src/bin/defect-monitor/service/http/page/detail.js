// SPDX-License-Identifier: MPL-2.0
// All that is known of one stream, in a dialog.

import { called, clock, date, el, number, say, sign, span } from "./words.js";
import { MINUTES, draw, minuteAt, minuteText, unrolled, worstNear } from "./timeline.js";

const EVERY = 2000;
/** Measures that say little by themselves, or are one of many, come after so many. */
const SHOWN = 4;
/** What a detector said longer ago is of a track that has gone. In ms. */
const CURRENT = 10000;

export class Detail {
  constructor(base) {
    this.base = base;
    this.dialog = document.getElementById("detail");
    this.dialog.addEventListener("close", () => this.closed());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  open(id) {
    this.id = id;
    this.build();
    this.dialog.showModal();
    this.load();
  }

  closed() {
    clearTimeout(this.timer);
    this.id = null;
  }

  build() {
    const close = el("button", { type: "button", class: "close", "aria-label": "Close", text: "✕" });
    close.addEventListener("click", () => this.dialog.close());
    this.image = el("img", { alt: "What is on" });
    this.image.hidden = true;
    this.image.addEventListener("load", () => { this.image.hidden = false; });
    this.image.addEventListener("error", () => { this.image.hidden = true; });
    this.canvas = el("canvas", {
      class: "day", tabindex: "0", role: "slider", "aria-label": "Last 24 hours, by the minute",
      "aria-valuemin": "0", "aria-valuemax": String(MINUTES - 1),
    });
    this.minute = el("p", { class: "minute", "aria-live": "polite", text: "Arrow keys, pointer or finger tell what each minute was." });
    this.facts = el("dl");
    this.tables = el("div");
    this.at = MINUTES - 1;
    const point = (event) => this.tell(worstNear(this.day, minuteAt(this.canvas, event.clientX), 2));
    this.canvas.addEventListener("pointermove", (event) => this.day && point(event));
    this.canvas.addEventListener("pointerdown", (event) => this.day && point(event));
    this.canvas.addEventListener("keydown", (event) => this.step(event));
    this.dialog.replaceChildren(
      el("div", { class: "title" }, el("h2", { id: "detail-name", text: this.id }), close),
      el("div", { class: "top" }, this.image, this.facts),
      this.canvas, this.minute, this.tables);
  }

  step(event) {
    const hop = event.shiftKey ? 60 : 1;
    const moves = { ArrowLeft: -hop, ArrowRight: hop, PageDown: -60, PageUp: 60, Home: -MINUTES, End: MINUTES };
    if (!this.day || !(event.key in moves)) return;
    event.preventDefault();
    this.tell(Math.min(MINUTES - 1, Math.max(0, this.at + moves[event.key])));
  }

  tell(index) {
    this.at = index;
    const text = minuteText(this.day, index, this.until, this.words);
    say(this.minute, text);
    this.canvas.setAttribute("aria-valuenow", String(index));
    this.canvas.setAttribute("aria-valuetext", text);
  }

  async load() {
    const id = this.id;
    let text = null;
    try {
      const answer = await fetch(`${this.base}/${encodeURIComponent(id)}`, { cache: "no-store", signal: AbortSignal.timeout(5000) });
      const full = await answer.json();
      if (this.id !== id) return;
      if (answer.ok) this.show(full);
      else text = full.error;
    } catch {
      text = "The monitor doesn't answer. What you see is old.";
    }
    if (this.id !== id) return;
    if (text) say(this.minute, text);
    this.timer = setTimeout(() => this.load(), EVERY);
  }

  show(full) {
    this.day = unrolled(full.day);
    this.until = Math.floor(Date.parse(full.now) / 60000);
    this.words = full.words;
    draw(this.canvas, this.day, this.until);
    this.image.src = `${this.base}/${encodeURIComponent(this.id)}/thumbnail.jpg?${Date.now()}`;
    this.facts.replaceChildren(...facts(full).flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]));
    const top = this.dialog.scrollTop;
    this.tables.replaceChildren(...episodes("Open defects", full.open, Date.parse(full.now)),
      ...episodes("Latest defects", [...full.recent].reverse(), null), ...verdicts(full.verdicts.filter((v) => Date.parse(full.now) - Date.parse(v.heard) < CURRENT)));
    this.dialog.scrollTop = top;
  }
}

function facts(full) {
  const usage = full.usage;
  const own = [
    ["State", full.state + (full.reason ? `: ${full.reason}` : "")], ["Since", date(full.since)],
    ["Source", full.uri], ...Object.entries(full.labels),
    ["Tracks", full.tracks.map((t) => `${t.name} ${t.what}`).join(", ")],
    ["Analysed", `${Math.round(full.analysed * 100)} %`],
    ["Processor", `${number(usage["cpu-seconds"])} s`], ["Behind", `${number(usage["lag-seconds"])} s`],
    ["Restarts", String(usage.restarts)],
  ];
  return own.filter(([, value]) => value);
}

function table(caption, heads, rows) {
  return el("div", { class: "table" }, el("table", {}, el("caption", { text: caption }),
    el("thead", {}, el("tr", {}, ...heads.map((h) => el("th", { scope: "col", text: h })))),
    el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((c) => el("td", {}, ...[c].flat())))))));
}

function episodes(caption, events, now) {
  if (!events.length) return [];
  const rows = events.map((e) => {
    const lasted = now ? (now - Date.parse(e.time)) / 1000 : e.duration / 1e9;
    const level = e.maintenance ? "info" : e.severity;
    const value = `${number(e.value, 2)} (limit ${number(e.threshold, 2)})`;
    return [[sign(level), ` ${called(e)}${e.maintenance ? ", maintenance" : ""}`], e.severity, e.track ?? "", clock(e.time), lasted < 1 ? "< 1 s" : span(lasted), value];
  });
  return [table(caption, ["Defect", "Severity", "Track", "From", "Lasted", "Value"], rows)];
}

const STATUS_LEVEL = { ok: "ok", defect: "error", inconclusive: "info", "not-analysed": "lost" };

function verdicts(all) {
  if (!all.length) return [];
  const rows = all.map((v) => {
    const measures = Object.entries(v.measures);
    const shown = measures.slice(0, SHOWN).map(([name, value]) => `${name} ${value === null ? "−∞" : number(value, 2)}`);
    if (measures.length > SHOWN) shown.push("…");
    return [v.detector, v.track, [sign(STATUS_LEVEL[v.status]), ` ${v.status}`], shown.join(", ")];
  });
  return [table("Detectors", ["Detector", "Track", "Status", "Measures"], rows)];
}
