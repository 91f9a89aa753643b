// SPDX-License-Identifier: MPL-2.0
// What things are called and how they are judged, the same in all parts of the page.

/** Marks of a minute, by number, as the server has them. */
export const MARKS = ["nothing", "inconclusive", "ok", "unwatched", "info", "warning", "error", "critical"];
/** Never by colour alone: each level has a sign. */
export const SIGNS = {
  critical: "✕", error: "✕", lost: "⊘", warning: "!", waiting: "…", info: "i", ok: "✓", over: "■",
};
/** Worst first. */
const ORDER = ["critical", "error", "lost", "warning", "waiting", "info", "ok", "over"];
const SEVERITIES = ["info", "warning", "error", "critical"];
/** A watched stream gives results every second; without any for so long, something is wrong with it. */
const SILENT = 10;

/** Whether one severity is as bad as another or worse. */
export const atLeast = (severity, limit) => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(limit);

/** How a stream is: its level, its rank (0 is worst), which groups it is in, and in words. */
export function judge(stream, age) {
  const serious = stream.open.filter((e) => !e.maintenance);
  const worst = serious.reduce((w, e) => (w && atLeast(w, e.severity) ? w : e.severity), null);
  let level = worst ?? "ok";
  let text = stateText(stream);
  const lost = ["waiting", "refused", "quarantined"].includes(stream.state);
  const stale = stream.state === "watching" && age > SILENT;
  const waiting = stream.state === "connecting" || stream.state === "pending";
  if (stale) text = `no result for ${span(age)}`;
  const worse = (other) => ORDER.indexOf(other) < ORDER.indexOf(level);
  if ((lost || stale) && worse("lost")) level = "lost";
  else if (waiting && worse("waiting")) level = "waiting";
  else if (stream.state === "over" && level === "ok") level = "over";
  const silent = lost || stale || waiting;
  const groups = [worst && "defects", silent && "lost"].filter(Boolean);
  if (!groups.length) groups.push("fine");
  return { level, rank: ORDER.indexOf(level), groups, text, silent };
}

const STATES = {
  pending: "not started yet", connecting: "connecting", watching: "watching", waiting: "lost, trying again",
  over: "watched to its end", refused: "not watched: too much for this machine",
  quarantined: "not watched",
};

function stateText(stream) {
  const state = STATES[stream.state] ?? stream.state;
  return stream.reason ? `${state}: ${stream.reason}` : state;
}

/** A length of time in seconds, short. */
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  if (s < 86400) return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

/** How long ago, coarse. */
export function ago(seconds) {
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** A time of day. */
export const clock = (time, seconds = true) =>
  new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hourCycle: "h23" });

/** A day and a time of day. */
export const date = (time) => new Date(time).toLocaleString([], { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });

/** A number with a true minus sign. */
export const number = (value, digits = 1) => value.toFixed(digits).replace("-", "−");

/** How an episode is called: kind, detail. */
export const called = (e) => (e.detail ? `${e.kind} (${e.detail})` : e.kind);

/** An element with attributes and children. Texts are texts, never markup. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((c) => c !== null));
  return node;
}

/** Writes only what has changed: untouched text costs no layout. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** The sign of a level, for the eye; what it says is in words beside it. */
export const sign = (level) => el("i", { class: "sign", "data-level": level, "aria-hidden": "true", text: SIGNS[level] });
