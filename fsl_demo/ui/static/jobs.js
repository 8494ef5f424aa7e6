// What runs, and what has come of it: jobs of the server, and uploads of this page. They never change the tab.
import { element, html, isShown, morph, onceReleased, post } from "./dom.js";
import * as notices from "./notices.js";
import { currentDraft, settled } from "./queue.js";
import * as state from "./state.js";
import { t } from "./texts.js";

const started = new Set(); // jobs that this page asked for
const finished = new Set(); // jobs whose end was acted upon
const hidden = new Set(); // jobs that are on view in this page, but perhaps not in the one that asked for them
const uploads = new Map(); // by id: { title, text, share, over, leaves, lines, stop }
const onEnd = new Map(); // job kind to what follows its end, in order

export const afterEnd = (kind, follow) => onEnd.set(kind, [...(onEnd.get(kind) ?? []), follow]);

const QUIET = new Set(["suggest"]); // jobs that go on behind what the person does; how far they are is said elsewhere

const GO = { predict: "results", describe: "results" };

// Ask for a job once everything that was changed is written.
export async function start(name, values = {}) {
  commit();
  await settled();
  try {
    const answer = await post("job", { draft: currentDraft(), name, values });
    if (answer.notices.length) notices.show(answer.notices);
    else if (!QUIET.has(name)) notices.clear();
    if (answer.job) started.add(answer.job);
    return answer.job;
  } catch (error) {
    notices.show([{ kind: "error", text: error.message }]);
    return "";
  }
}

// What is being typed counts before anything is computed from it.
function commit() {
  const active = document.activeElement;
  if (active?.matches?.("input[data-edit], textarea[data-edit]")) active.dispatchEvent(new Event("change", { bubbles: true }));
}

export const stop = (id) => (uploads.has(id) ? uploads.get(id).stop() : post("job/stop", { draft: currentDraft(), name: id }));

export function dismiss(id) {
  if (uploads.delete(id)) draw();
  else post("job/dismiss", { draft: currentDraft(), name: id });
}

// An upload of which there is nothing to read leaves by itself, as notices do.
document.addEventListener("animationend", ({ target }) => target.matches(".job.leaves") && dismiss(target.id.slice("job-".length)));

// Uploads that are over and left nothing out have been seen when the next one begins.
export function tidy() {
  for (const [id, upload] of uploads) if (upload.over && !upload.lines.length) uploads.delete(id);
}

export function report(id, upload) {
  uploads.set(id, upload);
  onceReleased(draw);
}

export function draw() {
  const place = document.getElementById("jobs");
  if (!place) return;
  const jobs = state.data("jobs", []);
  for (const job of jobs) {
    if (!["done", "stopped", "failed"].includes(job.state) || finished.has(job.id)) continue;
    finished.add(job.id);
    for (const follow of onEnd.get(job.kind) ?? []) follow(job);
    if (job.file && started.has(job.id)) download(job.file);
    const tab = document.querySelector(`[data-mounted="${GO[job.kind]}"]`);
    if (job.state === "done" && !job.notices.length && (["index", "find_places"].includes(job.kind) || (tab && isShown(tab)))) {
      if (started.has(job.id)) dismiss(job.id);
      else hidden.add(job.id);
    }
  }
  morph(place, html`${[...uploads].map(([id, upload]) => uploadBox(id, upload))}${jobs.filter((job) => !hidden.has(job.id) && !(QUIET.has(job.kind) && !job.notices.length)).map(jobBox)}`);
}

function download(file) {
  const link = element(html`<a download="${file}" href="/workbench/exports/${encodeURIComponent(file)}"></a>`);
  document.body.append(link);
  link.click();
  link.remove();
}

function box(id, kind, over, head, body, share, leaves = false) {
  return html`<div class="job ${kind} ${leaves ? "leaves" : ""}" id="job-${id}" data-kind="${kind}" role="group" aria-label="${head}"><div class="line"><span class="grow">${body}</span>
  ${over ? html`<button class="icon" data-action="dismiss-job" data-job-id="${id}" aria-label="${t("close")}">×</button>` : html`<button class="quiet" data-action="stop-job" data-job-id="${id}" data-key="Escape">${t("stop")} <kbd>Esc</kbd></button>`}</div>
  ${over ? "" : html`<progress max="1" ${share === null ? "" : html`value="${share}"`} aria-label="${head}"></progress>`}</div>`;
}

function jobBox(job) {
  const over = ["done", "stopped", "failed"].includes(job.state);
  const go = GO[job.kind];
  const outcome = {
    done: html`${go ? t("job.ready") : job.text || t("job.done", { title: job.title })}
      ${go ? html`<button class="primary" data-action="go" data-tab="${go}">${t("job.show")}</button>` : ""}
      ${job.file ? html`<a class="button" download="${job.file}" href="/workbench/exports/${encodeURIComponent(job.file)}">${job.file}</a>` : ""}`,
    stopped: html`${t(job.kind === "download" ? "download_stopped" : "stopped")} ${go ? html`<button class="quiet" data-action="go" data-tab="${go}">${t("job.show")}</button>` : ""}`,
    failed: t("job.failed", { title: job.title }),
  }[job.state];
  const notes = job.notices.map((notice) => html`<p class="warn">${notice.text}</p>`);
  return box(job.id, job.kind, over, job.title, html`<span class="job-state" data-state="${job.state}">${outcome ?? html`${job.title}: ${job.text}`}</span>${notes}`, job.share || null);
}

function uploadBox(id, upload) {
  const lines = upload.lines.slice(0, 50).map((line) => html`<li>${line}</li>`);
  const list = lines.length ? html`<details id="lines-${id}" ${upload.lines.length <= 3 ? "open" : ""}><summary>${t("upload.left_out", { n: upload.lines.length })}</summary><ul>${lines}</ul></details>` : "";
  return box(id, "upload", upload.over, upload.title, html`<span data-state="${upload.over ? "done" : "running"}">${upload.text}</span>${list}`, upload.share, upload.leaves);
}
