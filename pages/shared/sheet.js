// Escape closes the sheet of controls, and what opened it has the focus again.
if (!window.whatifSheet) {
  window.whatifSheet = true;
  document.addEventListener("keydown", (event) => {
    const sheet = document.querySelector(".wi-sheet[open]");
    const inside = document.activeElement?.closest(".wi-sheet, .st-key-levers");
    const taken = document.querySelector("[role=listbox], [role=dialog]");  // a list that is open closes first
    if (event.key !== "Escape" || !sheet?.checkVisibility() || !inside || taken) return;
    sheet.open = false;
    sheet.querySelector("summary").focus();
  }, true);
}
