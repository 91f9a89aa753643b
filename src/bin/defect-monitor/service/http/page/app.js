// SPDX-License-Identifier: MPL-2.0
// All streams, and what is broken. What the server says comes from poll.js; this keeps the page true to it, and says so when it can't.

import { Alarm } from "./alarm.js";
import { Detail } from "./detail.js";
import { button, closeBeside, el, get, say, sign } from "./dom.js";
import { enlarge, showHistory } from "./history.js";
import { SIGNS } from "./levels.js";
import { Operations } from "./operations.js";
import { labelKeys } from "./order.js";
import { Problems } from "./problems.js";
import { minuteAt, minuteText, sample, unrolled, worstNear } from "./timeline.js";
import { ZONE, clock } from "./times.js";
import { Wall } from "./wall.js";
import { loadWords, partName } from "./words.js";

/** Without a good answer for so long, what is shown is old. Three questions. */
const GONE = 7000;
/** The day is drawn anew so often. */
const DAYS_EVERY = 60000;
const STREAMS = "api/v1/streams";

const alarm = new Alarm();
const operations = new Operations(() => refresh());
const detail = new Detail(STREAMS, operations, (id) => wall.cards.get(id)?.levels ?? []);
const wall = new Wall(STREAMS, (id) => detail.open(id));
const problems = new Problems({
  open: (id) => detail.open(id),
  take: (id, episodes) => operations.take(id, episodes),
  mute: (id, episodes) => operations.askMute(id, episodes),
  enlarge,
});
const wish = new URLSearchParams(location.hash.slice(1));
const chosen = {
  show: wish.get("show") ?? "all", words: wish.get("q") ?? "", layout: wish.get("layout"),
  group: wish.get("group") ?? "", order: wish.get("order") ?? "name",
};
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
  operations.update(news);
  const fresh = [];
  for (const data of news.streams) {
    const isNew = !wall.cards.has(data.id);
    const card = wall.card(data.id);
    const defects = card.update(data);
    // Of a stream that is new to a page that has been open, every open defect is.
    if (isNew && started) defects.push(...data.open.filter((e) => !e.maintenance).map((e) => card.said(e)));
    fresh.push(...defects);
  }
  if (news.all) wall.keepOnly(new Set(news.streams.map((s) => s.id)));
  for (const [id, pulse] of Object.entries(news.pulse)) wall.cards.get(id)?.beat(pulse);
  showParts(news);
  showGroups();
  ring(fresh.filter((d) => !operations.mute(d.stream, d.kind)));
  started = true;
  document.body.classList.remove("starting");
  refresh();
  if (news.all) loadDays();
  live();
}

function ring(fresh) {
  if (fresh.length) {
    alarm.defects(fresh);
    say(get("said"), fresh.slice(0, 3).map((d) => d.text).join("; "));
  }
  const isFree = (card, e) => !e.maintenance && !operations.owner(e.episode) && !operations.mute(card.id, e.kind);
  alarm.remind(wall.all.flatMap((card) => card.data.open.filter((e) => isFree(card, e)).map((e) => card.said(e))));
}

/** What is wrong with the monitor itself, behind a word in the head of the page. */
function showParts({ parts, configured, undelivered }) {
  const bad = parts.filter((p) => p.health !== "fine");
  const text = JSON.stringify([bad, configured, undelivered]);
  const box = get("parts");
  box.hidden = !bad.length && configured && !undelivered;
  if (box.dataset.text === text) return;
  box.dataset.text = text;
  const isBroken = bad.some((p) => p.health === "broken");
  const rows = bad.map((p) => el("div", {},
    el("b", { text: `${partName(p.name)}: ${p.health === "broken" ? "doesn't work" : "trouble"}` }),
    el("p", { class: "dim", text: p.why })));
  if (!configured) rows.unshift(el("p", { text: "The configuration is being read; streams may be missing." }));
  if (undelivered) rows.unshift(showUndelivered(undelivered));
  const troubles = rows.length === 1 ? "1 trouble" : `${rows.length} troubles`;
  box.querySelector("summary").replaceChildren(sign(isBroken ? "error" : "warning"), ` The monitor itself: ${troubles}`);
  box.querySelector("div").replaceChildren(...rows);
}

function showUndelivered(count) {
  const path = "api/v1/alerts/undelivered";
  return el("div", { id: "undelivered" }, el("b", { text: count === 1 ? "1 alarm wasn't delivered" : `${count} alarms weren't delivered` }),
    el("p", { class: "bar" },
      button("Send again", () => operations.withToken("Send again what wasn't delivered", () => operations.send("POST", `${path}/resend`))),
      button("Forget", () => operations.withToken("Forget what wasn't delivered", () => operations.send("DELETE", path)))));
}

function showGroups() {
  const keys = labelKeys(wall.all);
  const select = get("group");
  const text = keys.join();
  if (select.dataset.keys === text) return;
  select.dataset.keys = text;
  select.replaceChildren(el("option", { value: "", text: "none" }), ...keys.map((key) => el("option", { value: key, text: `by ${key}` })));
  select.value = keys.includes(chosen.group) ? chosen.group : "";
}

async function loadDays() {
  try {
    const answer = await fetch("api/v1/days", { cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (!answer.ok) return;
    const { days, until, words } = await answer.json();
    known = words;
    for (const [id, runs] of Object.entries(days)) wall.cards.get(id)?.setDay(unrolled(runs), until);
    draw();
  } catch {
    // The poll tells when the server is gone; the next minute tries again.
  }
}

// What is shown of it.

function refresh() {
  const { counts, shown } = wall.arrange(chosen);
  for (const [group, count] of Object.entries(counts)) say(get(`count-${group}`), String(count));
  get("none").hidden = shown > 0 || !started;
  say(get("none"), counts.all ? "No stream fits the filter." : "No streams are configured.");
  const bad = counts.all - counts.fine;
  document.title = `${bad ? `(${bad}) ` : ""}defect-monitor`;
  get("hint").hidden = chosen.order !== "hand";
  draw();
}

function draw() {
  if (!started) return;
  wall.draw(now(), operations);
  problems.update(wall.all, operations, now());
}

function remember() {
  const hash = new URLSearchParams();
  const usual = { show: "all", words: "", layout: null, group: "", order: "name" };
  for (const [key, value] of Object.entries(chosen)) {
    if (value !== usual[key]) hash.set(key === "words" ? "q" : key, value);
  }
  history.replaceState(null, "", hash.size ? `#${hash}` : location.pathname);
}

function choose(change) {
  Object.assign(chosen, change);
  for (const chip of document.querySelectorAll("[data-show]")) {
    chip.setAttribute("aria-pressed", String(chip.dataset.show === chosen.show));
  }
  remember();
  refresh();
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
  const card = canvas && wall.cardOf(canvas.closest(".card"));
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
  const marks = {
    ok: "fine", inconclusive: "can't be judged", unwatched: "not watched",
    info: "info", warning: "warning", error: "error", critical: "critical",
  };
  for (const [mark, text] of Object.entries(marks)) {
    const canvas = el("canvas", { "aria-hidden": "true" });
    document.querySelector(".legend").append(el("span", {}, canvas, ` ${text}`));
    sample(canvas, mark);
  }
}

// What the user does.

get("search").value = chosen.words;
get("search").addEventListener("input", (event) => choose({ words: event.target.value.trim() }));
get("order").value = chosen.order;
for (const name of ["group", "order"]) get(name).addEventListener("change", (event) => choose({ [name]: event.target.value }));
for (const chip of document.querySelectorAll("[data-show]")) chip.addEventListener("click", () => choose({ show: chip.dataset.show }));
for (const choice of document.querySelectorAll("[data-layout][aria-pressed]")) {
  choice.addEventListener("click", () => choose({ layout: choice.dataset.layout }));
}
get("history-open").addEventListener("click", showHistory);
get("mutes-open").addEventListener("click", () => operations.showMutes());
for (const id of ["history", "picture"]) closeBeside(get(id));
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
  event.preventDefault();
  get("view").open = true;
  get("search").focus();
});
for (const kind of ["pointermove", "pointerdown", "pointerleave"]) wall.main.addEventListener(kind, tip);
document.addEventListener("scroll", () => { get("tip").hidden = true; }, { passive: true });
addEventListener("resize", () => { wall.redraw(); refresh(); });

say(get("zone"), ZONE);
// What is broken stays beside the streams, below the head of the page.
new ResizeObserver(([{ target }]) => {
  document.documentElement.style.setProperty("--head", `${target.offsetHeight}px`);
}).observe(document.querySelector("header"));
get("view").open = !matchMedia("(max-width: 640px)").matches;
legend();
await loadWords();
choose({});

const worker = new Worker("poll.js");
worker.addEventListener("message", ({ data }) => {
  why = data.error ?? "";
  if (data.news) take(data.news);
  else live();
});
worker.addEventListener("error", () => { why = "poll.js doesn't run"; });
setInterval(() => {
  draw();
  live();
  wall.pictures(new Set(problems.entries.keys()));
}, 1000);
setInterval(loadDays, DAYS_EVERY);
