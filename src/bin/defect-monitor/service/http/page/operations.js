// SPDX-License-Identifier: MPL-2.0
// What operators say: who has a defect, and what is muted. Names and tokens are asked for once.

import { button, closeBeside, el, get, say, titleOf } from "./dom.js";
import { moment } from "./times.js";
import { byText, kindName } from "./words.js";

const NAME = "operator";
/** Forgotten when the browser is closed. */
const TOKEN = "token";

export class Operations {
  /** `changed` is told when something was said here. */
  constructor(changed) {
    this.changed = changed;
    this.acknowledged = {};
    this.mutes = [];
    this.dialog = get("ask");
    closeBeside(this.dialog);
    closeBeside(get("mutes"));
  }

  /** As the server has it. */
  update({ acknowledged, mutes }) {
    this.acknowledged = acknowledged;
    this.mutes = mutes;
    say(get("count-mutes"), String(mutes.length));
    if (get("mutes").open) this.listMutes();
  }

  /** Who has an episode: name, word and time. */
  owner(episode) {
    return this.acknowledged[episode] ?? null;
  }

  /** The mute of a kind of a stream; without a kind that of all of the stream. */
  mute(stream, kind) {
    return this.mutes.find((m) => (!m.stream || m.stream === stream) && (!m.kind || m.kind === kind)) ?? null;
  }

  /** Asks who takes care of a stream's defects. */
  take(stream, episodes) {
    const names = [...new Set(episodes.map((e) => kindName(e.kind)))].join(", ");
    const word = el("input", { name: "word", maxlength: "300", autocomplete: "off", placeholder: "e.g. called the encoder room" });
    this.ask(`${stream}: ${names}`, "I have it", [label("What you do about it, if you like", word)], async (who) => {
      for (const { episode } of episodes) {
        const path = `api/v1/episodes/${encodeURIComponent(episode)}/acknowledge`;
        const answer = await this.send("POST", path, { who, word: word.value.trim() });
        this.acknowledged[episode] = answer;
      }
    });
  }

  /** Asks what is to be muted, and for how long. */
  askMute(stream, episodes) {
    const kinds = [...new Set(episodes.map((e) => e.kind))];
    const what = el("select", { name: "what" },
      kinds.map((kind, i) => el("option", { value: `k${i}`, text: `${kindName(kind)} of ${stream}` })),
      el("option", { value: "stream", text: `everything of ${stream}` }),
      kinds.map((kind, i) => el("option", { value: `a${i}`, text: `${kindName(kind)} of all streams` })));
    const minutes = el("select", { name: "minutes" }, [[15, "15 minutes"], [60, "an hour"], [240, "4 hours"], [1440, "a day"]]
      .map(([value, text]) => el("option", { value, text, selected: value === 60 ? "" : null })));
    const word = el("input", { name: "word", maxlength: "300", autocomplete: "off", placeholder: "e.g. line check" });
    const fields = [label("What", what), label("For how long", minutes), label("Why, if you like", word)];
    this.ask(`Mute ${stream}: nobody is alarmed`, "Mute", fields, async (who) => {
      const kind = kinds[Number(what.value.slice(1))];
      const wanted = { stream: what.value.startsWith("a") ? undefined : stream, kind: what.value === "stream" ? undefined : kind };
      const mute = await this.send("POST", "api/v1/mutes", { ...wanted, minutes: Number(minutes.value), who, word: word.value.trim() });
      this.mutes.push(mute);
    });
  }

  /** Shows what is muted. */
  showMutes() {
    this.listMutes();
    get("mutes").showModal();
  }

  listMutes() {
    const dialog = get("mutes");
    const what = (m) => [m.kind ? kindName(m.kind) : "everything", m.stream ? `of ${m.stream}` : "of all streams"].join(" ");
    // What is the same isn't drawn again: a button that is being pressed would go.
    const drawn = JSON.stringify(this.mutes);
    if (dialog.dataset.drawn === drawn) return;
    dialog.dataset.drawn = drawn;
    const rows = this.mutes.map((m) => el("li", {}, el("b", { text: what(m) }),
      el("span", { text: `until ${moment(m.until)}, by ${byText(m)}` }),
      button("End", () => this.unmute(m.id))));
    dialog.replaceChildren(titleOf(dialog, "mutes-name", "Muted"),
      rows.length ? el("ul", { class: "mutes" }, rows) : el("p", { text: "Nothing is muted." }));
  }

  unmute(id) {
    const end = () => this.send("DELETE", `api/v1/mutes/${encodeURIComponent(id)}`).then(() => {
      this.mutes = this.mutes.filter((m) => m.id !== id);
      this.listMutes();
    });
    this.withToken("End the mute", end);
  }

  /** Does what may need a token; asks for it if it does. */
  async withToken(title, work) {
    try {
      await work();
      this.changed();
    } catch {
      this.ask(title, "Go on", [], work);
    }
  }

  /** Asks for the name, a token and more, and does what is asked for with them. */
  ask(title, verb, fields, work) {
    const who = el("input", { name: "who", required: "", maxlength: "100", autocomplete: "name", value: localStorage.getItem(NAME) ?? "" });
    const token = el("input", { name: "token", type: "password", autocomplete: "off", value: sessionStorage.getItem(TOKEN) ?? "" });
    const trouble = el("p", { class: "trouble", role: "alert" });
    const form = el("form", {}, label("Your name", who), fields,
      label("Operator's token, if the monitor wants one", token), trouble,
      el("div", { class: "bar" },
        el("button", { type: "submit", class: "main", text: verb }),
        button("Cancel", () => this.dialog.close())));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      localStorage.setItem(NAME, who.value.trim());
      sessionStorage.setItem(TOKEN, token.value);
      try {
        await work(who.value.trim());
        this.dialog.close();
        this.changed();
      } catch (error) {
        say(trouble, String(error.message || error));
      }
    });
    this.dialog.replaceChildren(titleOf(this.dialog, "ask-name", title), form);
    this.dialog.showModal();
    (who.value ? form.querySelector("[name=word], [name=what], [type=submit]") : who).focus();
  }

  /** Sends a request that changes something; gives the answer, or throws why not. */
  async send(method, path, body) {
    const token = sessionStorage.getItem(TOKEN);
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    if (body) headers["Content-Type"] = "application/json";
    // With a token of ours the browser needn't ask for a password of its own.
    const credentials = token ? "omit" : "same-origin";
    const answer = await fetch(path, {
      method, headers, credentials, body: body && JSON.stringify(body), signal: AbortSignal.timeout(10000),
    });
    const text = await answer.text();
    const value = text ? JSON.parse(text) : null;
    if (!answer.ok) throw new Error(value?.error ?? `the monitor answers ${answer.status}`);
    return value;
  }
}

const label = (text, field) => el("label", {}, el("span", { text }), field);
