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
