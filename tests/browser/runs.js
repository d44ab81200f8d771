// Runs before anything of a page: counts what Streamlit's client asks the server to run and what the server has run.
// `whatif.owed` says that a run was asked for which has not ended yet, `whatif.messages` how many messages have passed.
(() => {
  const RERUN = 11; // of BackMsg
  const NEW_SESSION = 4, SCRIPT_FINISHED = 6, EARLY_FOR_RERUN = 2; // of ForwardMsg
  const runs = (window.whatif = { owed: false, messages: 0 });
  let begun = true; // a run has begun since the last was asked for

  const number = (bytes, at) => { // a varint: its value, and where the next byte is
    let value = 0;
    for (let place = 1; ; place *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * place;
      if (byte < 128) return [value, at];
    }
  };
  const fields = (bytes) => { // of a message of protocol buffers: the plain numbers by field, 0 for what has a length
    const found = new Map();
    for (let at = 0; at < bytes.length; ) {
      let key, value;
      [key, at] = number(bytes, at);
      [value, at] = number(bytes, at);
      found.set(key >> 3, key & 7 ? 0 : value);
      if (key & 7) at += value;
    }
    return found;
  };

  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        runs.messages += 1;
        const told = fields(new Uint8Array(data));
        if (told.has(NEW_SESSION)) begun = true;
        if (told.has(SCRIPT_FINISHED) && told.get(SCRIPT_FINISHED) !== EARLY_FOR_RERUN && begun) runs.owed = false;
      });
    }
    send(data) {
      runs.messages += 1;
      if (fields(data).has(RERUN)) [runs.owed, begun] = [true, false];
      super.send(data);
    }
  };
})();

// What the page still waits for, in words: nothing once no run is owed or under way and nothing is dimmed from one.
window.whatif.pending = () => {
  const state = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState;
  const dimmed = [...document.querySelectorAll(".stElementContainer")].filter(
    (each) => each.dataset.stale === "true" || getComputedStyle(each).opacity !== "1",
  );
  return [
    ...(window.whatif.owed ? ["a run that was asked for"] : []),
    ...(state === "notRunning" ? [] : [`the script, ${state}`]),
    ...(document.querySelector("[data-testid=stSkeleton]") ? ["a skeleton"] : []),
    ...dimmed.map((each) => `dimmed: ${each.className}`),
  ];
};

// Without a window Chromium sometimes gives a page that was made narrower neither frames nor idle time until something is
// drawn: then so many ms are enough.
const DRAWS_NOTHING = 1000;

// Until nothing is waited for, and the browser has drawn what the last run brought.
window.whatif.settled = async (quiet) => {
  const { whatif } = window;
  const still = () => whatif.pending().length === 0;
  for (;;) {
    const [stood, before] = [still(), whatif.messages];
    await new Promise((done) => setTimeout(done, quiet));
    await new Promise((done) => requestIdleCallback(done, { timeout: DRAWS_NOTHING })); // nothing else to do
    if (stood && still() && whatif.messages === before) return true;
  }
};
