// Charts: rows of bars as lists that can be read aloud, and one curve. Built once, then only moved.

import { percent } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const CURVE = { width: 360, height: 190, left: 8, right: 8, top: 26, bottom: 30 };

/** An element with a class and a text, within another. */
export function put(parent, tag, name = "", text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  parent.append(made);
  return made;
}

/** Change a text only where it differs: what stays is not laid out again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function setClass(element, name) {
  if (element.className !== name) element.className = name;
}

/** Rows of bars in a list. Each row: its label, where its bar begins and ends, a text, and what kind it is. */
export class Bars {
  constructor(list) {
    this.list = list;
    this.rows = [];
  }

  draw(rows, low, high) {
    while (this.rows.length < rows.length) this.rows.push(this.made());
    this.rows.forEach((parts, k) => {
      parts.row.hidden = k >= rows.length;
      if (k < rows.length) this.move(parts, rows[k], low, high - low || 1);
    });
  }

  made() {
    const row = put(this.list, "li");
    const label = put(row, "span", "label");
    const track = put(row, "span", "track");
    track.ariaHidden = "true";
    return { row, label, zero: put(track, "i"), bar: put(track, "b"), value: put(row, "span", "value") };
  }

  move({ row, label, zero, bar, value }, { name, from, to, text, kind }, low, width) {
    say(label, name);
    say(value, text);
    setClass(row, kind);
    const place = (x) => (100 * (x - low)) / width;
    zero.style.left = `${place(0)}%`;
    bar.style.left = `${place(Math.min(from, to))}%`;
    bar.style.width = `${Math.max(place(Math.max(from, to)) - place(Math.min(from, to)), 0.6)}%`;
  }
}

function svg(parent, tag, attributes = {}) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent.append(made);
  return made;
}

/** PD along one input, with the cut-off's and where the record stands. */
export class Curve {
  constructor(place) {
    const { width, height } = CURVE;
    this.svg = svg(place, "svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
    const floor = height - CURVE.bottom;
    svg(this.svg, "line", { class: "axis", x1: CURVE.left, x2: width - CURVE.right, y1: floor, y2: floor });
    this.cut = svg(this.svg, "line", { class: "cut" });
    this.cutText = svg(this.svg, "text", { class: "cut-text" });
    this.line = svg(this.svg, "path", { class: "line" });
    this.dot = svg(this.svg, "circle", { r: 5, class: "dot" });
    this.dotText = svg(this.svg, "text", { class: "dot-text" });
    this.ends = ["start", "end"].map((anchor) => svg(this.svg, "text", { "text-anchor": anchor, class: "end" }));
  }

  /** `points` of x and pd; `at` the one of the record; `cutoff` the PD at the cut-off and its text; `ends` in words. */
  draw({ points, at, cutoff, ends, coded, ratio, words }) {
    const xs = points.map(({ x }, k) => this.across(coded ? k : x, points, coded, ratio));
    const top = Math.max(...points.map(({ pd }) => pd), cutoff.pd * 1.15, 0.02);
    const up = (pd) => CURVE.height - CURVE.bottom - (pd / top) * (CURVE.height - CURVE.bottom - CURVE.top);
    this.line.setAttribute("d", points.map(({ pd }, k) => lineTo(k, xs[k], up(pd), coded)).join(""));
    this.line.classList.toggle("coded", coded);
    const level = up(cutoff.pd);
    place(this.cut, { x1: CURVE.left, x2: CURVE.width - CURVE.right, y1: level, y2: level });
    const [dotX, dotY] = [xs[at], up(points[at].pd)];
    const left = dotX > CURVE.width / 2;
    const end = left ? CURVE.left : CURVE.width - CURVE.right;
    place(this.cutText, { x: end, y: level - 5, "text-anchor": left ? "start" : "end" });
    say(this.cutText, cutoff.text);
    place(this.dot, { cx: dotX, cy: dotY });
    const beside = left ? { x: dotX - 9, "text-anchor": "end" } : { x: dotX + 9, "text-anchor": "start" };
    place(this.dotText, { ...beside, y: Math.max(dotY - 9, 13) });
    say(this.dotText, percent(points[at].pd));
    this.ends.forEach((text, k) => {
      place(text, { x: k ? CURVE.width - CURVE.right : CURVE.left, y: CURVE.height - 8 });
      say(text, ends[k]);
    });
    this.svg.setAttribute("aria-label", words);
  }

  across(x, points, coded, ratio) {
    const scale = (value) => (ratio && !coded ? Math.log(value) : value);
    const [low, high] = coded ? [0, points.length - 1] : [points[0].x, points.at(-1).x];
    const share = high > low ? (scale(x) - scale(low)) / (scale(high) - scale(low)) : 0.5;
    return CURVE.left + 6 + share * (CURVE.width - CURVE.left - CURVE.right - 12);
  }
}

function place(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, typeof value === "number" ? value.toFixed(1) : value);
  }
}

/** A step of the curve; of codes a short stroke for each, as nothing lies between them. */
function lineTo(k, x, y, coded) {
  if (coded) return `M${(x - 3).toFixed(1)} ${y.toFixed(1)}h6`;
  return `${k ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
}
