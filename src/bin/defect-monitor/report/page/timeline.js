// SPDX-License-Identifier: MPL-2.0
// The time line of one file: thumbnails, defects, and strips of measurements with one cursor and one zoom.
"use strict";

// Distinct for colour-blind people (Okabe and Ito), and with dashes so that colour isn't needed.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000", "#e69f00", "#56b4e9", "#8a7a00"];
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 2], [1, 2], [12, 6], [6, 2, 2, 2]];
const CHART_HEIGHT = 126;

class Timeline {
  constructor(file, choose) {
    this.file = file;
    this.choose = choose;
    this.length = Math.max(file.duration, ...file.defects.map((d) => d.end), 0.1);
    this.from = 0;
    this.to = this.length;
    this.at = 0;
    this.chosen = -1;
    this.charts = [];
    this.lines = [];
    this.bars = [];
    this.element = make("div", {
      class: "timeline", tabindex: "0", role: "group",
      "aria-label": `Time line of ${file.name}. Left and right move the cursor, plus and minus zoom, 0 shows all, ` +
        "n and p choose the next and the previous defect, Enter shows it.",
      onkeydown: (event) => this.key(event),
    });
    this.output = make("output", { "aria-live": "polite" });
    this.element.append(this.tools());
    if (file.thumbnails.length) this.element.append(this.thumbnails());
    this.element.append(...this.lanes());
    this.places = file.strips.map((strip) => {
      const place = make("div", { class: "chart" });
      const title = `${strip.title}${strip.unit ? `, ${strip.unit}` : ""} (${strip.track})`;
      this.element.append(make("p", { class: "chart-title" }, title), place);
      return place;
    });
    this.layout();
  }

  tools() {
    const button = (text, label, action) => make("button", { type: "button", "aria-label": label, title: label, onclick: action }, text);
    return make("div", { class: "tools" },
      button("+", "Zoom in", () => this.zoom(0.5)),
      button("−", "Zoom out", () => this.zoom(2)),
      button("All", "Show the whole file", () => this.show(0, this.length)),
      button("◀", "Earlier", () => this.pan(-0.5)),
      button("▶", "Later", () => this.pan(0.5)),
      button("Previous defect", "Previous defect (p)", () => this.step(-1)),
      button("Next defect", "Next defect (n)", () => this.step(1)),
      this.output);
  }

  thumbnails() {
    this.strip = make("div", { class: "plot thumbnails" });
    this.strip.append(this.cursor());
    this.images = this.file.thumbnails.map((picture) => make("img", { src: picture.image, alt: `Picture at ${clock(picture.time)}` }));
    return this.strip;
  }

  cursor() {
    const line = make("div", { class: "line" });
    this.lines.push(line);
    return line;
  }

  lanes() {
    const kinds = [...new Set(this.file.defects.map((d) => d.kind))];
    return kinds.flatMap((kind) => {
      const lane = make("div", { class: "plot lane" });
      this.file.defects.forEach((defect, index) => {
        if (defect.kind !== kind) return;
        const times = `${clock(defect.start)} to ${clock(defect.end)}`;
        const words = `${index + 1}. ${kindOf(defect)}, ${defect.severity}, ${times}, ${defect.track}`;
        const bar = make("button", {
          type: "button", class: `bar ${defect.severity}`, title: words, "aria-label": words,
          onclick: () => this.pick(index, true),
        }, make("b", {}, `${index + 1}${defect.severity[0].toUpperCase()}`));
        this.bars[index] = bar;
        lane.append(bar);
      });
      lane.append(this.cursor());
      return [make("p", { class: "lane-label" }, kind), lane];
    });
  }

  /** Makes the charts, once there is room for them. */
  draw() {
    if (this.charts.length) return;
    this.charts = this.file.strips.map((strip, index) => {
      const chart = new uPlot(this.options(strip), this.data(strip), this.places[index]);
      chart.over.addEventListener("pointermove", (event) => {
        this.move(chart.posToVal(event.clientX - chart.over.getBoundingClientRect().left, "x"), chart);
      });
      return chart;
    });
    this.layout();
  }

  data(strip) {
    const [low, high] = strip.range || [-Infinity, Infinity];
    const within = (v) => (v === null ? null : Math.min(high, Math.max(low, v)));
    return [strip.times, ...strip.lines.map((line) => line.values.map(within))];
  }

  options(strip) {
    const axis = parseInt(getComputedStyle(document.documentElement).getPropertyValue("--axis"), 10);
    return {
      width: Math.max(200, this.element.clientWidth), height: CHART_HEIGHT,
      cursor: { drag: { x: true, y: false, setScale: false }, y: false },
      legend: { live: true },
      scales: { x: { time: false, range: () => [this.from, this.to] }, y: strip.range ? { range: strip.range } : {} },
      padding: [6, 28, 0, 0],
      axes: [
        { values: (u, ticks) => timeLabels(ticks), incrs: STEPS, space: 80, size: 30, font: "11px system-ui" },
        { size: axis, font: "11px system-ui", space: 22 },
      ],
      series: [
        { label: "Time", value: (u, v) => (v === null ? "none" : clock(v)) },
        ...strip.lines.map((line, n) => ({
          label: line.label, stroke: COLOURS[n % COLOURS.length], dash: DASHES[n % DASHES.length], width: 1.5,
          points: { show: strip.times.length === 1 },
          // As it was measured, also beyond the axis.
          value: (u, v, series, at) => measure(at === null || at === undefined ? null : line.values[at], strip.unit),
        })),
      ],
      hooks: {
        draw: [(u) => this.limits(u, strip)],
        setSelect: [(u) => {
          if (u.select.width > 4) this.show(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
          u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        }],
      },
    };
  }

  limits(u, strip) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.setLineDash([3, 3]);
    ctx.strokeStyle = ctx.fillStyle = "#000";
    ctx.font = `${11 * devicePixelRatio}px system-ui`;
    ctx.textAlign = "left";
    for (const limit of strip.limits) {
      const y = u.valToPos(limit.value, "y", true);
      if (!(y >= bbox.top && y <= bbox.top + bbox.height)) continue;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      // Above the line, or below it where there is no room.
      const fits = y - 14 * devicePixelRatio >= bbox.top;
      ctx.textBaseline = fits ? "bottom" : "top";
      ctx.fillText(`${limit.label} ${measure(limit.value, strip.unit)}`, bbox.left + 4, fits ? y - 2 : y + 2);
    }
    ctx.restore();
  }

  show(from, to) {
    const span = Math.min(this.length, Math.max(0.2, to - from));
    this.from = Math.min(Math.max(0, from), this.length - span);
    this.to = this.from + span;
    this.layout();
  }

  zoom(factor) {
    const span = (this.to - this.from) * factor;
    this.show(this.at - span / 2, this.at + span / 2);
  }

  pan(share) {
    const by = (this.to - this.from) * share;
    this.show(this.from + by, this.to + by);
  }

  move(at, origin) {
    this.at = Math.min(this.length, Math.max(0, at));
    for (const chart of this.charts) {
      if (chart !== origin) chart.setCursor({ left: chart.valToPos(this.at, "x"), top: 0 });
    }
    this.mark();
  }

  mark() {
    const share = (this.at - this.from) / (this.to - this.from);
    for (const line of this.lines) {
      line.style.left = `${share * 100}%`;
      line.hidden = share < 0 || share > 1;
    }
    const open = this.file.defects.filter((d) => d.start <= this.at && this.at <= d.end).map(kindOf);
    this.output.textContent = `${clock(this.at)}${open.length ? `: ${[...new Set(open)].join(", ")}` : ""}`;
  }

  layout() {
    const percent = (time) => ((time - this.from) / (this.to - this.from)) * 100;
    this.bars.forEach((bar, index) => {
      const { start, end } = this.file.defects[index];
      bar.style.left = `${percent(start)}%`;
      bar.style.width = `${percent(end) - percent(start)}%`;
      bar.hidden = end < this.from || start > this.to;
      bar.classList.toggle("is-chosen", index === this.chosen);
    });
    if (this.strip) this.placeImages(percent);
    const width = Math.max(200, this.element.clientWidth);
    for (const chart of this.charts) {
      if (chart.width !== width) chart.setSize({ width, height: CHART_HEIGHT });
      chart.redraw(true, true);
      chart.setScale("x", { min: this.from, max: this.to });
    }
    this.mark();
    // The charts take over their scales a moment later.
    requestAnimationFrame(() => this.move(this.at));
  }

  placeImages(percent) {
    const room = this.strip.clientWidth || 1000;
    let free = -1;
    this.images.forEach((image, index) => {
      const left = (percent(this.file.thumbnails[index].time) / 100) * room;
      const fits = left >= free && left > -128 && left < room;
      if (fits) {
        free = left + 128;
        image.style.left = `${left}px`;
        if (!image.parentNode) this.strip.prepend(image);
      } else {
        image.remove();
      }
    });
  }

  step(by) {
    const { defects } = this.file;
    if (!defects.length) return;
    let next = this.chosen + by;
    if (this.chosen < 0) next = by > 0 ? defects.findIndex((d) => d.start >= this.at) : defects.length - 1;
    this.pick((next + defects.length) % defects.length, false);
  }

  pick(index, jump) {
    const defect = this.file.defects[index];
    this.chosen = index;
    const half = (this.to - this.from) / 2;
    if (defect.start < this.from || defect.start > this.to) this.show(defect.start - half, defect.start + half);
    this.move(defect.start);
    this.layout();
    if (jump) this.choose(index);
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = (this.to - this.from) / (event.shiftKey ? 10 : 100);
    const actions = {
      ArrowLeft: () => this.move(this.at - step), ArrowRight: () => this.move(this.at + step),
      Home: () => this.move(this.from), End: () => this.move(this.to),
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), 0: () => this.show(0, this.length),
      n: () => this.step(1), p: () => this.step(-1),
      Enter: event.target === this.element && this.chosen >= 0 ? () => this.choose(this.chosen) : null,
    };
    const action = actions[event.key];
    if (!action) return;
    action();
    event.preventDefault();
  }
}
