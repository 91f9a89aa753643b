// SPDX-License-Identifier: MPL-2.0
// The episodes of a day, over restarts of the monitor: of all streams or of one, with what they looked like and who had them.

import { atLeast, levelOf } from "./levels.js";
import { dayAfter, dayOf, lasted, moment, span, ZONE } from "./times.js";
import { button, el, get, say, sign, table, titleOf } from "./dom.js";
import { byText, defectText, kindName, kinds, trackName, valueText } from "./words.js";

/** So many are shown at first, and so many more each time. */
const STEP = 100;

/** Shows a picture of a defect in full size. */
export function enlarge(source, caption) {
  const dialog = get("picture");
  dialog.replaceChildren(titleOf(dialog, "picture-name", caption), el("img", { src: source, alt: caption }));
  dialog.showModal();
}

/** Where the picture of an episode is. */
export const pictureOf = (episode, name) => `api/v1/episodes/${encodeURIComponent(episode)}/pictures/${name}.jpg`;

function pictures(e) {
  const names = { begin: "at the begin", worst: "at its worst" };
  return (e.pictures ?? []).map((name) => {
    const caption = `${e.stream}: ${kindName(e.kind)} ${names[name] ?? name}, ${moment(e.time)}`;
    const shot = button("", () => enlarge(pictureOf(e.episode, name), caption), { class: "shot", title: caption, "aria-label": caption });
    shot.append(el("img", { src: pictureOf(e.episode, name), alt: "", loading: "lazy" }));
    return shot;
  });
}

function row(e, isOfOne) {
  const end = e.ended ? Date.parse(e.ended) : Date.now();
  const length = (end - Date.parse(e.time)) / 1000;
  return [
    moment(e.time),
    e.ended ? lasted(length) : `${span(length)}, still open`,
    ...(isOfOne ? [] : [e.stream]),
    [sign(levelOf(e)), ` ${defectText(e)}${e.maintenance ? " (maintenance)" : ""}`],
    trackName(e.track),
    valueText(e),
    e.acknowledged ? byText(e.acknowledged) : "",
    pictures(e),
  ];
}

export class History {
  /** Into that element; of one stream, or of all with a field to choose. */
  constructor(node, stream = null) {
    this.stream = stream;
    this.limit = STEP;
    this.day = el("input", { type: "date", value: dayOf(Date.now()), "aria-label": "Day" });
    this.words = el("input", { type: "search", placeholder: "Stream", "aria-label": "Stream", autocomplete: "off" });
    this.kind = el("select", { "aria-label": "Defect" }, el("option", { value: "", text: "all defects" }),
      kinds().map(([value, text]) => el("option", { value, text })));
    const least = [["info", "all severities"], ["warning", "warning and worse"], ["error", "error and worse"]];
    this.least = el("select", { "aria-label": "Severity" }, least.map(([value, text]) => el("option", { value, text })));
    this.note = el("p", { class: "dim", role: "status" });
    this.rows = el("div");
    this.more = button("Show more", () => { this.limit += STEP; this.load(); });
    this.more.hidden = true;
    this.day.addEventListener("change", () => this.anew());
    this.kind.addEventListener("change", () => this.anew());
    this.least.addEventListener("change", () => this.show());
    this.words.addEventListener("input", () => this.show());
    node.replaceChildren(
      el("div", { class: "bar" },
        button("‹", () => this.step(-1), { "aria-label": "The day before" }),
        this.day,
        button("›", () => this.step(1), { "aria-label": "The day after" }),
        button("Today", () => this.go(dayOf(Date.now()))),
        stream ? null : this.words, this.kind, this.least),
      this.note, this.rows, this.more);
    this.load();
  }

  step(days) {
    this.go(dayAfter(this.day.value || dayOf(Date.now()), days));
  }

  go(day) {
    this.day.value = day;
    this.anew();
  }

  anew() {
    this.limit = STEP;
    this.load();
  }

  async load() {
    const query = new URLSearchParams({ limit: this.limit + 1, zone: ZONE });
    if (this.day.value) query.set("day", this.day.value);
    if (this.kind.value) query.set("kind", this.kind.value);
    if (this.stream) query.set("stream", this.stream);
    const asked = String(query);
    this.asked = asked;
    try {
      const answer = await fetch(`api/v1/episodes?${query}`, { cache: "no-store", signal: AbortSignal.timeout(20000) });
      const value = await answer.json();
      if (this.asked !== asked) return;
      if (!answer.ok) throw new Error(value.error);
      this.all = value;
      this.show();
    } catch (error) {
      say(this.note, `The history can't be had: ${error.message || error}`);
    }
  }

  show() {
    if (!this.all) return;
    const words = this.words.value.trim().toLowerCase();
    const fits = (e) => e.stream.toLowerCase().includes(words) && atLeast(e.severity, this.least.value);
    const all = this.all.slice(0, this.limit).filter(fits);
    this.more.hidden = this.all.length <= this.limit;
    say(this.note, all.length ? `${all.length} defects, the latest first${this.more.hidden ? "" : "; there are more"}.` : "No defects.");
    const heads = ["From", "Lasted", ...(this.stream ? [] : ["Stream"]), "Defect", "Where", "Measured", "Who had it", "Pictures"];
    this.rows.replaceChildren(...(all.length ? [table("", heads, all.map((e) => row(e, this.stream)))] : []));
  }
}

/** Shows the history of all streams. */
export function showHistory() {
  const dialog = get("history");
  const body = el("div");
  dialog.replaceChildren(titleOf(dialog, "history-name", "History"), body);
  new History(body);
  dialog.showModal();
}
