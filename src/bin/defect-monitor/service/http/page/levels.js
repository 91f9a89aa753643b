// SPDX-License-Identifier: MPL-2.0
// How bad things are, the same in all parts of the page.

import { span } from "./times.js";

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

/** The place of a level among all, 0 is the worst. */
export const rank = (level) => ORDER.indexOf(level);

/** The level of an episode: within a maintenance window nothing is wrong. */
export const levelOf = (e) => (e.maintenance ? "info" : e.severity);

/** The worst severity of some episodes; null if there are none. */
export const worstOf = (episodes) => episodes.reduce((w, e) => (w && atLeast(w, e.severity) ? w : e.severity), null);

/** How a stream is: its level, the one group it is in, whether it is watched, and in words. */
export function judge(stream, age) {
  const worst = worstOf(stream.open.filter((e) => !e.maintenance));
  const lost = ["waiting", "refused", "quarantined", "unwatched"].includes(stream.state);
  const stale = stream.state === "watching" && age > SILENT;
  const waiting = stream.state === "connecting" || stream.state === "pending";
  const silent = lost || stale || waiting;
  let level = worst ?? "ok";
  if ((lost || stale) && rank("lost") < rank(level)) level = "lost";
  else if (waiting && rank("waiting") < rank(level)) level = "waiting";
  else if (stream.state === "over" && level === "ok") level = "over";
  const group = silent ? "lost" : worst && atLeast(worst, "error") ? "broken" : worst === "warning" ? "warned" : "fine";
  const text = stale ? `no result for ${span(age)}` : stateText(stream);
  return { level, rank: rank(level), group, text, silent };
}

const STATES = {
  pending: "not started yet", connecting: "connecting", watching: "watched", waiting: "lost, trying again",
  over: "watched to its end", refused: "not watched: too much for this machine", quarantined: "not watched",
  unwatched: "not watched",
};

function stateText(stream) {
  const state = STATES[stream.state] ?? stream.state;
  return stream.reason ? `${state}: ${stream.reason}` : state;
}
