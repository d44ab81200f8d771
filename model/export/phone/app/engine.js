// The model: tables that are looked up, and the exact reasons they hold. The same arithmetic, in the same order, as
// model/engine and model/export/compressed.py.

import { compile } from "./formulas.js";

const KINDS = { float64: Float64Array, int32: Int32Array, uint8: Uint8Array };

/** An array as the package holds it. */
function unpacked({ kind, base64 }) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let k = 0; k < text.length; k++) bytes[k] = text.charCodeAt(k);
  return new KINDS[kind](bytes.buffer);
}

/** Where names stand among the values that formulas read: the record's fields, what is assumed, a lever's own two. */
function placesOf(known) {
  const names = [
    ...known.fields.map((field) => field.name),
    ...known.assumptions.map((each) => `assumed ${each.name}`),
    "value",
    "start",
  ];
  return new Map(names.map((name, place) => [name, place]));
}

/** What the package says of the model, ready to be asked. */
export function openModel(known) {
  const places = placesOf(known);
  const made = (tree) => compile(tree, places);
  const tables = Object.fromEntries(
    Object.entries(known.tables).map(([name, value]) => [name, value?.base64 === undefined ? value : unpacked(value)]),
  );
  return {
    known,
    tables,
    places,
    values: new Float64Array(places.size),
    derived: new Float64Array(known.inputs.length),
    codes: new Uint8Array(known.inputs.length),
    inputs: known.inputs.map((each) => made(each.formula)),
    constraints: known.constraints.map((each) => made(each.holds)),
    levers: known.levers.map((each) => ({
      start: made(each.start),
      rules: each.rules.map((rule) => ({ row: rule.row, months: rule.months.map(made) })),
    })),
    exposure: Object.fromEntries(Object.entries(known.exposure).map(([name, tree]) => [name, made(tree)])),
  };
}

/** The values that formulas read, with a record among them. The array is the model's own, and filled anew each time. */
export function valuesOf(model, record) {
  model.values.set(record);
  return model.values;
}

/** What the model is given of a record; the array is the model's own. */
export function derive(model, record) {
  const values = valuesOf(model, record);
  for (let k = 0; k < model.inputs.length; k++) model.derived[k] = model.inputs[k](values);
  return model.derived;
}

/** In which interval of an input a value lies: that of the first threshold not below it; a missing one last. */
export function codeOf(tables, input, value) {
  const first = tables.starts[input];
  const count = tables.starts[input + 1] - first;
  if (Number.isNaN(value)) return count + 1;
  let low = 0;
  let left = count;
  while (left > 0) {
    const half = left >> 1;
    if (tables.edges[first + low + half] < value) {
      low += half + 1;
      left -= half + 1;
    } else left = half;
  }
  return low;
}

function encode(model, record) {
  const values = derive(model, record);
  for (let k = 0; k < values.length; k++) model.codes[k] = codeOf(model.tables, k, values[k]);
  return model.codes;
}

const rowOf = (t, g, codes) => t.maps[t.down[g] + codes[t.first[g]]];
const columnOf = (t, g, codes) => (t.second[g] < 0 ? 0 : t.maps[t.across[g] + codes[t.second[g]]]);

/** Log-odds of default of a record. */
export function marginOf(model, record) {
  const { tables } = model;
  const codes = encode(model, record);
  let margin = tables.intercept;
  for (let g = 0; g < tables.first.length; g++) {
    margin += tables.cells[tables.at[g] + rowOf(tables, g, codes) * tables.wide[g] + columnOf(tables, g, codes)];
  }
  return margin;
}

/** Shapley values of a record by input, log-odds; with the average they sum to its margin. */
export function reasonsOf(model, record) {
  const { tables: t } = model;
  const codes = encode(model, record);
  const reasons = new Float64Array(codes.length);
  for (let g = 0; g < t.first.length; g++) {
    const [row, column] = [rowOf(t, g, codes), columnOf(t, g, codes)];
    const both = t.cells[t.at[g] + row * t.wide[g] + column] - t.mean[g];
    if (t.second[g] < 0) {
      reasons[t.first[g]] += both;
      continue;
    }
    const gap = t.leans[t.down_leans[g] + row] - t.leans[t.across_leans[g] + column];
    reasons[t.first[g]] += (both + gap) / 2;
    reasons[t.second[g]] += (both - gap) / 2;
  }
  return reasons;
}

/** Probability of default at log-odds. */
export const probability = (margin) => 1 / (1 + Math.exp(-margin));
