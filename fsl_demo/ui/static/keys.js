// Keys: elements on view say which key presses them; the tab on view has the others.
import { element, html, isShown, isTyping } from "./dom.js";
import * as label from "./label.js";
import * as results from "./results.js";
import * as review from "./review.js";
import { t } from "./texts.js";

const nameOf = (event) => (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.key.length === 1 ? event.key.toLowerCase() : event.key);

export function listen(enlarge) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    const menu = event.target.closest?.(".menu-of");
    if (menu) return inMenu(menu, event);
    const name = nameOf(event);
    if (isTyping(event.target) && !/^Ctrl\+(Enter|s)$/.test(name)) return;
    const el = [...document.querySelectorAll(`[data-key="${CSS.escape(name)}"]`)].find((other) => isShown(other) && !other.disabled);
    if (el && !(name === "Escape" && results.isOnView() && results.selection())) {
      event.preventDefault();
      return el.click();
    }
    if (name.startsWith("Ctrl+") || event.target.closest?.("[data-arrows] button, [data-point], summary")) return;
    if (name === "?") return help();
    const used = label.isOnView() ? inside(event, "#label-queue, #question") && label.key(event) : review.isOnView() ? inside(event, "#review-stage") && review.key(event) : results.isOnView() && results.key(event);
    if (!used) return;
    event.preventDefault();
    if (used === "enlarge") enlarge();
  });
}

// Enter confirms wherever the focus is in these places, but not on the buttons of the line above them.
function inside(event, places) {
  if (event.key !== "Enter" && event.key !== " ") return true;
  const control = event.target.closest?.("button:not([role=tab]), a, input, summary");
  return !control || (event.key === "Enter" && Boolean(event.target.closest?.(`${places}, body > *:not(.gradio-container)`)));
}

function inMenu(menu, event) {
  const buttons = [...menu.querySelectorAll("button")];
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by) {
    event.preventDefault();
    buttons.at((buttons.indexOf(document.activeElement) + by) % buttons.length).focus();
  }
  if (event.key === "Escape") {
    event.preventDefault();
    menu.remove();
  }
}

const HELP = [
  ["Enter", "keys.enter"],
  ["1–9 · 01–99", "keys.digits"],
  ["a–z", "keys.letters"],
  ["0 · 00", "keys.none"],
  ["← →", "keys.arrows"],
  ["+", "keys.join"],
  ["Delete", "keys.delete"],
  ["Ctrl+Z", "keys.undo"],
  ["Ctrl+S", "keys.save"],
  ["Ctrl+Enter", "keys.predict"],
  ["␣", "keys.space"],
  ["Esc", "keys.escape"],
  ["?", "keys.help"],
];

export function help() {
  const dialog = document.getElementById("keys-help");
  dialog.replaceChildren(
    element(html`<div><h2>${t("keys")}</h2><table>${(review.isOnView() ? review.HELP : HELP).map(([key, text]) => html`<tr><td><kbd>${key}</kbd></td><td>${t(text)}</td></tr>`)}</table><form method="dialog"><button class="primary" autofocus>${t("close")}</button></form></div>`),
  );
  dialog.showModal();
}
