// SPDX-License-Identifier: MPL-2.0
// Times and lengths, as people write them.

const two = (n) => String(n).padStart(2, "0");

/** A length of time in seconds, short. */
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  if (s < 86400) return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

/** The same of something that is over and may have been shorter than a second. */
export const lasted = (seconds) => (seconds < 1 ? "under 1 s" : span(seconds));

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
export const moment = (time) => `${new Date(time).toLocaleDateString([], { day: "numeric", month: "short" })}, ${clock(time)}`;

/** When an episode that is over ended, in ms. */
export const endOf = (e) => Date.parse(e.time) + e.duration / 1e6;

/** The name of the browser's time zone. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A day as forms and the API write it. */
export function dayOf(time) {
  const date = new Date(time);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The day so many after another. */
export function dayAfter(day, days) {
  const date = new Date(`${day}T12:00`);
  date.setDate(date.getDate() + days);
  return dayOf(date);
}
