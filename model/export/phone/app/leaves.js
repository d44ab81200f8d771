// What stands still: the whole book in sums, and what is in the package.

import { Bars, put } from "./drawing.js";
import { dayInWords, grouped, plain } from "./words.js";

/** The book's page, as it was worded and worked out where the package was made. */
export function drawBook(place, summary) {
  put(place, "h2", "", summary.title);
  put(place, "p", "sentence", summary.sentence);
  const numbers = put(place, "dl", "numbers");
  for (const tile of summary.tiles) drawTile(numbers, tile);
  if (summary.bridge) drawBridge(place, summary.bridge);
  if (summary.note) put(place, "p", "help", summary.note);
  const made = `Worked out for the whole book on ${dayInWords(summary.day)}.`;
  put(place, "p", "help", `${made} Here are sums only: no record of the book is on this phone.`);
}

function drawTile(numbers, { label, value, was, change, direction, limit, broken }) {
  const tile = put(numbers, "div");
  put(tile, "dt", "", label);
  put(tile, "dd", "value", value);
  if (was) put(tile, "dd", `under ${direction}`, `was ${was}, ${change}`);
  const held = broken ? ["under worse", `limit ${limit} ${broken}\u00a0✗`] : ["under", `limit ${limit}\u00a0✓`];
  if (limit) put(tile, "dd", ...held);
}

function drawBridge(place, { headline, shows, words, bars }) {
  const finding = put(place, "article");
  put(finding, "h2", "", headline);
  put(finding, "p", "help", shows);
  const list = put(finding, "ol", "bars");
  put(finding, "p", "unseen", words);
  const rows = bars.map(({ label, length, ...bar }) => ({ ...bar, name: label, to: bar.from + length }));
  const ends = rows.flatMap(({ from, to }) => [from, to]);
  new Bars(list).draw(rows, Math.min(0, ...ends), Math.max(...ends));
}

/** What the package is, and everything in it. */
export function drawPackage(place, known, contents) {
  put(place, "h2", "", "What is on this phone");
  const signed = contents.signed_by
    ? `Signed. Fingerprint of the key: ${grouped(contents.signed_by)}. Compare it with the one you were given.`
    : "Not signed: nobody vouches for where this package came from.";
  put(place, "p", contents.signed_by ? "" : "warning", signed);
  const facts = [
    ["Release", contents.release],
    ["Artefact", contents.artefact],
    ["Contract", contents.contract],
    ["Made on", dayInWords(contents.created)],
    ["Good until", dayInWords(contents.expires)],
  ];
  const list = put(place, "dl", "facts");
  for (const [name, value] of facts) {
    put(list, "dt", "", name);
    put(list, "dd", "", value);
  }
  const { records } = known.book;
  const about = [
    `Not on this phone: ${contents.not_in_it.charAt(0).toLowerCase()}${contents.not_in_it.slice(1)}`,
    `The ${known.book.record} it starts from is nobody: each value is the median of the book, or its commonest word.`,
    "Nothing that is put in leaves this phone; it is forgotten when the app is closed.",
    `Reasons are exact Shapley values against ${known.tables.background}, in score points: with the average they sum ` +
      "to the score. What changed is split exactly among the business concepts that were edited; of more than " +
      `${known.players}, those that move least are taken together.`,
    `Known territory is told by the ranges the model has seen, and by those in which 99 of 100 ${records} lie. ` +
      "The dashboard also tells how near the nearest records are, which takes records.",
    known.book.decision_note,
    known.book.exposure_note,
  ];
  for (const text of about) put(place, "p", "", text);
  drawFiles(place, contents);
}

function drawFiles(place, { files }) {
  put(place, "h3", "", "Every file");
  const list = put(place, "ul", "files");
  for (const [name, { bytes, sha256, holds }] of Object.entries(files)) {
    const item = put(list, "li");
    put(item, "b", "", name);
    item.append(` ${holds}. ${plain(bytes / 1000, 1)} kB`);
    put(item, "code", "", sha256);
  }
}
