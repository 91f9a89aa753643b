// SPDX-License-Identifier: MPL-2.0
// All that is known of one stream, in a dialog.

import { MINUTES, draw, minuteAt, minuteText, unrolled, worstNear } from "./timeline.js";
import { moment, span } from "./times.js";
import { button, closeBeside, el, get, say, sign, table, titleOf } from "./dom.js";
import { History } from "./history.js";
import { judge, levelOf } from "./levels.js";
import { drawMeters, levelLines } from "./meters.js";
import { defectText, detectorName, formatText, meaning, measureText, number, ownerText, trackName, valueText } from "./words.js";

const EVERY = 2000;
/** What a detector said longer ago is of a track that has gone. In ms. */
const CURRENT = 10000;

export class Detail {
  constructor(base, operations, levelsOf) {
    this.base = base;
    this.operations = operations;
    this.levelsOf = levelsOf;
    this.dialog = get("detail");
    this.dialog.addEventListener("close", () => this.closed());
    closeBeside(this.dialog);
  }

  open(id) {
    this.id = id;
    this.build();
    if (!this.dialog.open) this.dialog.showModal();
    this.load();
  }

  closed() {
    clearTimeout(this.timer);
    this.id = null;
  }

  build() {
    this.image = el("img", { alt: "The last picture" });
    this.image.hidden = true;
    this.image.addEventListener("load", () => { this.image.hidden = false; });
    this.image.addEventListener("error", () => { this.image.hidden = true; });
    this.meters = el("canvas", { class: "scale", role: "img", "aria-label": "Levels of the channels" });
    this.levels = el("ul", { class: "levels" });
    this.canvas = el("canvas", {
      class: "day", tabindex: "0", role: "slider", "aria-label": "Last 24 hours, by the minute",
      "aria-valuemin": "0", "aria-valuemax": String(MINUTES - 1),
    });
    this.minute = el("p", { class: "minute", "aria-live": "polite", text: "Arrow keys, pointer or finger tell what each minute was." });
    this.facts = el("dl");
    this.episodes = [];
    this.defects = el("ul", { class: "now" });
    this.now = el("div", {}, this.defects, el("div", { class: "bar" },
      button("I have it", () => this.operations.take(this.id, this.episodes), { class: "main" }),
      button("Mute", () => this.operations.askMute(this.id, this.episodes))));
    this.now.hidden = true;
    this.measured = el("details", { class: "measured" }, el("summary", { text: "Everything that is measured" }));
    this.rows = el("div");
    this.measured.append(this.rows);
    const past = el("div", { class: "past" });
    this.at = MINUTES - 1;
    const point = (event) => this.day && this.tell(worstNear(this.day, minuteAt(this.canvas, event.clientX), 2));
    this.canvas.addEventListener("pointermove", point);
    this.canvas.addEventListener("pointerdown", point);
    this.canvas.addEventListener("keydown", (event) => this.step(event));
    this.dialog.replaceChildren(titleOf(this.dialog, "detail-name", this.id),
      el("div", { class: "top" }, this.image, el("div", { class: "loud" }, this.meters, this.levels), this.facts),
      this.now, this.canvas, this.minute, el("h3", { text: "History" }), past, this.measured);
    this.history = new History(past, this.id);
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
    const now = Date.parse(full.now);
    this.day = unrolled(full.day);
    this.until = Math.floor(now / 60000);
    this.words = full.words;
    draw(this.canvas, this.day, this.until);
    this.image.src = `${this.base}/${encodeURIComponent(this.id)}/thumbnail.jpg?${Date.now()}`;
    this.showLevels();
    this.facts.replaceChildren(...facts(full).flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]));
    const top = this.dialog.scrollTop;
    // The buttons stay: one that is being pressed, or has the focus, would lose it.
    this.episodes = full.open.map(short);
    this.defects.replaceChildren(...full.open.map((e) => this.defect(e, now)));
    this.now.hidden = !full.open.length;
    this.rows.replaceChildren(...verdicts(full.verdicts.filter((v) => now - Date.parse(v.heard) < CURRENT)));
    this.dialog.scrollTop = top;
  }

  showLevels() {
    const levels = this.levelsOf(this.id);
    this.meters.parentElement.hidden = !levels.length;
    if (!levels.length) return;
    drawMeters(this.meters, levels, true);
    this.levels.replaceChildren(...levelLines(levels).map((line) => el("li", { text: line })));
  }

  /** An open defect: what, since when, how bad, what it means, who has it. */
  defect(e, now) {
    const words = meaning(e.kind);
    const owner = this.operations.owner(e.episode);
    const level = levelOf(e);
    const where = [trackName(e.track), valueText(e), e.maintenance ? "within a maintenance window" : ""].filter(Boolean).join(", ");
    return el("li", { "data-level": level }, sign(level), el("b", { text: defectText(e) }),
      el("span", { text: `since ${moment(e.time)} (${span((now - Date.parse(e.time)) / 1000)})` }),
      el("span", { class: "dim", text: where }),
      el("span", { class: owner ? "owner" : "owner nobody", text: owner ? ownerText(owner) : "Nobody has it." }),
      words ? el("p", { class: "dim", text: `${words.meaning} Usual cause: ${words.cause}` }) : null);
  }
}

const short = ({ episode, kind }) => ({ episode, kind });

function facts(full) {
  const usage = full.usage;
  const own = [
    ["State", judge(full, 0).text], ["Since", moment(full.since)],
    ["Source", full.uri], ...Object.entries(full.labels),
    ...full.tracks.map((t) => [trackName(t.name), formatText(t.what)]),
    ["Analysed", full.analysed < 0.995 ? `${Math.round(full.analysed * 100)} % of it` : "all of it"],
    ["Delay of the analysis", usage["lag-seconds"] > 1 ? `${number(usage["lag-seconds"])} s` : ""],
    ["Reconnected", usage.restarts ? `${usage.restarts} times` : ""],
  ];
  return own.filter(([, value]) => value);
}

const STATUS = {
  ok: ["ok", "fine"],
  defect: ["error", "defect"],
  inconclusive: ["info", "can't be judged"],
  "not-analysed": ["lost", "not watched"],
};

function verdicts(all) {
  if (!all.length) return [];
  const rows = all.map((v) => {
    const [level, text] = STATUS[v.status];
    const measures = Object.entries(v.measures).map(([name, value]) =>
      el("li", { text: `${value === null ? "−∞" : number(value, 2)}: ${measureText(v.detector, name)}` }));
    return [detectorName(v.detector), trackName(v.track), [sign(level), ` ${text}`], el("ul", { class: "measures" }, measures)];
  });
  return [table("Of the last second", ["Looked for", "In", "Found", "Measured"], rows)];
}
