// The app: the package is checked, then every touch is answered within one frame. Nothing is asked of anybody.

import { assumptionControls, fieldControls, Slider } from "./controls.js";
import { Bars, Curve, put, say } from "./drawing.js";
import { openModel } from "./engine.js";
import { drawBook, drawPackage } from "./leaves.js";
import { keepUp, lookForNewer } from "./updates.js";
import { broken, changes, decide, edited, leverStart, pdAt, reasonsInPoints, same, sweep, territoryOf } from "./whatif.js";
import {
  capital, dayInWords, grouped, in100, inUnit, lower, money, percent, plain, pointsOfTenths, scorePoints, summing, tenths,
  wholeScore,
} from "./words.js";

const SPOKEN_AFTER = 700; // ms of rest after which the answer is read aloud
const LEAST_REACH = 40; // score points that half of the reasons' width stands for, at the least
const KEPT = "what-if record"; // for as long as the page stands, through an update

const $ = (id) => document.getElementById(id);

/** What was put in: the record compared with, the edits on top of it, what is assumed. */
class WhatIf {
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
    const named = (map, parts) => [...map].map(([place, value]) => [parts[place].name, Number.isNaN(value) ? null : value]);
    const base = fields.map(({ name }, k) => [name, Number.isNaN(this.base[k]) ? null : this.base[k]]);
    return { base, levers: named(this.edits.levers, levers), fields: named(this.edits.fields, fields) };
  }

  /** What was kept before an update, where the newer package still knows every name of it. */
  take({ base, levers, fields }) {
    const places = (parts) => new Map(parts.map(({ name }, place) => [name, place]));
    const [ofField, ofLever] = [places(this.model.known.fields), places(this.model.known.levers)];
    const all = [...base, ...fields].every(([name]) => ofField.has(name)) && levers.every(([name]) => ofLever.has(name));
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

/** The record's page: controls, and the answer that is drawn again at every touch. */
class RecordPage {
  constructor(whatIf) {
    this.whatIf = whatIf;
    this.model = whatIf.model;
    this.known = this.model.known;
    this.due = false;
    this.tiles = this.madeTiles();
    this.why = new Bars($("why"));
    this.moved = new Bars($("moved"));
    this.curve = new Curve($("curve"));
    this.levers = this.known.levers.map((lever, place) => this.madeLever(lever, place));
    this.fields = fieldControls($("fields"), this.known, (place, value) => this.edit(this.whatIf.edits.fields, place, value));
    this.assumptions = assumptionControls($("fields"), this.known, (name, value) => {
      this.whatIf.assume(name, value);
      this.touch();
    });
    this.fillSwept();
    $("reset").addEventListener("click", () => this.then(() => this.whatIf.reset()));
    $("hold").addEventListener("click", () => this.then(() => this.whatIf.hold()));
    this.touch();
  }

  madeTiles() {
    const words = ["Probability", "Score", "Decision", "Expected loss"];
    return words.map((label) => {
      const tile = put($("numbers"), "div");
      put(tile, "dt", "", label);
      return { value: put(tile, "dd", "value"), under: put(tile, "dd", "under") };
    });
  }

  madeLever(lever, place) {
    const shown = (value) => inUnit(value, lever, false);
    const slider = new Slider($("levers"), lever, { shown, set: (value) => this.edit(this.whatIf.edits.levers, place, value) });
    if (lever.help) {
      const more = put($("levers"), "details", "more");
      put(more, "summary", "", `About: ${lower(lever.label)}`);
      put(more, "p", "help", lever.help);
    }
    return slider;
  }

  fillSwept() {
    const add = (kind, parts) =>
      parts.forEach(({ label }, place) => $("swept").add(new Option(label, `${kind} ${place}`)));
    add("lever", this.known.levers);
    add("field", this.known.fields);
    $("swept").addEventListener("change", () => this.touch());
  }

  edit(edits, place, value) {
    edits.set(place, value);
    this.touch();
  }

  then(work) {
    work();
    this.touch();
  }

  /** Draw in the next frame, however often something is touched until then. */
  touch() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.redraw();
    });
  }

  redraw() {
    const now = this.whatIf.now();
    const wrong = broken(this.model, now);
    $("wrong").hidden = wrong.length === 0;
    say($("wrong"), wrong.length ? `${this.known.constraints[wrong[0]].message} The numbers are those from before.` : "");
    $("record").classList.toggle("impossible", wrong.length > 0);
    this.standControls(now);
    if (wrong.length) return;
    this.answer(now);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.rest(), SPOKEN_AFTER);
  }

  standControls(now) {
    const { base, edits } = this.whatIf;
    this.levers.forEach((slider, k) => slider.stand(edits.levers.get(k) ?? leverStart(this.model, k, base)));
    for (const [place, control] of this.fields) control.stand(now[place]);
    for (const [name, slider] of this.assumptions) {
      slider.stand(name === "cutoff" ? this.whatIf.cutoff : this.whatIf.values[name]);
    }
  }

  answer(now) {
    const { base, assumed } = this.whatIf;
    const [before, after] = [decide(this.model, base, assumed), decide(this.model, now, assumed)];
    this.drawNumbers(before, after, now.some((value, k) => !same(value, base[k])));
    this.drawTerritory(now);
    this.drawWhy(now, after);
    this.drawMoved(base, now, before, after);
    this.drawSwept(after);
  }

  /** When nothing was touched for a while: the sentence is read aloud, and what was put in outlives an update. */
  rest() {
    say($("spoken"), $("sentence").textContent);
    sessionStorage.setItem(KEPT, JSON.stringify(this.whatIf.kept()));
  }

  // ---- the answer -----------------------------------------------------------------------------------------------

  drawNumbers(before, after, changed) {
    const { currency, granted, declined, record, records, outcome, pd_horizon: horizon } = this.known.book;
    const far = fromCutoff(wholeScore(after.score) - this.whatIf.cutoff);
    const decision = after.granted ? granted : declined;
    say($("sentence"), `This ${record} would score ${wholeScore(after.score)}, ${far}, and ${decision}. ${capital(in100(after.pd))} ${records} like this ${outcome}.`);
    const verdict = (granted) => (granted ? "Granted" : "Declined");
    const tiles = [
      [percent(after.pd), percent(before.pd), pointsOfTenths(tenths(after.pd) - tenths(before.pd)), after.pd - before.pd, horizon],
      [`${wholeScore(after.score)}`, `${wholeScore(before.score)}`, scorePoints(wholeScore(after.score) - wholeScore(before.score)), before.score - after.score, `cut-off ${plain(this.whatIf.cutoff)}`],
      [verdict(after.granted), verdict(before.granted), "", 0, far],
      [money(after.loss, currency), money(before.loss, currency), "", after.loss - before.loss, this.lossNote(after)],
    ];
    tiles.forEach((tile, k) => this.drawTile(this.tiles[k], tile, changed));
  }

  drawTile({ value, under }, [text, was, change, risk, note], changed) {
    say(value, text);
    const moved = changed && text !== was;
    const mark = risk > 0 ? "▲" : "▼";
    say(under, moved ? `was ${was} ${risk ? `${mark} ${change}` : ""}`.trim() : note);
    under.className = moved && risk ? `under ${risk > 0 ? "worse" : "better"}` : "under";
  }

  lossNote({ loss, ownLoss }) {
    const { currency, guarantor } = this.known.book;
    return guarantor && loss ? `the bank's own ${money(ownLoss, currency)}` : "if it defaults, times how likely";
  }

  drawTerritory(now) {
    const { beyond, unusual } = territoryOf(this.model, now);
    const named = (labels) => (labels.length > 2 ? `${labels.slice(0, 2).join(", ")} and ${labels.length - 2} more` : labels.join(" and "));
    let text = "● Every value is one the model has often seen.";
    if (unusual.length) text = `◐ Few ${this.known.book.records} of the book are like this in: ${named(unusual)}.`;
    if (beyond.length) text = `○ Outside anything the model has seen: ${named(beyond)}. Do not rely on these numbers.`;
    say($("territory"), text);
    $("top").classList.toggle("outside", beyond.length > 0);
  }

  drawWhy(now, after) {
    const { average, byConcept } = reasonsInPoints(this.model, now);
    const reach = Math.max(LEAST_REACH, ...byConcept.map(({ points }) => 20 * Math.ceil(Math.abs(points) / 20)));
    const whole = summing(byConcept.map(({ points }) => points), wholeScore(after.score) - wholeScore(average));
    const rows = byConcept.map(({ label, points }, k) => ({
      name: label, from: 0, to: points, text: scorePoints(whole[k]), kind: kindOf(-whole[k]),
    }));
    const ends = [
      { name: `Average ${this.known.book.record}`, from: 0, to: 0, text: `${wholeScore(average)}`, kind: "end" },
      { name: "Score", from: 0, to: 0, text: `${wholeScore(after.score)}`, kind: "end" },
    ];
    this.why.draw([ends[0], ...rows, ends[1]], -reach, reach);
    const [first] = byConcept;
    const points = Math.abs(whole[0]) === 1 ? "point" : "points";
    say($("why-title"), `Largest reason: ${lower(first.label)}, ${scorePoints(whole[0])} ${points}`);
  }

  drawMoved(base, now, before, after) {
    const parts = changes(this.model, base, now);
    const ends = [["Compared with", before.pd], ["Now", after.pd]].map(([name, pd]) => ({
      name, from: 0, to: pd, text: percent(pd), kind: "whole",
    }));
    const whole = summing(parts.map(({ pd }) => 1000 * pd), tenths(after.pd) - tenths(before.pd));
    let at = before.pd;
    const rows = parts.map(({ label, pd }, k) => {
      at += pd;
      return { name: label, from: at - pd, to: at, text: pointsOfTenths(whole[k]), kind: kindOf(whole[k]) };
    });
    const all = parts.length ? [ends[0], ...rows, ends[1]] : [];
    const places = all.flatMap(({ from, to }) => [from, to]);
    this.moved.draw(all, Math.min(0, ...places), Math.max(0.02, ...places));
    say($("moved-title"), movedTitle(parts, tenths(after.pd) - tenths(before.pd)));
  }

  drawSwept(after) {
    const [kind, place] = $("swept").value.split(" ");
    const chosen = { kind, place: Number(place) };
    const part = kind === "lever" ? this.known.levers[place] : this.known.fields[place];
    const now = kind === "lever" ? this.levers[place].value : this.whatIf.now()[place];
    const points = sweep(this.model, this.whatIf.base, this.whatIf.edits, chosen, now);
    const at = points.findIndex(({ x }) => x === now);
    if (at < 0) return;
    const cutPd = pdAt(this.model, this.whatIf.cutoff);
    const shown = (x) => inUnit(x, part, kind !== "lever");
    const title = sweptTitle(part, points, cutPd, shown);
    say($("swept-title"), title);
    this.curve.draw({
      points, at, title,
      cutoff: { pd: cutPd, text: `cut-off ${plain(this.whatIf.cutoff)}: ${percent(cutPd)}` },
      ends: [shown(points[0].x), shown(points.at(-1).x)],
      coded: Boolean(part.codes?.length),
      ratio: points[0].x > 0 && points.at(-1).x > 100 * points[0].x,
      words: `${title}. At ${shown(now)} the probability is ${percent(after.pd)}; from ${percent(points[0].pd)} at ${shown(points[0].x)} to ${percent(points.at(-1).pd)} at ${shown(points.at(-1).x)}.`,
    });
  }
}

/** How far a score lies from the cut-off, in words. */
function fromCutoff(over) {
  if (over === 0) return "at the cut-off";
  return `${plain(Math.abs(over))} ${Math.abs(over) === 1 ? "point" : "points"} ${over > 0 ? "above" : "below"} the cut-off`;
}

/** What is told of a part by what it adds to the risk. */
function kindOf(risk) {
  if (!risk) return "same";
  return risk > 0 ? "worse" : "better";
}

function movedTitle(parts, change) {
  if (!parts.length) return "Move a lever to see what changes";
  if (!change) return "What is changed leaves the probability where it was";
  return `What is changed brings the probability ${change > 0 ? "up" : "down"} ${pointsOfTenths(Math.abs(change)).slice(1)}`;
}

/** The finding of a sweep: where along it the decision turns. */
function sweptTitle({ label }, points, cutPd, shown) {
  const granted = points.map(({ pd }) => pd <= cutPd * (1 + 1e-9));
  const flips = [...points.keys()].filter((k) => k > 0 && granted[k] !== granted[k - 1]);
  if (!flips.length) return `No value of ${lower(label)} alone changes the decision`;
  const [first] = flips;
  const more = flips.length > 1 ? ", and turns again further on" : "";
  return `${label}: ${granted[first] ? "granted" : "declined"} from ${shown(points[first].x)} on${more}`;
}

// ---- the package ----------------------------------------------------------------------------------------------------

async function fetchedFile(name) {
  const answer = await fetch(name, { cache: "no-store" });
  if (!answer.ok) throw new phonePackage.Unusable(`The package lacks ${name}. Open it where the server can be reached.`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** The time by this phone's clock, which nobody can put back behind what it once said. */
function clock() {
  const now = Math.max(Date.now(), Number(localStorage.getItem("what-if clock") ?? 0));
  localStorage.setItem("what-if clock", now);
  return now;
}

function refuse(error) {
  const { expired } = error;
  const [title, text] = expired
    ? ["This package has expired", `It was good until ${dayInWords(expired.expires)}: release ${expired.release}, made on ${dayInWords(expired.created)}. Connect to where it came from to get a newer one.`]
    : ["No numbers are shown", error.message];
  const place = $("refused");
  say(place.querySelector("h2"), title);
  say(place.querySelector("p"), text);
  place.querySelector("button").addEventListener("click", lookForNewer);
  place.hidden = false;
  say($("badge"), "Not usable");
}

function drawFrame({ book }, contents) {
  const { release, expires, signed_by: signer } = contents;
  say($("about"), `${book.title} · as of ${book.as_of}, ${book.sample}`);
  const signed = signer ? `signed ${grouped(signer.slice(0, 8))}` : "not signed";
  say($("badge"), `Model ${release.slice(0, 6)} · good until ${dayInWords(expires)} · ${signed}`);
  $("state").className = signer ? "signed" : "unsigned";
  document.title = `Credit What-If: ${book.title}`;
  say($("tab-record"), capital(book.record));
}

function tabs() {
  const all = [...document.querySelectorAll("[role=tab]")];
  const choose = (chosen) => {
    for (const tab of all) {
      tab.ariaSelected = String(tab === chosen);
      tab.tabIndex = tab === chosen ? 0 : -1;
      $(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
    scrollTo(0, 0);
  };
  const ways = { ArrowRight: 1, ArrowLeft: -1 };
  all.forEach((tab, k) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", ({ key }) => {
      if (!(key in ways)) return;
      const next = all[(k + ways[key] + all.length) % all.length];
      choose(next);
      next.focus();
    });
  });
}

function show({ contents, files }) {
  const known = JSON.parse(new TextDecoder().decode(files.get("model.json")));
  if (known.format !== 1) throw new phonePackage.Unusable("The package is of another version than the app in it.");
  const whatIf = new WhatIf(openModel(known));
  const kept = sessionStorage.getItem(KEPT);
  if (kept) whatIf.take(JSON.parse(kept));
  drawFrame(known, contents);
  drawBook($("book"), known.summary);
  drawPackage($("package"), known, contents);
  tabs();
  $("answers").hidden = false;
  document.querySelector("nav").hidden = false;
  new RecordPage(whatIf);
  return whatIf;
}

async function begin() {
  let whatIf;
  try {
    const found = await phonePackage.verified(fetchedFile, { now: clock() });
    whatIf = show(found);
    await keepUp(found.contents, () => whatIf.touched);
  } catch (error) {
    refuse(error);
    await keepUp(undefined, () => false);
  }
}

begin();
