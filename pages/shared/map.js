// A click on a band of the map looks into it, as a press of its button below does; without buttons the map goes in itself.
// No tag may stand in here: what is sent as markup is cleaned of whatever looks like one, this script with it.
if (!window.whatifMap) {
  window.whatifMap = true;
  document.addEventListener("click", (event) => {
    const label = event.target.closest?.(".st-key-where g.slice")?.__data__?.data?.data?.label;
    const named = label?.replaceAll("\x3cbr\x3e", " ");
    const buttons = [...document.querySelectorAll(".st-key-bands button")];
    const button = buttons.find((each) => named && each.innerText.trim().startsWith(`${named}, PD`));
    if (!button) return;
    event.stopPropagation();
    button.click();
  }, true);
}
