// The app: the package is checked, then every touch is answered within one frame. Nothing is asked of anybody.

import { say } from "./drawing.js";
import { WhatIf } from "./edits.js";
import { openModel } from "./engine.js";
import { drawBook, drawPackage } from "./leaves.js";
import { KEPT, RecordPage } from "./record.js";
import { keepUp, lookForNewer, stored } from "./updates.js";
import { capital, dayInWords, grouped } from "./words.js";

const CLOCK = stored("clock");
const FORMAT = 1; // of packages that this app reads

const $ = (id) => document.getElementById(id);

async function fetchedFile(name) {
  const answer = await fetch(name, { cache: "no-store" });
  if (!answer.ok) throw new phonePackage.Unusable(`The package lacks ${name}. Open it where its server is.`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** The time by this phone's clock, which nobody can put back behind what it once said while this package was here. */
function clock(contents) {
  const kept = JSON.parse(localStorage.getItem(CLOCK) ?? "{}");
  const now = Math.max(Date.now(), kept.package === contents.package ? kept.now : 0);
  localStorage.setItem(CLOCK, JSON.stringify({ package: contents.package, now }));
  return now;
}

function expiredWords({ expires, release, created }) {
  const good = `It was good until ${dayInWords(expires)}: release ${release}, made on ${dayInWords(created)}.`;
  return `${good} Connect to where it came from to get a newer one.`;
}

function refuse(error) {
  const { expired } = error;
  const [title, text] = expired
    ? ["This package has expired", expiredWords(expired)]
    : ["No numbers are shown", error.message];
  const place = $("refused");
  say(place.querySelector("h2"), title);
  say(place.querySelector("p"), text);
  place.querySelector("button").addEventListener("click", () => lookForNewer().then(() => location.reload()));
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
  if (known.format !== FORMAT) throw new phonePackage.Unusable("The package is of another version than the app in it.");
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
    const found = await phonePackage.verified(fetchedFile, { now: clock });
    whatIf = show(found);
    await keepUp(found.contents, () => whatIf.touched);
  } catch (error) {
    refuse(error);
    await keepUp(undefined, () => false);
  }
}

begin();
