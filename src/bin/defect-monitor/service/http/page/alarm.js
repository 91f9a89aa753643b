// SPDX-License-Identifier: MPL-2.0
// The audible alarm. It rings for what is new, and again until somebody has it. It says whether it can be heard, not whether it was
// asked for: a browser may have silenced it.

import { say } from "./dom.js";
import { atLeast } from "./levels.js";
import { clock } from "./times.js";

/** Pairs of frequency in Hz and length in s. */
const TUNES = {
  info: [[660, 0.15]],
  warning: [[660, 0.15], [880, 0.2]],
  error: [[880, 0.18], [660, 0.18], [880, 0.18], [660, 0.25]],
  critical: [[988, 0.15], [740, 0.15], [988, 0.15], [740, 0.15], [988, 0.15], [740, 0.3]],
  gone: [[440, 0.3], [330, 0.3], [220, 0.6]],
};
const WISH = "alarm";
const FROM = "alarm-from";
const EVERY = "alarm-every";

export class Alarm {
  constructor() {
    this.button = document.getElementById("alarm");
    this.from = document.getElementById("alarm-from");
    this.last = document.getElementById("alarm-last");
    this.blocked = document.getElementById("alarm-blocked");
    this.wanted = false;
    this.context = null;
    this.rang = 0;
    // Any click or key wakes it, once it was wanted.
    for (const kind of ["pointerdown", "keydown"]) {
      document.addEventListener(kind, () => this.wanted && !this.heard && this.want(true, false));
    }
    this.from.value = localStorage.getItem(FROM) ?? "warning";
    this.from.addEventListener("change", () => localStorage.setItem(FROM, this.from.value));
    this.every = document.getElementById("alarm-every");
    this.every.value = localStorage.getItem(EVERY) ?? "60";
    this.every.addEventListener("change", () => localStorage.setItem(EVERY, this.every.value));
    this.button.addEventListener("click", () => this.want(!this.wanted));
    document.getElementById("alarm-again").addEventListener("click", () => this.want(true));
    document.getElementById("alarm-test").addEventListener("click", () => this.test());
    if (localStorage.getItem(WISH) === "on") this.want(true, false);
    this.show();
  }

  get heard() {
    return this.wanted && this.context?.state === "running";
  }

  async want(on, audible = true) {
    this.wanted = on;
    localStorage.setItem(WISH, on ? "on" : "off");
    if (on) await this.open();
    if (on && audible && this.heard) this.play("info");
    this.show();
  }

  /** Sounds as an error does, whether or not the alarm is on. */
  async test() {
    await this.open();
    const running = this.context.state === "running";
    if (running) this.play("error");
    const on = this.wanted ? "" : "; the alarm is off";
    this.note(running ? `tested ${clock(Date.now())}${on}` : "this browser gives no sound");
    this.show();
  }

  /** New defects, as severity and text: rings once, for the worst. */
  defects(all) {
    this.ringFor(all, "");
  }

  /** What lasts and nobody has, as severity and text: rings for the worst when it is time. */
  remind(all) {
    const every = Number(this.every.value) * 1000;
    if (every && Date.now() - this.rang >= every) this.ringFor(all, "still ");
  }

  ringFor(all, how) {
    const loud = all.filter((d) => atLeast(d.severity, this.from.value));
    if (!loud.length) return;
    const worst = loud.reduce((w, d) => (atLeast(d.severity, w.severity) ? d : w));
    const more = loud.length > 1 ? ` and ${loud.length - 1} more` : "";
    this.ring(TUNES[worst.severity] ? worst.severity : "error", how + worst.text + more);
  }

  /** The server doesn't answer: rings again and again. */
  gone() {
    if (Date.now() - this.rang >= 10000) this.ring("gone", "no answer from the monitor");
  }

  ring(tune, text) {
    if (!this.wanted) return;
    this.rang = Date.now();
    if (this.heard) this.play(tune);
    this.note(`${this.heard ? "rang" : "not heard"} ${clock(this.rang)} ${text}`);
    this.show();
  }

  note(text) {
    say(this.last, text);
    this.last.title = text;
  }

  async open() {
    if (!this.context) {
      const Context = window.AudioContext ?? window.webkitAudioContext;
      if (!Context) return;
      this.context = new Context();
      this.context.addEventListener("statechange", () => this.show());
    }
    // Without a click before, this never comes to an end.
    await Promise.race([this.context.resume(), new Promise((done) => setTimeout(done, 500))]);
  }

  play(tune) {
    let at = this.context.currentTime + 0.02;
    for (const [frequency, length] of TUNES[tune]) {
      const tone = this.context.createOscillator();
      const volume = this.context.createGain();
      tone.type = "square";
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0.0001, at);
      volume.gain.exponentialRampToValueAtTime(0.25, at + 0.01);
      volume.gain.setValueAtTime(0.25, at + length - 0.03);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + length);
      tone.connect(volume).connect(this.context.destination);
      tone.start(at);
      tone.stop(at + length);
      at += length;
    }
  }

  show() {
    const blocked = this.wanted && !this.heard;
    say(this.button, blocked ? "Alarm silenced" : this.wanted ? "Alarm on" : "Alarm off");
    this.button.setAttribute("aria-pressed", String(this.wanted));
    this.button.dataset.state = blocked ? "blocked" : this.wanted ? "on" : "off";
    this.blocked.hidden = !blocked;
  }
}
