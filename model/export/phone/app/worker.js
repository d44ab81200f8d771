// Keeps the package on the phone and takes up a newer one: all of it, checked, or nothing.

"use strict";

importScripts("verify.js");

const PACKAGE = "PACKAGE-ID";
const OURS = `what-if ${self.registration.scope} `;
const { CONTENTS, SIGNATURE, verified } = self.phonePackage;

const addressOf = (name) => new URL(name, self.registration.scope).href;
const kept = async () => (await caches.keys()).filter((name) => name.startsWith(OURS));

/** The list of the package that answers now; undefined where there is none yet. */
async function installed() {
  for (const name of await kept()) {
    if (name === OURS + PACKAGE) continue;
    const found = await (await caches.open(name)).match(addressOf(CONTENTS));
    if (found) return found.json();
  }
  return undefined;
}

/** A file of the newer package as the server has it, kept as it came for the cache. */
function collecting(answers) {
  return async (name) => {
    const answer = await fetch(addressOf(name), { cache: "no-store", credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error(`The server does not give ${name} (${answer.status}).`);
    answers.set(name, answer.clone());
    return new Uint8Array(await answer.arrayBuffer());
  };
}

async function install() {
  const answers = new Map();
  const { contents } = await verified(collecting(answers), { now: () => Date.now(), before: await installed() });
  if (contents.package !== PACKAGE) throw new Error("The server was given a newer package meanwhile.");
  const cache = await caches.open(OURS + PACKAGE);
  await Promise.all([...answers].map(([name, answer]) => cache.put(addressOf(name), answer)));
}

async function tell(message) {
  for (const page of await self.clients.matchAll({ includeUncontrolled: true })) page.postMessage(message);
}

async function installOrTell() {
  try {
    await install();
  } catch (error) {
    await tell({ refused: error.message });
    throw error;
  }
}

/** Forgets earlier packages; while another is on its way here, its place is not looked at. */
async function activate() {
  const { installing, waiting } = self.registration;
  const others = installing || waiting ? [] : (await kept()).filter((name) => name !== OURS + PACKAGE);
  await Promise.all(others.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(request) {
  const page = request.mode === "navigate";
  const cache = await caches.open(OURS + PACKAGE);
  const found = await cache.match(page ? addressOf("index.html") : request, { ignoreSearch: page });
  return found ?? fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(installOrTell()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(self.registration.scope)) event.respondWith(answer(event.request));
});
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});
