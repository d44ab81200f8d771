// The contract's formulas as functions. Where each value stands is settled once; nothing is ever run as text.

const OPERATIONS = {
  "+": (a, b) => (v) => a(v) + b(v),
  "-": (a, b) => (v) => a(v) - b(v),
  "*": (a, b) => (v) => a(v) * b(v),
  "/": (a, b) => (v) => a(v) / b(v),
  "negative": (a) => (v) => -a(v),
  "number": (a) => (v) => (a(v) ? 1 : 0),
  "and": (a, b) => (v) => a(v) && b(v),
  "or": (a, b) => (v) => a(v) || b(v),
  ">": (a, b) => (v) => a(v) > b(v),
  ">=": (a, b) => (v) => a(v) >= b(v),
  "<": (a, b) => (v) => a(v) < b(v),
  "<=": (a, b) => (v) => a(v) <= b(v),
  "==": (a, b) => (v) => a(v) === b(v),
  "!=": (a, b) => (v) => a(v) !== b(v),
  "max": (a, b) => (v) => Math.max(a(v), b(v)),
  "min": (a, b) => (v) => Math.min(a(v), b(v)),
  "abs": (a) => (v) => Math.abs(a(v)),
  "round": (a, scale) => (v) => Math.floor(a(v) * scale(v) + 0.500001) / scale(v),
  "where": (condition, a, b) => (v) => (condition(v) ? a(v) : b(v)),
};

/** A tree as a function of an array of values; `places` says where in it each name stands. */
export function compile(tree, places) {
  if (tree === null) return () => NaN;
  if (typeof tree === "number" || typeof tree === "boolean") return () => tree;
  if (typeof tree === "string") return valueOf(tree, places);
  const [name, ...parts] = tree;
  if (name === "pick") return picked(parts, places);
  if (!Object.hasOwn(OPERATIONS, name)) throw new Error(`The package's formulas use ${name}, unknown to this app.`);
  return OPERATIONS[name](...parts.map((part) => compile(part, places)));
}

function valueOf(name, places) {
  const place = places.get(name);
  if (place === undefined) throw new Error(`The package's formulas read ${name}, which it does not hold.`);
  return (v) => v[place];
}

/** The value that stands beside a key; of a key given twice the first. */
function picked([key, pairs, other], places) {
  const known = new Map();
  for (let k = pairs.length - 2; k >= 0; k -= 2) known.set(pairs[k] ?? NaN, pairs[k + 1] ?? NaN);
  known.delete(NaN);
  const [of, otherwise] = [compile(key, places), compile(other, places)];
  return (v) => {
    const found = known.get(of(v));
    return found === undefined ? otherwise(v) : found;
  };
}
