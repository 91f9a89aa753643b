// SPDX-License-Identifier: MPL-2.0
// All streams, worst first. What the server says comes from poll.js; this keeps the page true to it, and says so when it can't.

import { Alarm } from "./alarm.js";
import { Card } from "./card.js";
import { Detail } from "./detail.js";
import { clock, el, say, SIGNS, sign } from "./words.js";
import { minuteAt, minuteText, sample, unrolled, worstNear } from "./timeline.js";

/** Without a good answer for so long, what is shown is old. Three questions. */
const GONE = 7000;
/** The day is drawn anew so often. */
const DAYS_EVERY = 60000;
/** More streams than that are a list unless somebody chose otherwise. */
const TILES = 100;
/** So few have large pictures. */
const FEW = 8;
const STREAMS = "api/v1/streams";

const get = (id) => document.getElementById(id);
const cards = new Map();
const nodes = new WeakMap();
const alarm = new Alarm();
const detail = new Detail(STREAMS);
const main = get("streams");
const wish = new URLSearchParams(location.hash.slice(1));
const chosen = { show: wish.get("show") ?? "all", words: wish.get("q") ?? "", layout: wish.get("layout") };
let known = [];
let offset = 0;
let answered = Date.now();
let why = "";
let started = false;

const now = () => Date.now() + offset;

// What comes from the server.

function take(news) {
  answered = Date.now();
  offset = Date.parse(news.now) - answered;
  known = news.words;
  const fresh = [];
  for (const data of news.streams) {
    let card = cards.get(data.id);
    const isNew = !card;
    if (isNew) card = add(data.id);
    const defects = card.update(data);
    // Of a stream that is new to a page that has been open, every open defect is.
    if (isNew && started) defects.push(...data.open.filter((e) => !e.maintenance).map((e) => ({ severity: e.severity, text: `${data.id}: ${e.kind}` })));
    fresh.push(...defects);
  }
  if (news.all) removeAllBut(new Set(news.streams.map((s) => s.id)));
  for (const [id, pulse] of Object.entries(news.pulse)) cards.get(id)?.beat(pulse);
  showParts(news);
  if (fresh.length) {
    alarm.defects(fresh);
    say(get("said"), fresh.slice(0, 3).map((d) => d.text).join("; "));
  }
  arrange();
  if (!started) {
    started = true;
    document.body.classList.remove("starting");
  }
  if (news.all) loadDays();
  live();
}

function add(id) {
  const card = new Card(id, STREAMS);
  cards.set(id, card);
  nodes.set(card.node, card);
  card.name.addEventListener("click", () => detail.open(id));
  seen.observe(card.node);
  return card;
}

function removeAllBut(ids) {
  for (const [id, card] of cards) {
    if (ids.has(id)) continue;
    seen.unobserve(card.node);
    card.node.remove();
    cards.delete(id);
  }
}

function showParts({ parts, configured }) {
  const bad = parts.filter((p) => p.health !== "fine").map((p) => [p.health, `${p.name} ${p.health}: ${p.why}`]);
  if (!configured) bad.unshift(["degraded", "the configuration is being read; streams may be missing"]);
  get("parts").hidden = !bad.length;
  const text = bad.flat().join();
  if (get("parts").dataset.text === text) return;
  get("parts").dataset.text = text;
  get("parts").replaceChildren(...bad.map(([health, what]) => el("li", {}, sign(health === "broken" ? "error" : "warning"), ` ${what}`)));
}

async function loadDays() {
  try {
    const answer = await fetch("api/v1/days", { cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (!answer.ok) return;
    const { days, until, words } = await answer.json();
    known = words;
    for (const [id, runs] of Object.entries(days)) cards.get(id)?.setDay(unrolled(runs), until);
    draw();
  } catch {
    // The poll tells when the server is gone; the next minute tries again.
  }
}

// Order, filter, layout.

function arrange() {
  const words = chosen.words.toLowerCase().split(/\s+/).filter(Boolean);
  const counts = { all: 0, defects: 0, lost: 0, fine: 0 };
  let shown = 0;
  for (const card of cards.values()) {
    counts.all += 1;
    for (const group of card.is.groups) counts[group] += 1;
    const fits = (chosen.show === "all" || card.is.groups.includes(chosen.show)) && words.every((w) => card.text.includes(w));
    if (card.node.hidden === fits) card.node.hidden = !fits;
    shown += fits ? 1 : 0;
  }
  for (const [group, count] of Object.entries(counts)) say(get(`count-${group}`), String(count));
  get("none").hidden = shown > 0 || !started;
  say(get("none"), counts.all ? "No stream fits the filter." : "No streams are configured.");
  const bad = counts.all - counts.fine;
  document.title = `${bad ? `(${bad}) ` : ""}defect-monitor`;
  main.classList.toggle("few", counts.all <= FEW);
  setLayout(chosen.layout ?? (counts.all > TILES ? "list" : "tiles"));
  order();
  draw();
}

const names = new Intl.Collator(undefined, { numeric: true });

function order() {
  const latest = (card) => card.data.open.reduce((t, e) => (e.time > t ? e.time : t), "");
  const sorted = [...cards.values()].sort((a, b) => a.is.rank - b.is.rank || latest(b).localeCompare(latest(a)) || names.compare(a.id, b.id));
  const focused = main.contains(document.activeElement) ? document.activeElement : null;
  let at = main.firstElementChild;
  for (const card of sorted) {
    if (card.node === at) at = at.nextElementSibling;
    else main.insertBefore(card.node, at);
  }
  // A moved element loses the focus.
  if (focused && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

function setLayout(layout) {
  if (main.dataset.layout === layout) return;
  main.dataset.layout = layout;
  for (const button of document.querySelectorAll("[data-layout][aria-pressed]")) {
    button.setAttribute("aria-pressed", String(button.dataset.layout === layout));
  }
  for (const card of cards.values()) card.drawn = false;
}

function remember() {
  const hash = new URLSearchParams();
  if (chosen.show !== "all") hash.set("show", chosen.show);
  if (chosen.words) hash.set("q", chosen.words);
  if (chosen.layout) hash.set("layout", chosen.layout);
  history.replaceState(null, "", hash.size ? `#${hash}` : location.pathname);
}

function choose() {
  for (const button of document.querySelectorAll("[data-show]")) {
    button.setAttribute("aria-pressed", String(button.dataset.show === chosen.show));
  }
  remember();
  arrange();
}

// What is on the screen.

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const card = nodes.get(entry.target);
    card.visible = entry.isIntersecting;
    if (card.visible && card.data) card.show(now());
  }
}, { rootMargin: "200px" });

function draw() {
  const time = now();
  for (const card of cards.values()) if (card.visible && !card.node.hidden) card.show(time);
}

function pictures() {
  if (document.hidden || main.dataset.layout !== "tiles") return;
  const time = Date.now();
  for (const card of cards.values()) if (card.visible && !card.node.hidden) card.refresh(time);
}

function live() {
  const silence = Date.now() - answered;
  const gone = silence > GONE;
  document.body.classList.toggle("old", gone);
  get("live").dataset.level = gone ? "error" : started ? "ok" : "waiting";
  say(get("live-text"), gone ? "NO ANSWER" : started ? `live ${clock(now())}` : "connecting");
  get("gone").hidden = !gone;
  if (!gone) return;
  const old = started ? "What you see is old." : "Nothing is known yet.";
  say(get("gone"), `${SIGNS.error} No answer from the monitor since ${clock(answered)}. ${old}${why ? ` (${why})` : ""}`);
  document.title = `${SIGNS.error} no answer · defect-monitor`;
  alarm.gone();
}

// The tip of the time lines.

function tip(event) {
  const canvas = event.target.closest?.("canvas.day");
  const card = canvas && nodes.get(canvas.closest(".card"));
  const box = get("tip");
  box.hidden = !card?.day;
  if (box.hidden) return;
  const index = worstNear(card.day, minuteAt(canvas, event.clientX), event.pointerType === "touch" ? 12 : 3);
  say(box, minuteText(card.day, index, card.until, known));
  const half = box.offsetWidth / 2 + 4;
  box.style.left = `${Math.min(innerWidth - half, Math.max(half, event.clientX))}px`;
  box.style.top = `${canvas.getBoundingClientRect().top}px`;
}

function legend() {
  const marks = { ok: "fine", inconclusive: "can't be judged", unwatched: "not watched", info: "info", warning: "warning", error: "error", critical: "critical" };
  for (const [mark, text] of Object.entries(marks)) {
    const canvas = el("canvas", { "aria-hidden": "true" });
    document.querySelector(".legend").append(el("span", {}, canvas, ` ${text}`));
    sample(canvas, mark);
  }
}

// What the user does.

get("search").value = chosen.words;
get("search").addEventListener("input", (event) => {
  chosen.words = event.target.value.trim();
  choose();
});
for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => { chosen.show = button.dataset.show; choose(); });
}
for (const button of document.querySelectorAll("[data-layout][aria-pressed]")) {
  button.addEventListener("click", () => { chosen.layout = button.dataset.layout; choose(); });
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
  event.preventDefault();
  get("search").focus();
});
for (const kind of ["pointermove", "pointerdown", "pointerleave"]) main.addEventListener(kind, tip);
document.addEventListener("scroll", () => { get("tip").hidden = true; }, { passive: true });
addEventListener("resize", () => {
  for (const card of cards.values()) card.drawn = false;
  draw();
});

say(get("zone"), Intl.DateTimeFormat().resolvedOptions().timeZone);
legend();
choose();

const worker = new Worker("poll.js");
worker.addEventListener("message", ({ data }) => {
  why = data.error ?? "";
  if (data.news) take(data.news);
  else live();
});
worker.addEventListener("error", () => { why = "poll.js doesn't run"; });
setInterval(() => { draw(); live(); pictures(); }, 1000);
setInterval(loadDays, DAYS_EVERY);
