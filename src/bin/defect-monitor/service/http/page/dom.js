// SPDX-License-Identifier: MPL-2.0
// Elements of the page. Texts are texts, never markup.

import { SIGNS } from "./levels.js";

export const get = (id) => document.getElementById(id);

/** An element with attributes and children; children that are null are left out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined));
  return node;
}

/** A button. */
export function button(text, press, attributes = {}) {
  const node = el("button", { type: "button", ...attributes, text });
  node.addEventListener("click", press);
  return node;
}

/** Writes only what has changed: untouched text costs no layout. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** The sign of a level, for the eye; what it says is in words beside it. */
export const sign = (level) => el("i", { class: "sign", "data-level": level, "aria-hidden": "true", text: SIGNS[level] });

/** A table. */
export function table(caption, heads, rows) {
  return el("div", { class: "table" }, el("table", {}, el("caption", { text: caption }),
    el("thead", {}, el("tr", {}, heads.map((h) => el("th", { scope: "col", text: h })))),
    el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((c) => el("td", {}, c)))))));
}

/** The head of a dialog, with a button that closes it. */
export function titleOf(dialog, id, text) {
  const close = button("✕", () => dialog.close(), { class: "close", "aria-label": "Close" });
  return el("div", { class: "title" }, el("h2", { id, text }), close);
}

/** A click beside a dialog closes it. */
export function closeBeside(dialog) {
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}
