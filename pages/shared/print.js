// A page that is printed begins with what it is, of when and by which model, and what is assumed as a line; its charts
// are as wide as the paper, and a table of which only a part was in sight says so. Afterwards all is as it was.
if (!window.whatifPrint) {
  window.whatifPrint = true;
  const texts = (found) => [...document.querySelectorAll(found)].map((each) => each.textContent.trim()).filter(Boolean);
  const line = (parent, kind, text) => {
    if (text) parent.appendChild(document.createElement(kind)).textContent = text;
  };
  const rows = (grid) => {
    const all = Number(grid.getAttribute("aria-rowcount")) - 1; // the heads are a row, too
    const seen = [...grid.querySelectorAll("tbody tr")].map((each) => Number(each.getAttribute("aria-rowindex")) - 1);
    const [first, last] = [Math.min(...seen), Math.max(...seen)];
    return seen.length && last - first + 1 < all ? `Of ${all.toLocaleString("en")} rows, ${first} to ${last} were in sight. The file below the table, CSV or Excel, has them all.` : "";
  };
  const before = () => {
    after();
    const place = document.querySelector(".stMainBlockContainer");
    if (!place) return;
    const head = document.createElement("div");
    head.className = "wi-print";
    const day = new Date().toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
    const model = /model \S+( at \S+)?/.exec(texts(".wi-badge").join(" "))?.[0] ?? "";
    const chips = texts(".st-key-changed button").map((each) => each.replace(/\s*✕$/, ""));
    line(head, "h1", document.title.split(" · ").slice(0, 2).join(": "));
    line(head, "p", texts(".wi-about")[0]);
    line(head, "p", [`Printed on ${day}`, model, ...texts("[class*=st-key-frame_trust_]")].filter(Boolean).join(" · "));
    line(head, "p", chips.length ? `Assumed: ${chips.join("; ")}.` : "");
    place.prepend(head);
    const paper = getComputedStyle(document.querySelector(".stApp")).backgroundColor.match(/\d+/g) ?? [255];
    document.documentElement.classList.toggle("wi-dark", Number(paper[0]) < 128);
    for (const each of document.querySelectorAll(".stDataFrame")) {
      const grid = each.querySelector("table[role=grid]");
      if (!grid) continue;
      const told = document.createElement("div");
      told.className = "wi-print wi-print-rows";
      line(told, "p", rows(grid));
      if (told.firstChild) each.closest(".stElementContainer").append(told);
    }
    for (const each of document.querySelectorAll(".stPlotlyChart .main-svg")) {
      const [wide, high] = [each.getAttribute("width"), each.getAttribute("height")];
      if (wide && high) each.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    }
  };
  const after = () => {
    for (const each of document.querySelectorAll(".wi-print")) each.remove();
    for (const each of document.querySelectorAll(".stPlotlyChart .main-svg[viewBox]")) each.removeAttribute("viewBox");
    document.documentElement.classList.remove("wi-dark");
  };
  addEventListener("beforeprint", before);
  addEventListener("afterprint", after);
}
