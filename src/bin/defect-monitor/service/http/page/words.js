// SPDX-License-Identifier: MPL-2.0
// What things are called by people. Kinds, their details and measures come from the server, which knows all of them.

import { moment } from "./times.js";

let known = { kinds: {}, detectors: {} };

/** Asks the server for its words; until they are here, its own names do. */
export async function loadWords() {
  try {
    const answer = await fetch("api/v1/words", { signal: AbortSignal.timeout(10000) });
    if (answer.ok) known = await answer.json();
  } catch {
    // The poll tells when the server is gone.
  }
}

/** A name of the program, at least without hyphens. */
export function plain(name) {
  const text = name.replaceAll("-", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A kind of defect. */
export const kindName = (kind) => known.kinds[kind]?.name ?? plain(kind);

/** All kinds that there are, by their names. */
export const kinds = () => Object.entries(known.kinds).map(([kind, { name }]) => [kind, name]).sort((a, b) => a[1].localeCompare(b[1]));

/** What a kind means, and what usually causes it. */
export const meaning = (kind) => known.kinds[kind] ?? null;

/** What the detail of an episode means. */
export const detailText = (e) => (e.detail ? known.kinds[e.kind]?.details[e.detail] ?? plain(e.detail).toLowerCase() : "");

/** An episode: its kind, and the detail where it has one. */
export const defectText = (e) => [kindName(e.kind), detailText(e)].filter(Boolean).join(": ");

/** Who said something, and the word that was left with it. */
export const byText = ({ who, word }) => (word ? `${who}: “${word}”` : who);

/** Who has a defect, since when, and the word that was left. */
export const ownerText = ({ who, word, time }) => `${who} has it since ${moment(time)}${word ? `: “${word}”` : ""}`;

/** What a detector looks for. */
export function detectorName(detector) {
  const found = known.detectors[detector]?.kinds ?? [];
  return found.length ? found.map(kindName).join(", ") : plain(detector.replace(/detect$/, ""));
}

/** What a measure of a detector is; one of each channel says which. */
export function measureText(detector, name) {
  const all = known.detectors[detector]?.measures ?? {};
  if (name in all) return all[name];
  const [, base, channel] = name.match(/^(.*)-(\d+)$/) ?? [];
  return base in all ? `${all[base]}, channel ${Number(channel) + 1}` : plain(name).toLowerCase();
}

/** A picture or sound of a stream. */
export function trackName(track) {
  if (!track) return "";
  const [medium, number] = track.split("-");
  const name = { video: "Picture", audio: "Sound" }[medium] ?? plain(medium);
  return Number(number) ? `${name} ${Number(number) + 1}` : name;
}

const CODECS = {
  h264: "H.264", h265: "H.265", mpeg2: "MPEG-2", vp8: "VP8", vp9: "VP9", av1: "AV1",
  aac: "AAC", ac3: "AC-3", eac3: "E-AC-3", mp2: "MP2", opus: "Opus",
};

/** What flows in a track: `h264 1920x1080 25/1` is 1920×1080, 25 a second. */
export const formatText = (what) => what
  .replace(/^\w+/, (codec) => CODECS[codec] ?? codec)
  .replace(/(\d+)x(\d+)/, "$1×$2")
  .replace(/ (\d+)\/(\d+)/, (_, n, d) => `, ${Number((n / d).toFixed(2))} pictures a second`);

/** A part of the monitor. */
export function partName(name) {
  const receiver = name.match(/^alerts: (.*)$/)?.[1];
  if (receiver) return `Alarms to ${receiver}`;
  const names = {
    results: "Storing results", state: "Keeping the history", capacity: "Power of this machine",
    workers: "Watching", configuration: "Configuration",
  };
  return names[name] ?? plain(name);
}

/** A number with a true minus sign. */
export const number = (value, digits = 1) => value.toFixed(digits).replace("-", "−");

/** A measured value of an episode and its limit, with the unit. */
export function valueText(e) {
  if (e.value === null || e.value === undefined) return "";
  const unit = known.kinds[e.kind]?.unit ?? "";
  const with_ = (v) => `${Math.abs(v) >= 100 ? number(v, 0) : number(v, 2)}${unit ? ` ${unit}` : ""}`;
  return `${with_(e.value)}, limit ${with_(e.threshold)}`;
}
