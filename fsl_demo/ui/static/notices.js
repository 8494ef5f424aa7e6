// What the server has to say after a request: sentences at the foot of the page, until they are dismissed or replaced.
import { element, html } from "./dom.js";
import { t } from "./texts.js";

export function show(list) {
  if (!list?.length) return;
  const place = document.getElementById("notices");
  if (!place) return;
  const kind = list.some((notice) => notice.kind === "error") ? "error" : "done";
  place.replaceChildren(
    element(html`<div class="notice ${kind}" role="${kind === "error" ? "alert" : "status"}">
      <div>${list.map((notice) => html`<p>${notice.text}</p>`)}</div>
      <button class="icon" data-action="dismiss-notice" aria-label="${t("close")}">×</button></div>`),
  );
}

export const clear = () => document.getElementById("notices")?.replaceChildren();
