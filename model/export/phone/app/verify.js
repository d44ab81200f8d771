// Whether a package may be used: every file as its list says, the list signed, not expired. A plain script, so that the
// page and the worker, in every browser, share it.

"use strict";

self.phonePackage = (() => {
  const CONTENTS = "contents.json";
  const SIGNATURE = "signature.json";
  const SHOWN = 32; // digits of a fingerprint: fewer could be met by another key
  const WHERE = "Open it again where the server can be reached, or ask whoever gave it to you.";

  class Unusable extends Error {}

  const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  async function sha256(bytes) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function read(bytes, name) {
    try {
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      throw new Unusable(`${name} of this package cannot be read. ${WHERE}`);
    }
  }

  async function checkSignature(signed, signature, fingerprint) {
    const key = fromBase64(signature.public_key ?? "");
    if ((await sha256(key)).slice(0, SHOWN) !== fingerprint) {
      throw new Unusable(`The package is signed by another key than it says. ${WHERE}`);
    }
    let holds;
    try {
      const known = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
      holds = await crypto.subtle.verify({ name: "Ed25519" }, known, fromBase64(signature.signature ?? ""), signed);
    } catch (error) {
      if (error.name === "NotSupportedError") {
        throw new Unusable("This browser cannot check signatures (Ed25519). Take a newer one.");
      }
      throw new Unusable(`The signature of this package cannot be read. ${WHERE}`);
    }
    if (!holds) throw new Unusable(`The package was changed after it was signed. ${WHERE}`);
  }

  const endOf = (day) => Date.parse(`${day}T23:59:59.999Z`);

  function checkTime(contents, now) {
    if (!(now <= endOf(contents.expires))) {
      const error = new Unusable("expired");
      error.expired = contents;
      throw error;
    }
  }

  /** A package replaces another only if it is no older, and signed by the same key where that one is signed. */
  function checkReplaces(contents, before) {
    if (before?.signed_by && contents.signed_by !== before.signed_by) {
      throw new Unusable("A newer package is not signed by the key of this one.");
    }
    if (before && !(contents.created >= before.created)) {
      throw new Unusable("What the server has was made before this one.");
    }
  }

  /** Every file of a package, by name, and its list, checked.
   *
   * `fetched(name)` gives a file's bytes, `now(contents)` the time in milliseconds; `before` is the list of the package
   * that this one replaces, if any. */
  async function verified(fetched, { now, before }) {
    if (!self.crypto?.subtle) throw new Unusable("Open this page over https: without it nothing can be checked.");
    const listed = await fetched(CONTENTS);
    const contents = read(listed, CONTENTS);
    checkReplaces(contents, before);
    if (contents.signed_by) {
      await checkSignature(listed, read(await fetched(SIGNATURE), SIGNATURE), contents.signed_by);
    }
    const files = new Map([[CONTENTS, listed]]);
    const names = Object.keys(contents.files);
    const all = await Promise.all(names.map(async (name) => [name, await fetched(name)]));
    for (const [name, bytes] of all) {
      if ((await sha256(bytes)) !== contents.files[name].sha256) {
        throw new Unusable(`${name} is not what the package says it is. ${WHERE}`);
      }
      files.set(name, bytes);
    }
    checkTime(contents, now(contents));
    return { contents, files };
  }

  return { CONTENTS, SIGNATURE, Unusable, verified, endOf };
})();
