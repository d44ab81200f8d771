// Numbers as text, by the rules of model/report/numbers.py: a true minus, a no-break space before a unit.

const MINUS = "\u2212";
const SPACE = "\u00a0";
const FORGIVEN = 1e-9; // score points
const formats = new Map();

/** A number with thousands separators and so many decimals. */
export function plain(value, digits = 0) {
  if (!formats.has(digits)) {
    const how = { minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: "halfEven" };
    formats.set(digits, new Intl.NumberFormat("en", how));
  }
  const text = formats.get(digits).format(value);
  return /[1-9]/.test(text) ? text.replace("-", MINUS) : text.replace("-", "");
}

/** A number that was set, with the decimals it has, at most six. */
export function exactly(value) {
  const decimals = value.toFixed(6).replace(/0+$/, "").split(".")[1] ?? "";
  return plain(value, decimals.length);
}

export function signed(text, value) {
  if (value === 0 || Number.isNaN(value)) return text;
  return value > 0 ? `+${text}` : `${MINUS}${text}`;
}

/** A fraction in percent: 0.1237 → 12.4 %. */
export function percent(share) {
  if (share > 0 && 100 * share < 0.05) return `less than 0.1${SPACE}%`;
  if (100 * share > 99.95 && 100 * share < 100) return `more than 99.9${SPACE}%`;
  return `${plain(100 * share, 1)}${SPACE}%`;
}

/** Parts as whole units, so that what is shown adds up to a whole: those cut most are rounded up first. */
export function summing(parts, whole) {
  const cut = parts.map(Math.floor);
  const missing = whole - cut.reduce((sum, each) => sum + each, 0);
  const ranked = [...parts.keys()].sort((a, b) => parts[b] - cut[b] - (parts[a] - cut[a]));
  ranked.forEach((k, rank) => {
    cut[k] += Math.floor((missing + parts.length - 1 - rank) / parts.length);
  });
  return cut;
}

/** A share in tenths of a percent, as it is shown. */
export const tenths = (share) => Math.round(1000 * share);

/** A difference in tenths of a percentage point: −68 → −6.8 points. */
export function pointsOfTenths(tenths) {
  return `${signed(plain(Math.abs(tenths) / 10, 1), tenths)}${SPACE}${Math.abs(tenths) === 10 ? "point" : "points"}`;
}

/** A probability as a frequency: about 12 in 100. */
export function in100(share) {
  if (share < 0.005) return "fewer than 1 in 100";
  if (share > 0.995) return "nearly all of 100";
  return `about ${Math.floor(Math.round(1000 * share) / 10 + 0.5)} in 100`;
}

export const wholeScore = (score) => Math.floor(score + FORGIVEN);
export const scorePoints = (value) => signed(plain(Math.abs(Math.round(value))), Math.round(value));

/** An amount in a readable unit: NT$ 9,800; NT$ 5.1 m. */
export function money(amount, currency) {
  const size = Math.abs(amount);
  const [unit, digits, suffix] = unitOf(size);
  return `${amount < 0 && size >= 0.5 ? MINUS : ""}${currency}${SPACE}${plain(size / unit, digits)}${suffix}`;
}

function unitOf(size) {
  if (size >= 9.995e8) return [1e9, 2 - (size >= 9.995e9) - (size >= 9.995e10), `${SPACE}bn`];
  if (size >= 1e6) return [1e6, size >= 9.995e7 ? 0 : 1, `${SPACE}m`];
  return [1, 0, ""];
}

/** A value of a field, input, lever or assumption in its unit; `fractions`: a share is held as a fraction. */
export function inUnit(value, { unit, codes, special, missing }, fractions = true) {
  if (Number.isNaN(value)) return typeof missing === "string" && missing ? missing : "not stated";
  const word = [...(codes ?? []), ...(special ?? [])].find(([code]) => code === value);
  if (word) return word[1];
  if (/[$€£¥₹¤]$/.test(unit)) return `${value < 0 ? MINUS : ""}${unit}${SPACE}${exactly(Math.abs(value))}`;
  if (unit === "%") return `${fractions ? plain(100 * value, 1) : exactly(value)}${SPACE}%`;
  if (unit.startsWith("±")) return `${signed(exactly(Math.abs(value)), value)}${SPACE}${unit.slice(1)}`;
  if (unit === "year") return `${value}`;
  if (!unit) return exactly(value);
  return `${exactly(value)}${SPACE}${value === 1 ? unit.replace(/^(\w+?)s\b/, "$1") : unit}`;
}

/** A day as it is written: 28 February 2027. */
export function dayInWords(day) {
  const how = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
  return new Date(`${day}T00:00:00Z`).toLocaleDateString("en-GB", how);
}

/** A fingerprint as it is read out. */
export const grouped = (digits) => digits.replace(/(.{4})(?=.)/g, "$1 ");

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
export const lower = (text) => (/^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1));
