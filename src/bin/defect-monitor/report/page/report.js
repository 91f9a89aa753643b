// SPDX-License-Identifier: MPL-2.0
// Builds the page from the data in it.
"use strict";

const report = JSON.parse(document.getElementById("data").textContent);
const timelines = [];

/** The verdict in words, with a sign that needs no colour. */
function verdict(file) {
  if (file.verdict === "failed") return `✗ Not played to its end${file.defects.length ? `, ${count(file)}` : ""}`;
  return file.verdict === "clean" ? "✓ No defects" : `✗ ${count(file)}`;
}

function count(file) {
  const total = file.defects.length + file["omitted-defects"];
  const parts = SEVERITIES.map((s) => [s, file.defects.filter((d) => d.severity === s).length]).filter(([, n]) => n);
  return `${total} ${total === 1 ? "defect" : "defects"}: ${parts.map(([s, n]) => `${n} ${s}`).join(", ")}`;
}

function overview(files) {
  const rows = files.map((file, n) => make("tr", {},
    make("td", {}, make("a", { href: `#file-${n}` }, file.name)), make("td", {}, verdict(file)), make("td", {}, clock(file.duration))));
  const bad = files.filter((f) => f.verdict !== "clean").length;
  return make("section", {}, make("h2", {}, `${files.length} files: ${bad} with findings, ${files.length - bad} without`),
    make("table", {}, make("tr", {}, ...["File", "Verdict", "Length"].map((t) => make("th", { scope: "col" }, t))), ...rows));
}

function section(file, n) {
  const tracks = file.tracks.map((t) =>
    `${t.name}: ${t.format}${t.codec ? `, ${t.codec}` : ""}, ${clock(t.duration)}, by ${t.detectors.length} detectors`);
  const place = make("section", { class: "file", id: `file-${n}` },
    make("h2", {}, file.name), make("p", { class: "verdict" }, verdict(file)),
    make("p", { class: "facts" }, `${clock(file.duration)} long, analysed in ${file.took.toFixed(1)} s`),
    ...tracks.map((t) => make("p", { class: "facts" }, t)),
    ...file.problems.map((text) => make("p", {}, `⚠ ${text}`)));
  if (!file.tracks.length) return place;
  const timeline = new Timeline(file, (index) => {
    const card = document.getElementById(`defect-${n}-${index}`);
    card.scrollIntoView({ block: "start" });
    card.focus({ preventScroll: true });
  });
  timelines.push(timeline);
  place.append(make("h3", {}, "Time line"), timeline.element);
  if (file.defects.length) {
    place.append(make("h3", {}, "Defects"), ...file.defects.map((d, index) => card(d, index, n, timeline)));
  }
  if (file["omitted-defects"]) place.append(make("p", {}, `${file["omitted-defects"]} further defects aren't listed.`));
  return place;
}

function card(defect, index, n, timeline) {
  const ended = defect.reason && defect.reason !== "cleared" ? `, ended by ${defect.reason}` : "";
  const often = defect.count > 1 ? `, ${defect.count} times` : "";
  const facts = [
    ["From", `${clock(defect.start)} (${measure(defect.start, "s")})${defect.timecode ? `, timecode ${defect.timecode}` : ""}`],
    ["To", `${clock(defect.end)}, lasted ${measure(defect.end - defect.start, "s")}${ended}`],
    ["Where", `${defect.track}${channel(defect)}${area(defect)}`],
    ["Value", `${measure(defect.value, defect.unit)}, limit ${measure(defect.threshold, defect.unit)}${often}`],
    ["Confidence", `${Math.round(defect.confidence * 100)} %`],
    ["Meaning", report.kinds[defect.kind].meaning],
    ["Usual cause", report.kinds[defect.kind].cause],
  ];
  const showInTimeline = () => {
    timeline.pick(index, false);
    timeline.element.scrollIntoView();
    timeline.element.focus({ preventScroll: true });
  };
  return make("article", { class: "defect", id: `defect-${n}-${index}`, tabindex: "-1" },
    make("h4", {}, `${index + 1}. ${kindOf(defect)}: ${defect.severity}, ${clock(defect.start)} `,
      make("button", { type: "button", class: "skip", onclick: showInTimeline }, "Show in the time line")),
    make("dl", {}, ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
    make("div", { class: "evidence" },
      picture(defect, defect["start-picture"], "At its start"),
      picture(defect, defect["worst-picture"], "At its worst"),
      ...(defect.sound ? [waveform(defect), spectrum(defect.sound)] : [])));
}

function channel(defect) {
  if (defect.channel === undefined || defect.channel === null) return "";
  return defect.channel < 0 ? ", all channels" : `, channel ${defect.channel} (counted from 0)`;
}

function area(defect) {
  if (!defect.area) return "";
  const [x, y, width, height] = defect.area;
  return `, area of ${width}x${height} pixels at ${x}, ${y}`;
}

function picture(defect, shot, words) {
  if (!shot) return null;
  const place = make("div", { class: "picture" }, make("img", { src: shot.image, alt: `${words}: picture at ${clock(shot.time)}` }));
  const [width, height] = shot.frame;
  if (defect.area && width && height) {
    const [x, y, w, h] = defect.area;
    const percent = (part, whole) => `${(part / whole) * 100}%`;
    const box = make("div", { class: "area" });
    Object.assign(box.style, { left: percent(x, width), top: percent(y, height), width: percent(w, width), height: percent(h, height) });
    place.append(box);
  }
  return make("figure", {}, place, make("figcaption", {}, `${words}: ${clock(shot.time)}`));
}

/** A drawing of 460x150 with axes. */
function drawing(words, paths, labels) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 460 150");
  svg.setAttribute("width", "460");
  svg.setAttribute("height", "150");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", words);
  for (const [d, style] of paths) {
    const path = document.createElementNS(svg.namespaceURI, "path");
    path.setAttribute("d", d);
    path.setAttribute("style", style);
    svg.append(path);
  }
  for (const [x, y, text, anchor] of labels) {
    const label = document.createElementNS(svg.namespaceURI, "text");
    label.setAttribute("x", x);
    label.setAttribute("y", y);
    label.setAttribute("text-anchor", anchor || "start");
    label.textContent = text;
    svg.append(label);
  }
  return make("figure", {}, svg, make("figcaption", {}, words));
}

function waveform(defect) {
  const { from, to, waves } = defect.sound;
  const height = 124 / waves.length;
  // As large as it is, so that faint defects are visible; the label says how large.
  const peak = Math.max(1e-4, ...waves.flatMap((w) => [...w.low, ...w.high].map(Math.abs)));
  const paths = [], labels = [];
  waves.forEach((wave, row) => {
    const middle = 4 + height * (row + 0.5);
    const points = wave.low.length;
    const x = (n) => (4 + (452 * n) / Math.max(1, points - 1)).toFixed(1);
    const y = (v) => (middle - (v / peak) * (height / 2 - 2)).toFixed(1);
    const upper = wave.high.map((v, n) => `${x(n)},${y(v)}`).join("L");
    const lower = wave.low.map((v, n) => `${x(n)},${y(v)}`).reverse().join("L");
    paths.push([`M${upper}L${lower}Z`, "fill:#0072b2;stroke:#0072b2;stroke-width:.7"]);
    labels.push([8, middle - height / 2 + 12, `channel ${wave.channel}`]);
  });
  const start = 4 + (452 * (defect.start - from)) / (to - from);
  if (start >= 4) paths.push([`M${start},2V130`, "stroke:#000;stroke-dasharray:3 3"]);
  labels.push([4, 145, clock(from)], [456, 145, clock(to), "end"], [start < 400 ? Math.max(4, start) + 4 : 396, 128, "start"]);
  return drawing(`Waveform from ${clock(from)} to ${clock(to)}, full height is ${measure(20 * Math.log10(peak), "dBFS")}`, paths, labels);
}

function spectrum({ frequencies, levels }) {
  if (!frequencies.length) return null;
  const [first, last] = [20, frequencies[frequencies.length - 1]];
  const x = (f) => 30 + (426 * Math.log(f / first)) / Math.log(last / first);
  const y = (level) => 4 + (Math.min(0, Math.max(-120, level)) / -120) * 126;
  const line = frequencies.map((f, n) => `${x(Math.max(first, f)).toFixed(1)},${y(levels[n]).toFixed(1)}`).join("L");
  const marks = [50, 200, 1000, 5000, 20000].filter((f) => f <= last);
  const grid = [
    [`M${marks.map((f) => `${x(f)},4V130`).join("M")}`, "stroke:#c8c8c8;fill:none"],
    [`M30,${y(-40)}H456M30,${y(-80)}H456`, "stroke:#c8c8c8;fill:none"],
  ];
  const labels = [
    ...marks.map((f) => [x(f), 145, f < 1000 ? `${f} Hz` : `${f / 1000} kHz`, f > 10000 ? "end" : "middle"]),
    [28, 12, "0", "end"],
    [28, y(-40) + 4, "-40", "end"],
    [28, y(-80) + 4, "-80", "end"],
  ];
  const curve = [`M${line}`, "stroke:#d55e00;fill:none;stroke-width:1.5"];
  return drawing("Spectrum of the defect: level by frequency, dBFS", [...grid, curve], labels);
}

function settings() {
  const row = (s) => make("tr", {},
    make("td", {}, s.element),
    make("td", {}, s.property),
    make("td", {}, s["is-changed"] ? make("strong", {}, `${s.value} (changed)`) : s.value),
    make("td", {}, s.meaning));
  const head = make("tr", {}, ...["Element", "Property", "Value", "Meaning"].map((t) => make("th", { scope: "col" }, t)));
  const changed = report.settings.filter((s) => s["is-changed"]).map((s) => `${s.element} ${s.property}=${s.value}`);
  return [
    make("h2", {}, "Settings"),
    make("p", {}, changed.length ? `Changed: ${changed.join(", ")}` : "All detectors had their default settings."),
    make("details", {},
      make("summary", {}, `All ${report.settings.length} settings`),
      make("table", {}, head, ...report.settings.map(row))),
  ];
}

function build() {
  const { files } = report;
  document.title = files.length === 1 ? `Defect report: ${files[0].name}` : `Defect report: ${files.length} files`;
  document.getElementById("made").textContent =
    `Made by ${report.program}, ${report.created}. Severities: C critical, E error, W warning, I info.`;
  const main = document.getElementById("files");
  main.replaceChildren(...(files.length > 1 ? [overview(files)] : []), ...files.map(section));
  const omitted = report["omitted-pictures"];
  if (omitted) main.append(make("p", { class: "note" }, `${omitted} pictures were left out to keep the page small.`));
  document.getElementById("settings").replaceChildren(...settings());
  // Charts are drawn when they come into view: many files would take long at once.
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((e) => e.isIntersecting)) timelines.find((t) => t.element === entry.target).draw();
  }, { rootMargin: "400px" });
  for (const timeline of timelines) seen.observe(timeline.element);
  addEventListener("resize", () => timelines.forEach((t) => t.layout()));
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((d) => { d.open = true; });
    timelines.forEach((t) => { t.draw(); t.layout(); });
  });
  timelines.forEach((t) => t.layout());
}
build();
