// The record's page: controls, and an answer that is drawn again at every touch.

import { assumptionControls, fieldControls, Slider } from "./controls.js";
import { Bars, Curve, put, say } from "./drawing.js";
import { stored } from "./updates.js";
import {
  broken, changes, decide, isSpecial, leverStart, pdAt, reasonsInPoints, same, sweep, territoryOf, WIDE,
} from "./whatif.js";
import {
  capital, in100, inUnit, lower, money, percent, plain, pointsOfTenths, scorePoints, summing, tenths, wholeScore,
} from "./words.js";

const SPOKEN_AFTER = 700; // ms of rest after which the answer is read aloud
const LEAST_REACH = 40; // score points that half of the reasons' width stands for, at the least
export const KEPT = stored("record"); // for as long as the page stands, through an update

const $ = (id) => document.getElementById(id);

/** The page as it is drawn of a what-if. */
export class RecordPage {
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
    const typed = (place, value) => this.edit(this.whatIf.edits.fields, place, value);
    this.fields = fieldControls($("fields"), this.known, typed);
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
    const words = ["Probability", "Score", "Decision", ...(this.known.book.in_money ? ["Expected loss"] : [])];
    return words.map((label) => {
      const tile = put($("numbers"), "div");
      put(tile, "dt", "", label);
      return { value: put(tile, "dd", "value"), under: put(tile, "dd", "under") };
    });
  }

  madeLever(lever, place) {
    const shown = (value) => inUnit(value, lever, false);
    const set = (value) => this.edit(this.whatIf.edits.levers, place, value);
    const slider = new Slider($("levers"), lever, { shown, set });
    if (lever.help) {
      const more = put($("levers"), "details", "more");
      put(more, "summary", "", `About: ${lower(lever.label)}`);
      put(more, "p", "help", lever.help);
    }
    return slider;
  }

  fillSwept() {
    const add = (kind, parts, wanted = () => true) =>
      parts.forEach((part, place) => wanted(part) && $("swept").add(new Option(part.label, `${kind} ${place}`)));
    const moved = new Set(this.known.levers.map(({ name }) => name));
    add("lever", this.known.levers);
    add("field", this.known.fields, (field) => !moved.has(field.name));
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
    const [first] = wrong.map((k) => this.known.constraints[k].message);
    say($("wrong"), first ? `${first} The numbers are those from before.` : "");
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
    this.drawSwept(now);
  }

  /** When nothing was touched for a while: the sentence is read aloud, and what was put in outlives an update. */
  rest() {
    say($("spoken"), $("sentence").textContent);
    sessionStorage.setItem(KEPT, JSON.stringify(this.whatIf.kept()));
  }

  /** A decision in the contract's word or two. */
  decided(granted) {
    return granted ? this.known.book.in_favour : this.known.book.against;
  }

  // ---- the answer -----------------------------------------------------------------------------------------------

  drawNumbers(before, after, changed) {
    const { currency, granted, declined, record, records, outcome, pd_horizon: horizon } = this.known.book;
    const [was, now] = [before, after].map(({ score }) => wholeScore(score));
    const far = fromCutoff(now - this.whatIf.cutoff);
    const often = `${capital(in100(after.pd))} ${records} like this ${outcome}.`;
    const decision = after.granted ? granted : declined;
    say($("sentence"), `This ${record} would score ${now}, ${far}, and ${decision}. ${often}`);
    const told = (text, work) => ({ text: text(after), was: text(before), ...work });
    const tiles = [
      told(({ pd }) => percent(pd), {
        change: pointsOfTenths(tenths(after.pd) - tenths(before.pd)), risk: after.pd - before.pd, note: horizon,
      }),
      told(({ score }) => `${wholeScore(score)}`, {
        change: scorePoints(now - was), risk: was - now, note: `cut-off ${plain(this.whatIf.cutoff)}`,
      }),
      told((decision) => capital(this.decided(decision.granted)), { change: "", risk: 0, note: far }),
      told(({ loss }) => money(loss, currency), {
        change: "", risk: after.loss - before.loss, note: this.lossNote(after),
      }),
    ];
    this.tiles.forEach((drawn, k) => this.drawTile(drawn, tiles[k], changed));
  }

  drawTile({ value, under }, { text, was, change, risk, note }, changed) {
    say(value, text);
    const moved = changed && text !== was;
    const mark = risk > 0 ? "▲" : "▼";
    say(under, moved ? `was ${lower(was)} ${risk ? `${mark} ${change}` : ""}`.trim() : note);
    under.className = moved && risk ? `under ${risk > 0 ? "worse" : "better"}` : "under";
  }

  lossNote({ loss, ownLoss }) {
    const { currency, guarantor } = this.known.book;
    return guarantor && loss ? `bank's own ${money(ownLoss, currency)}` : "probability × loss";
  }

  drawTerritory(now) {
    const { beyond, unusual } = territoryOf(this.model, now);
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

  drawSwept(record) {
    const [kind, text] = $("swept").value.split(" ");
    const place = Number(text);
    const part = kind === "lever" ? this.known.levers[place] : this.known.fields[place];
    const now = kind === "lever" ? this.levers[place].value : record[place];
    const nothing = Number.isNaN(now) || (kind === "field" && isSpecial(part, now));
    $("curve").hidden = nothing;
    if (nothing) {
      say($("swept-title"), `${part.label} is ${inUnit(now, part)}: nothing to begin from`);
      return;
    }
    this.drawCurve(part, now, sweep(this.model, this.whatIf.base, this.whatIf.edits, { kind, place }, now), kind);
  }

  drawCurve(part, now, points, kind) {
    const at = points.findIndex(({ x }) => x === now);
    const cutPd = pdAt(this.model, this.whatIf.cutoff);
    const shown = (x) => inUnit(x, part, kind !== "lever");
    const title = sweptTitle(part, points, at, { cutPd, shown, decided: (granted) => this.decided(granted) });
    const ends = [points[0], points.at(-1)];
    const told = ends.map(({ x, pd }) => `${percent(pd)} at ${shown(x)}`).join(" to ");
    say($("swept-title"), title);
    this.curve.draw({
      points,
      at,
      cutoff: { pd: cutPd, text: `cut-off ${plain(this.whatIf.cutoff)}: ${percent(cutPd)}` },
      ends: ends.map(({ x }) => shown(x)),
      coded: Boolean(part.codes?.length),
      ratio: ends[0].x > 0 && ends[1].x > WIDE * ends[0].x,
      words: `${title}. At ${shown(now)} the probability is ${percent(points[at].pd)}; from ${told}.`,
    });
  }
}

/** How far a score lies from the cut-off, in words. */
function fromCutoff(over) {
  if (over === 0) return "at the cut-off";
  const points = Math.abs(over) === 1 ? "point" : "points";
  return `${plain(Math.abs(over))} ${points} ${over > 0 ? "above" : "below"} the cut-off`;
}

/** One or two labels by name, more by their number. */
function named(labels) {
  if (labels.length <= 2) return labels.join(" and ");
  return `${labels.slice(0, 2).join(", ")} and ${labels.length - 2} more`;
}

/** What is told of a part by what it adds to the risk. */
function kindOf(risk) {
  if (!risk) return "same";
  return risk > 0 ? "worse" : "better";
}

function movedTitle(parts, change) {
  if (!parts.length) return "Move a lever to see what changes";
  if (!change) return "What is changed leaves the probability where it was";
  const far = pointsOfTenths(Math.abs(change)).slice(1);
  return `What is changed brings the probability ${change > 0 ? "up" : "down"} ${far}`;
}

/** The finding of a sweep: where along it the decision turns, or for which codes it is another than here. */
function sweptTitle({ label, codes }, points, at, { cutPd, shown, decided }) {
  const granted = points.map(({ pd }) => pd <= cutPd * (1 + 1e-9));
  const others = points.filter((_, k) => granted[k] !== granted[at]).map(({ x }) => shown(x));
  if (codes?.length && others.length) return `${label}: ${decided(!granted[at])} for ${named(others)}`;
  const flips = [...points.keys()].filter((k) => k > 0 && granted[k] !== granted[k - 1]);
  if (!flips.length) return `No value of ${lower(label)} alone changes the decision`;
  const [first] = flips;
  const more = flips.length > 1 ? ", and turns again further on" : "";
  return `${label}: ${decided(granted[first])} from ${shown(points[first].x)} on${more}`;
}
