// What is asked of one record: levers and edits, the decision, what changed and why, one input swept.
// The definitions are those of data/contract and model/whatif/customer.

import { derive, marginOf, probability, reasonsOf, valuesOf } from "./engine.js";

const SWEPT = 81; // points of a field's curve
export const WIDE = 100; // times its lowest value: a range that is swept by ratios
const FORGIVEN = 1e-9; // score points, as model/finance/scorecard.py forgives

/** Halves to the even neighbour, as numpy rounds. */
function roundedEven(x) {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

const clamped = (value, low, high) => Math.min(Math.max(value, low ?? -Infinity), high ?? Infinity);
/** Whether a value says why there is none: a special code of its field. */
export const isSpecial = (field, value) => (field.special ?? []).some(([code]) => code === value);
export const same = (a, b) => a === b || (Number.isNaN(a) && Number.isNaN(b));

// ---- edits ----------------------------------------------------------------------------------------------------------

/** Where a lever stands for a record: wherever that is, on its steps and within its ends or not. */
export function leverStart(model, lever, record) {
  const { digits } = model.known.levers[lever];
  const start = model.levers[lever].start(valuesOf(model, record));
  return digits === null ? start : roundedEven(start * 10 ** digits) / 10 ** digits;
}

/** A record after a lever was put to a value; `start` is where it stood before any edit. */
function pulled(model, lever, record, value, start) {
  const out = Float64Array.from(record);
  for (const rule of model.levers[lever].rules) {
    const values = valuesOf(model, out);
    values[model.places.get("value")] = value;
    values[model.places.get("start")] = start;
    const months = rule.months.map((month) => month(values));
    out.set(months, rule.row);
  }
  const { fields, levers } = model.known;
  const stuck = (levers[lever].reads_codes_of ?? []).some((k) => isSpecial(fields[k], record[k]));
  fields.forEach((field, k) => {
    const stays = out[k] === record[k] && isSpecial(field, record[k]);
    out[k] = stays || (stuck && Number.isNaN(out[k])) ? record[k] : clamped(out[k], field.low, field.high);
  });
  return out;
}

/** The record under edits: levers by their place, in the contract's order, then fields by theirs. */
export function edited(model, base, { levers, fields }) {
  let out = Float64Array.from(base);
  for (let k = 0; k < model.levers.length; k++) {
    if (!levers.has(k)) continue;
    const start = leverStart(model, k, base);
    if (!same(levers.get(k), start)) out = pulled(model, k, out, levers.get(k), start);
  }
  for (const [k, value] of fields) out[k] = value;
  return out;
}

/** The places of the constraints that a record breaks. */
export function broken(model, record) {
  const values = valuesOf(model, record);
  return [...model.constraints.keys()].filter((k) => !model.constraints[k](values));
}

// ---- the decision ---------------------------------------------------------------------------------------------------

export const pointsOf = (model, margin) => model.known.score.offset - model.known.score.factor * margin;

/** What the model says of a record: probability, score, whether that reaches the cut-off, and what would be lost. */
export function decide(model, record, assumed) {
  const margin = marginOf(model, record);
  const pd = probability(margin);
  const score = pointsOf(model, margin);
  const values = valuesOf(model, record);
  for (const [name, value] of Object.entries(assumed.values)) values[model.places.get(`assumed ${name}`)] = value;
  const { ead, lgd, own_share: ownShare } = model.exposure;
  const loss = pd * lgd(values) * ead(values);
  const granted = score + FORGIVEN >= assumed.cutoff;
  return { margin, pd, score, granted, loss, ownLoss: loss * ownShare(values) };
}

/** The reasons by concept in score points, the weightiest first, and those of the inputs. */
export function reasonsInPoints(model, record) {
  const { concepts, inputs, score } = model.known;
  const own = Array.from(reasonsOf(model, record), (value) => -score.factor * value);
  const byConcept = concepts
    .map(({ name, label }) => {
      const parts = [...inputs.keys()].filter((k) => inputs[k].concept === name);
      return { name, label, parts, points: parts.reduce((sum, k) => sum + own[k], 0) };
    })
    .filter((concept) => concept.parts.length > 0)
    .sort((a, b) => Math.abs(b.points) - Math.abs(a.points));
  return { average: pointsOf(model, model.tables.average), byConcept, byInput: own };
}

/** How a record lies to what the model has seen: labels of fields outside its range, of inputs that few have so. */
export function territoryOf(model, record) {
  const { fields, inputs } = model.known;
  const outside = (value, [low, high]) => low !== null && (value < low || value > high);
  const strange = (field, value) => !isSpecial(field, value) && outside(value, field.seen);
  const beyond = fields.filter((field, k) => strange(field, record[k])).map((field) => field.label);
  const derived = derive(model, record);
  const unusual = inputs.filter((input, k) => outside(derived[k], input.usual)).map((input) => input.label);
  return { beyond, unusual };
}

// ---- what changed ---------------------------------------------------------------------------------------------------

/** Exact Shapley values over the edited concepts, in PD: they sum to the change. Ten are told apart: 5 ms. */
export function changes(model, base, now) {
  const moved = [...base.keys()].filter((k) => !same(base[k], now[k]));
  const players = weightiest(model, base, now, merged(model, base, now, playersOf(model, moved)));
  const value = (members) => probability(marginOf(model, coalition(base, now, players, members)));
  const labels = new Map([["", "Other"], ...model.known.concepts.map(({ name, label }) => [name, label])]);
  return shapley(players.length, value)
    .map((pd, k) => ({ pd, concepts: players[k].names }))
    .map((part) => ({ ...part, label: together(part.concepts.map((name) => labels.get(name))) }))
    .filter(({ pd, concepts }) => pd !== 0 || concepts[0] !== "") // a vintage moves the loss alone
    .sort((a, b) => Math.abs(b.pd) - Math.abs(a.pd));
}

const together = (labels) => (labels.length <= 2 ? labels.join(" and ") : `${labels.length} concepts together`);

function playersOf(model, moved) {
  const found = new Map();
  for (const k of moved) {
    const name = model.known.fields[k].concept;
    if (!found.has(name)) found.set(name, { names: [name], rows: [] });
    found.get(name).rows.push(k);
  }
  return [...found.values()];
}

/** The base with the fields of some players as they are now; `members` has a bit a player. */
function coalition(base, now, players, members) {
  const out = Float64Array.from(base);
  players.forEach((player, k) => {
    if ((members >> k) & 1) for (const row of player.rows) out[row] = now[row];
  });
  return out;
}

/** Players, those joined whose edits break a rule of the contract when they stand apart. */
function merged(model, base, now, players) {
  let found = players;
  model.known.constraints.forEach((constraint, k) => {
    const rows = new Set(constraint.rows);
    const bound = found.filter((player) => player.rows.some((row) => rows.has(row)));
    if (bound.length > 1 && conflict(model, base, now, bound, k)) found = joined(found, bound);
  });
  return found;
}

function conflict(model, base, now, players, constraint) {
  if (players.length > model.known.players) return true;
  for (let members = 0; members < 1 << players.length; members++) {
    const values = valuesOf(model, coalition(base, now, players, members));
    if (!model.constraints[constraint](values)) return true;
  }
  return false;
}

/** Players, at most as many as can be told apart: those that move the PD least, alone and as the last, are one. */
function weightiest(model, base, now, players) {
  const most = model.known.players;
  if (players.length <= most) return players;
  const pd = (chosen) => probability(marginOf(model, coalition(base, now, chosen, (1 << chosen.length) - 1)));
  const [nobody, everybody] = [pd([]), pd(players)];
  const weights = new Map(
    players.map((one) => {
      const others = players.filter((each) => each !== one);
      return [one, Math.abs(pd([one]) - nobody) + Math.abs(everybody - pd(others))];
    }),
  );
  const ranked = [...players].sort((a, b) => weights.get(b) - weights.get(a));
  return joined(players, ranked.slice(most - 1));
}

function joined(players, some) {
  const one = { names: some.flatMap((each) => each.names), rows: some.flatMap((each) => each.rows) };
  return [...players.filter((each) => !some.includes(each)), one];
}

const factorial = (n) => (n < 2 ? 1 : n * factorial(n - 1));

function bits(members) {
  let count = 0;
  for (let rest = members; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}

/** Shapley values of a game by its definition, over all coalitions. */
export function shapley(players, value) {
  const values = Array.from({ length: 1 << players }, (_, members) => value(members));
  const weights = Array.from(
    { length: players },
    (_, size) => (factorial(size) * factorial(players - size - 1)) / factorial(players),
  );
  return Array.from({ length: players }, (_, player) => {
    const without = [...values.keys()].filter((members) => !((members >> player) & 1));
    const gain = (members) => values[members | (1 << player)] - values[members];
    return without.reduce((sum, members) => sum + weights[bits(members)] * gain(members), 0);
  });
}

// ---- one input swept ------------------------------------------------------------------------------------------------

/** The values that a lever or field is swept over: a lever's own steps, a field's codes, else its known range. */
export function sweptValues(part) {
  if (part.codes?.length) return part.codes.map(([code]) => code).sort((a, b) => a - b);
  const [low, high] = part.seen?.[0] == null ? [part.low, part.high] : part.seen;
  const steps = Math.round((high - low) / part.step);
  if (steps < SWEPT) return Array.from({ length: steps + 1 }, (_, k) => low + k * part.step);
  const ratio = low > 0 && high > WIDE * low;
  const between = (share) => (ratio ? low * (high / low) ** share : low + (high - low) * share);
  const onStep = (x) => clamped(low + part.step * Math.round((x - low) / part.step), low, high);
  return [...new Set(Array.from({ length: SWEPT }, (_, k) => onStep(between(k / (SWEPT - 1)))))];
}

/** PD along one input, all else held; values that break a rule of the contract are left out. */
export function sweep(model, base, edits, { kind, place }, now) {
  const part = kind === "lever" ? model.known.levers[place] : model.known.fields[place];
  const xs = [...new Set([...sweptValues(part), now])].filter((x) => !Number.isNaN(x)).sort((a, b) => a - b);
  const held = { levers: new Map(edits.levers), fields: new Map(edits.fields) };
  const points = [];
  for (const x of xs) {
    held[kind === "lever" ? "levers" : "fields"].set(place, x);
    const record = edited(model, base, held);
    if (broken(model, record).length === 0) points.push({ x, pd: probability(marginOf(model, record)) });
  }
  return points;
}

/** The PD at a score. */
export const pdAt = (model, score) => probability((model.known.score.offset - score) / model.known.score.factor);
