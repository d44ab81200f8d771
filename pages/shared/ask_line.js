// The keys of the line that is asked in words: "/" goes to it, Enter reads it, and Enter again applies what it shows;
// arrow down goes to what it could have been. What was understood is said aloud. Without this the line works by Tab.
const line = () => document.querySelector(".st-key-ask input");
const card = () => document.querySelector(".st-key-ask_card");
const shown = { data: {}, entered: null, back: false, owner: 0 };

function typing(element) {
  return element && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));
}

function pressed(event) {
  const input = line();
  if (!input || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "/" && !typing(event.target) && input.offsetParent !== null) {
    event.preventDefault();
    input.focus();
    input.select();
  } else if (event.key === "Enter" && event.target === input) {
    const again = shown.entered === input.value && shown.data.line === input.value && shown.data.certain;
    shown.entered = input.value;
    if (again) card()?.querySelector(".st-key-ask_apply button")?.click();
  } else if (event.key === "ArrowDown" && event.target === input) {
    const first = card()?.querySelector(".st-key-ask_offers button");
    if (first) {
      event.preventDefault();
      first.focus();
    }
  } else if (event.key === "Escape" && card()?.contains(event.target)) {
    input.focus();
  }
}

function clicked(event) {
  if (card()?.contains(event.target) && event.target.closest("button")) shown.back = true;
}

export default function (component) {
  const { parentElement, data } = component;
  shown.data = data || {};
  if (shown.entered !== shown.data.line) shown.entered = null;
  const aloud = parentElement.querySelector("[role=status]");
  if (aloud && aloud.textContent !== shown.data.aloud) aloud.textContent = shown.data.aloud || "";
  const owner = ++shown.owner; // a page that goes may be taken down after the next one stands
  document.addEventListener("keydown", pressed); // once, however often
  document.addEventListener("click", clicked);
  if (shown.back) {
    shown.back = false;
    requestAnimationFrame(() => line()?.focus());
  }
  return () => {
    if (shown.owner !== owner) return;
    document.removeEventListener("keydown", pressed);
    document.removeEventListener("click", clicked);
  };
}
