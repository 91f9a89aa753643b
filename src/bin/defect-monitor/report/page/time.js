// SPDX-License-Identifier: MPL-2.0
// Times, numbers and elements of the page.
"use strict";

/** h:mm:ss.mmm */
function clock(seconds) {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const two = (n) => String(n).padStart(2, "0");
  const whole = Math.floor(ms / 1000);
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}.${String(ms % 1000).padStart(3, "0")}`;
}

/** Distances between marks of a time axis, in seconds. */
const STEPS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5,
  1, 2, 5, 10, 15, 30,
  60, 120, 300, 600, 900, 1800,
  3600, 7200, 14400, 28800, 86400,
];

/** Marks of a time axis: without fractions where all are whole seconds. */
function timeLabels(ticks) {
  const whole = ticks.every((t) => Number.isInteger(t));
  return ticks.map((t) => (whole ? clock(t).slice(0, -4) : clock(t)));
}

/** A number with three digits that count, and its unit. */
function measure(value, unit) {
  if (value === null || value === undefined) return "none";
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4;
  const text = String(Number(value.toFixed(digits)));
  return unit ? `${text} ${unit}` : text;
}

/** An element with attributes and children; texts stay texts. */
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const SEVERITIES = ["critical", "error", "warning", "info"];

/** Kind with its sub-kind. */
function kindOf(defect) {
  return defect.detail ? `${defect.kind} (${defect.detail})` : defect.kind;
}
