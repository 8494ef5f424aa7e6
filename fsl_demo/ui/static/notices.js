// What the server has to say after a request: sentences at the foot of the page, until they are dismissed or replaced.
// What was done leaves by itself, unless somebody is at it; an error stays.
import { element, html } from "./dom.js";
import { t } from "./texts.js";

export function show(list) {
  if (!list?.length) return;
  const place = document.getElementById("notices");
  if (!place) return;
  const kind = list.some((notice) => notice.kind === "error") ? "error" : "done";
  const shown = element(html`<div class="notice ${kind}" role="${kind === "error" ? "alert" : "status"}">
      <div>${list.map((notice) => html`<p>${commands(notice.text)}</p>`)}</div>
      <button class="icon" data-action="dismiss-notice" aria-label="${t("close")}">×</button></div>`);
  shown.addEventListener("animationend", () => shown.remove());
  place.replaceChildren(shown);
}

// A sentence's commands stand between backticks.
const commands = (text) => text.split("`").map((part, number) => (number % 2 ? html`<code>${part}</code>` : part));

export const clear = () => document.getElementById("notices")?.replaceChildren();
