// What was put in, in one place: the record compared with, the edits on top of it, what is assumed.

import { edited, same } from "./whatif.js";

/** One what-if on its way. */
export class WhatIf {
  constructor(model) {
    this.model = model;
    this.start = Float64Array.from(model.known.start, (value) => value ?? NaN);
    this.reset();
  }

  reset() {
    this.base = this.start;
    this.edits = { levers: new Map(), fields: new Map() };
    this.values = Object.fromEntries(this.model.known.assumptions.map(({ name, value }) => [name, value]));
    this.cutoff = this.model.known.score.cutoff;
  }

  /** From now on compared with the record as it is. */
  hold() {
    this.base = this.now();
    this.edits = { levers: new Map(), fields: new Map() };
  }

  now() {
    return edited(this.model, this.base, this.edits);
  }

  get assumed() {
    return { cutoff: this.cutoff, values: this.values };
  }

  get touched() {
    return this.edits.levers.size > 0 || this.edits.fields.size > 0 || this.base !== this.start;
  }

  assume(name, value) {
    if (name === "cutoff") this.cutoff = value;
    else this.values[name] = value;
  }

  kept() {
    const { fields, levers } = this.model.known;
    const told = (value) => (Number.isNaN(value) ? null : value);
    const named = (map, parts) => [...map].map(([place, value]) => [parts[place].name, told(value)]);
    const base = fields.map(({ name }, k) => [name, told(this.base[k])]);
    return { base, levers: named(this.edits.levers, levers), fields: named(this.edits.fields, fields) };
  }

  /** What was kept before an update, where the newer package still knows every name of it. */
  take({ base, levers, fields }) {
    const places = (parts) => new Map(parts.map(({ name }, place) => [name, place]));
    const [ofField, ofLever] = [places(this.model.known.fields), places(this.model.known.levers)];
    const known = (named, places) => named.every(([name]) => places.has(name));
    const all = known(base, ofField) && known(fields, ofField) && known(levers, ofLever);
    if (!all || base.length !== ofField.size) return;
    const own = base.map(([name, value]) => [ofField.get(name), value ?? NaN]);
    if (own.some(([place, value]) => !same(this.start[place], value))) {
      this.base = new Float64Array(own.length);
      for (const [place, value] of own) this.base[place] = value;
    }
    this.edits.levers = new Map(levers.map(([name, value]) => [ofLever.get(name), value]));
    this.edits.fields = new Map(fields.map(([name, value]) => [ofField.get(name), value ?? NaN]));
  }
}
