// Keeping up with the server: the worker fetches a newer package whole; here it is taken up, and said so.

import { dayInWords } from "./words.js";

/** A name in the browser's storage: all apps at one address share that, another book's among them. */
export const stored = (what) => `what-if ${what} ${new URL("./", location.href).pathname}`;

const LAST = stored("release"); // what this phone showed last
const notice = document.getElementById("notice");
const [told, button] = notice.children;

function tell(text, use) {
  told.textContent = text;
  button.hidden = !use;
  button.onclick = use ?? null;
  notice.hidden = false;
}

/** Says once that another release has taken the place of the last one. */
function tellUpdated({ release, created }) {
  const last = localStorage.getItem(LAST);
  localStorage.setItem(LAST, release);
  if (!last || last === release) return;
  tell(`Updated to release ${release}, made on ${dayInWords(created)}. Before it was ${last}.`);
}

const registration = () => navigator.serviceWorker?.getRegistration("./");

/** Ask the server whether there is a newer package; without a network nothing happens. */
export async function lookForNewer() {
  try {
    await (await registration())?.update();
  } catch {
    // no network, or a package that was refused: the one that is here stays
  }
}

/** Let a newer package that waits take over: at once, or where something was put in when somebody says so. */
function offer(waiting, busy) {
  const use = () => waiting.postMessage("take over");
  if (busy()) tell("A newer release is here. What you put in stays as far as it can.", use);
  else use();
}

function watch(found, busy) {
  const heard = (worker) => {
    if (worker.state === "installed" && navigator.serviceWorker.controller) offer(worker, busy);
  };
  if (found.waiting) heard(found.waiting);
  found.addEventListener("updatefound", () => {
    const worker = found.installing;
    worker?.addEventListener("statechange", () => heard(worker));
  });
}

/** Keep the package on the phone, look for newer ones, and say what became of it. `contents`: what is shown, if any. */
export async function keepUp(contents, busy) {
  const workers = navigator.serviceWorker;
  if (contents) tellUpdated(contents);
  if (!workers) return;
  const before = workers.controller;
  workers.addEventListener("controllerchange", () => {
    if (before || !contents) location.reload();
  });
  workers.addEventListener("message", ({ data }) => {
    if (data.refused && contents) tell(`A newer package was not taken: ${data.refused} This one stays.`);
  });
  try {
    watch(await workers.register("worker.js", { updateViaCache: "none" }), busy);
  } catch {
    // no network, or a package that was refused
  }
  if (before) await lookForNewer();
  addEventListener("online", lookForNewer);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && lookForNewer());
}
