// What is put in: levers, the record's fields by concept, assumptions. A control tells what it was put to, and is told
// where it stands; it decides nothing.

import { put, say } from "./drawing.js";
import { exactly, inUnit, lower } from "./words.js";

const NOTCHES = 1000; // of a slider that goes by ratios

/** A slider with steps to either side: for levers and assumptions. `shown` writes a value, `set` hears one. */
export class Slider {
  constructor(parent, part, { shown, set }) {
    this.part = part;
    this.shown = shown;
    const row = put(parent, "div", "slider");
    const label = put(row, "label");
    put(label, "span", "label", part.label);
    this.output = put(label, "output");
    const line = put(row, "div", "line");
    this.less = this.stepper(line, "−", -1, set);
    this.input = put(line, "input");
    this.input.type = "range";
    this.input.id = `slider-${part.name}`;
    label.htmlFor = this.input.id;
    const [min, max, step] = part.logarithmic ? [0, NOTCHES, 1] : [part.low, part.high, part.step];
    Object.assign(this.input, { min, max, step });
    this.more = this.stepper(line, "+", 1, set);
    this.input.addEventListener("input", () => set(this.read()));
  }

  stepper(line, sign, way, set) {
    const button = put(line, "button", "step", sign);
    button.type = "button";
    button.ariaLabel = `${way > 0 ? "More" : "Less"}: ${lower(this.part.label)}`;
    button.addEventListener("click", () => set(this.onStep(this.value + way * this.stride())));
    return button;
  }

  /** One step; of a slider by ratios as many as its next notch is away. */
  stride() {
    const { step, logarithmic, low, high } = this.part;
    if (!logarithmic) return step;
    const far = this.value * ((high / low) ** (10 / NOTCHES) - 1);
    return Math.max(step, step * Math.round(far / step));
  }

  onStep(value) {
    const { low, high, step } = this.part;
    const first = low < 0 && high > 0 ? 0 : low; // of its stops
    const rounded = Number((first + step * Math.round((value - first) / step)).toPrecision(12));
    return Math.min(Math.max(rounded, low), high);
  }

  read() {
    const { low, high, logarithmic } = this.part;
    const at = Number(this.input.value);
    return this.onStep(logarithmic ? low * (high / low) ** (at / NOTCHES) : at);
  }

  stand(value) {
    this.value = value;
    const { low, high, logarithmic } = this.part;
    const share = logarithmic ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : 0;
    const at = logarithmic ? Math.round(NOTCHES * share) : value;
    if (Number(this.input.value) !== at) this.input.value = at;
    const text = this.shown(value);
    say(this.output, text);
    if (this.input.ariaValueText !== text) this.input.ariaValueText = text;
    this.less.disabled = value <= low;
    this.more.disabled = value >= high;
  }
}

/** One field of the record: a list of its codes, or a number. `set` hears what may be, NaN where none is stated. */
export class FieldControl {
  constructor(parent, field, { label, set }) {
    this.field = field;
    this.scale = field.unit === "%" ? 100 : 1;
    const row = put(parent, "div", "field");
    const name = put(row, "label", "", label);
    const unit = field.codes.length || !field.unit || field.unit === "year" ? "" : ` (${field.unit.replace("±", "")})`;
    name.append(unit);
    this.input = field.codes.length ? this.list(row) : this.number(row);
    this.input.id = `field-${field.name}`;
    name.htmlFor = this.input.id;
    this.wrong = put(row, "p", "wrong");
    this.wrong.id = `${this.input.id}-wrong`;
    this.wrong.hidden = true;
    this.input.setAttribute("aria-describedby", this.wrong.id);
    this.input.addEventListener(field.codes.length ? "change" : "input", () => this.heard(set));
    this.reason = !field.codes.length && field.special?.length ? this.reasons(row, label, set) : null;
  }

  /** What can be chosen in place of a value: why there is none. */
  reasons(row, label, set) {
    const select = put(row, "select", "reasons");
    select.setAttribute("aria-label", `${label}: why there is no value`);
    select.add(new Option("a value", ""));
    for (const [code, word] of this.field.special) select.add(new Option(word, code));
    select.addEventListener("change", () => {
      if (select.value === "") this.input.focus();
      else set(Number(select.value));
    });
    return select;
  }

  list(row) {
    const select = put(row, "select");
    if (this.field.missing) select.add(new Option("not stated", ""));
    for (const [code, word] of [...this.field.codes, ...(this.field.special ?? [])]) select.add(new Option(word, code));
    return select;
  }

  number(row) {
    const input = put(row, "input");
    Object.assign(input, { type: "number", inputMode: "decimal", step: "any", autocomplete: "off" });
    const { low, high } = this.field;
    if (low !== null) input.min = low * this.scale;
    if (high !== null) input.max = high * this.scale;
    return input;
  }

  heard(set) {
    const wrong = this.trouble();
    this.complain(wrong);
    if (!wrong) set(this.input.value === "" ? NaN : Number((Number(this.input.value) / this.scale).toPrecision(15)));
  }

  /** What is wrong with what stands there; "" where nothing is. */
  trouble() {
    const { label, low, high, missing } = this.field;
    const text = this.input.value;
    if (this.input.validity.badInput) return `${label} takes a number.`;
    if (text === "") return missing ? "" : `${label} is missing. Allowed: ${this.range()}.`;
    const value = Number(text) / this.scale;
    const within = (low === null || value >= low) && (high === null || value <= high);
    return within ? "" : `${label} must be ${this.range()}.`;
  }

  range() {
    const { low, high } = this.field;
    if (low === null && high === null) return "any number";
    if (low === null) return `at most ${exactly(high * this.scale)}`;
    if (high === null) return `at least ${exactly(low * this.scale)}`;
    return `${exactly(low * this.scale)} to ${exactly(high * this.scale)}`;
  }

  complain(text) {
    say(this.wrong, text);
    this.wrong.hidden = !text;
    this.input.setAttribute("aria-invalid", text ? "true" : "false");
  }

  /** Shows a value, unless somebody is typing one. */
  stand(value) {
    if (document.activeElement === this.input) return;
    const special = this.reason && this.field.special.some(([code]) => code === value);
    if (this.reason) this.reason.value = special ? `${value}` : "";
    const none = Number.isNaN(value) || special;
    const text = none ? "" : `${Number((value * this.scale).toPrecision(12))}`;
    if (this.input.value !== text) this.input.value = text;
    this.complain("");
  }
}

/** The record's fields in groups that open, one a concept; a history's months stand side by side. */
export function fieldControls(parent, known, set) {
  const controls = new Map();
  const groups = [...known.concepts, { name: "", label: "Other" }];
  for (const concept of groups) {
    const all = known.fields.map((field, place) => ({ field, place }));
    const own = all.filter(({ field }) => field.concept === concept.name);
    if (!own.length) continue;
    const group = put(parent, "details");
    put(group, "summary", "", !concept.name && own.length === 1 ? own[0].field.label : concept.label);
    const months = new Map();
    for (const { field, place } of own) {
      const history = historyOf(known, place);
      if (history && !months.has(history.name)) months.set(history.name, monthGroup(group, history, field));
      const home = history ? months.get(history.name) : group;
      const label = history ? history.months[place - history.first] : field.label;
      controls.set(place, new FieldControl(home, field, { label, set: (value) => set(place, value) }));
      if (!history && field.help) put(group, "p", "help", field.help);
    }
  }
  return controls;
}

/** The history that a field is a month of, if any. */
function historyOf(known, place) {
  return known.histories.find(({ first, months }) => place >= first && place < first + months.length);
}

function monthGroup(group, history, field) {
  const set = put(group, "fieldset");
  put(set, "legend", "", history.label);
  if (field.help) put(set, "p", "help", field.help);
  return put(set, "div", "months");
}

/** What is assumed of a loss, and the cut-off. */
export function assumptionControls(parent, known, set) {
  const group = put(parent, "details");
  put(group, "summary", "", "Assumptions");
  const { low, high, cutoff } = known.score;
  const points = { name: "cutoff", label: "Cut-off", unit: "points", low, high, step: 1, value: cutoff };
  const controls = new Map();
  for (const part of [points, ...known.assumptions]) {
    const shown = (value) => inUnit(value, part);
    controls.set(part.name, new Slider(group, part, { shown, set: (value) => set(part.name, value) }));
    if (part.help) put(group, "p", "help", part.help);
  }
  return controls;
}
