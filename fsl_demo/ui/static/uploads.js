// Files on their way in: a few at a time, with progress and Stop; what each becomes is said.
import * as collections from "./collections.js";
import { token } from "./dom.js";
import * as jobs from "./jobs.js";
import * as queue from "./queue.js";
import * as state from "./state.js";
import { t } from "./texts.js";

const AT_ONCE = 3;
const ARCHIVE = /\.(zip|tar)$/i;
const LABELS = /\.(zip|tar|parquet|json|jsonl|csv|tsv|xml)$/i;
const LARGEST = 20e6;
const SYSTEM = /(^|\/)(\.|__MACOSX|Thumbs\.db|desktop\.ini)/;
const TOGETHER = 25;
const MEGABYTE = 1e6;

const NAMED = "named:";

// Whether files go to a named collection.
export const isNamed = (target) => target.startsWith(NAMED);

export const nameOf = (target) => target.slice(NAMED.length);

// Files that go to a named collection: archives and files of labels are imported as a whole, pictures one by one.
export function archivesFor(target, items) {
  const isWhole = ({ name }) => isNamed(target) && LABELS.test(name) && !name.includes("/");
  return { archives: items.filter(isWhole), pictures: items.filter((item) => !isWhole(item)) };
}

// Add files, as { file, name } with the path as name, to a class (by key), "queries", "classes", "collection", or a
// named collection.
export async function add(items, target) {
  const shown = items.filter(({ name }) => !SYSTEM.test(name));
  const { files, told } = target === "classes" || isNamed(target) ? await inClasses(shown) : { files: shown, told: [] };
  if (!files.length && !told.length) return;
  jobs.tidy();
  const id = token(8);
  const upload = new Upload(id, files, target);
  upload.refused.push(...told);
  await upload.run();
}

// Files of folders with their classes, as the workbench finds them; archives that lie in no folder as they are.
async function inClasses(items) {
  const isWhole = ({ name }) => ARCHIVE.test(name) && !name.includes("/");
  const archives = items.filter(isWhole);
  const loose = items.filter((item) => !isWhole(item));
  if (!loose.length) return { files: archives, told: [] };
  const body = JSON.stringify({ draft: queue.currentDraft(), paths: loose.map(({ name }) => name) });
  const answer = await fetch("/workbench/layout", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const { classes, told, error } = await answer.json();
  if (!answer.ok) return { files: archives, told: [error] };
  return { files: [...classes.map(([number, name]) => ({ ...loose[number], className: name })), ...archives], told };
}

class Upload {
  constructor(id, files, target) {
    Object.assign(this, { id, files, target, next: 0, sent: 0, read: 0, expected: files.length, stopped: false, refused: [], entries: [], added: 0, repeated: 0 });
    this.bytes = files.reduce((sum, { file }) => sum + file.size, 0);
    this.seen = new Set(target === "queries" ? state.rows().map((row) => row.sha) : []);
    this.running = new Set();
    this.first = new Map();
    this.taken = 0;
    this.batch = `upload-${id}`;
  }

  async run() {
    this.tell();
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.work()));
    this.place();
    this.over = true;
    this.tell();
  }

  stop() {
    this.stopped = true;
    for (const request of this.running) request.abort();
  }

  async work() {
    while (this.next < this.files.length && !this.stopped) {
      const item = this.files[this.next];
      this.next += 1;
      if (item.file.size > LARGEST && !ARCHIVE.test(item.name)) {
        item.over = true;
        this.refused.push(t("upload.too_large", { file: item.file.name, megabytes: (item.file.size / MEGABYTE).toFixed(0) }));
        this.read += 1;
      } else {
        await this.send(item);
      }
      this.tell();
    }
  }

  send(item) {
    const { file, name } = item;
    item.entries = [];
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      let [position, before, counted] = [0, 0, false];
      const lines = () => {
        const text = request.responseText;
        for (let end = text.indexOf("\n", position); end >= 0; end = text.indexOf("\n", position)) {
          const entry = JSON.parse(text.slice(position, end));
          position = end + 1;
          if (!counted) {
            counted = true;
            this.expected += entry.total - 1;
          }
          item.entries.push({ ...entry, class_name: item.className || entry.class_name });
          this.advance();
        }
      };
      request.upload.onprogress = (event) => {
        this.sent += event.loaded - before;
        before = event.loaded;
        this.tell();
      };
      request.onprogress = lines;
      request.onload = lines;
      request.onerror = () => this.refused.push(t("upload.failed", { file: name }));
      request.onloadend = () => {
        this.running.delete(request);
        item.over = true;
        this.advance();
        resolve();
      };
      request.open("POST", `/workbench/uploads?draft=${queue.currentDraft()}&target=${isNamed(this.target) ? "classes" : this.target}`);
      request.setRequestHeader("X-Path", encodeURIComponent(name));
      request.setRequestHeader("Content-Type", "application/octet-stream");
      this.running.add(request);
      request.send(file);
    });
  }

  // Take what has arrived, file after file, whatever was read first.
  advance() {
    for (; this.taken < this.files.length; this.taken += 1) {
      const { entries = [], over } = this.files[this.taken];
      for (const entry of entries.splice(0)) this.take(entry);
      if (!over) return;
    }
  }

  // Of pictures of classes with the same pixels only the first counts.
  isAgain({ sha, path, class_name: name }) {
    const before = this.first.get(sha);
    if (!name || !before) {
      this.first.set(sha, { path, name });
      return false;
    }
    const last = (file) => file.split("/").pop();
    this.refused.push(t(before.name === name ? "upload.twice" : "upload.two_classes", { file: last(path), name, first: last(before.path), other: before.name }));
    return true;
  }

  take(entry) {
    this.read += 1;
    if (entry.error) this.refused.push(entry.error);
    if (entry.sha && !this.isAgain(entry)) {
      const again = this.seen.has(entry.sha);
      this.seen.add(entry.sha);
      this.repeated += again;
      this.added += !again;
      this.entries.push(entry);
      if (this.entries.length >= TOGETHER && !isNamed(this.target)) this.place(); // a collection gets all or nothing
    }
    this.tell();
  }

  // Put what has arrived where it belongs.
  place() {
    const entries = this.entries.splice(0);
    if (!entries.length) return;
    const pictures = entries.map((entry) => [entry.sha, entry.path]);
    if (isNamed(this.target)) collections.uploaded(this.target.slice(NAMED.length), entries);
    else if (this.target === "collection") queue.send("add_to_collection", { pictures: entries.map((entry) => entry.sha) });
    else if (this.target === "classes") queue.send("add_class_pictures", { pictures: entries.map((entry) => [entry.class_name, entry.sha, entry.path]), batch: this.batch });
    else queue.send("add_pictures", { target: this.target, pictures, batch: this.batch });
  }

  tell() {
    if (this.frame && !this.over) return;
    cancelAnimationFrame(this.frame);
    this.frame = undefined;
    const report = () => {
      this.frame = undefined;
      jobs.report(this.id, {
        title: t("upload.title"),
        text: this.over ? this.summary() : t("upload.progress", { n: this.read, total: this.expected, sent: (this.sent / MEGABYTE).toFixed(0), bytes: (this.bytes / MEGABYTE).toFixed(0) }),
        share: this.bytes ? 0.5 * Math.min(1, this.sent / this.bytes) + 0.5 * (this.read / Math.max(1, this.expected)) : 0,
        over: Boolean(this.over),
        leaves: this.over && !this.stopped && !this.refused.length,
        lines: this.refused,
        stop: () => this.stop(),
      });
    };
    if (this.over) report();
    else this.frame = requestAnimationFrame(report);
  }

  summary() {
    const parts = [t("upload.added", { n: this.added })];
    if (this.repeated) parts.push(t("upload.repeated", { n: this.repeated }));
    if (this.stopped) parts.push(t("upload.stopped", { n: this.expected - this.read }));
    return parts.join(" ");
  }
}

// Files and folders that were dropped, with their paths.
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return { items: [...transfer.files].map((file) => ({ file, name: file.name })), folders: false };
  const items = (await Promise.all(entries.map((entry) => filesOf(entry)))).flat();
  return { items, folders: entries.some((entry) => entry.isDirectory) };
}

async function filesOf(entry, path = "") {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, name: path + file.name }];
  }
  const reader = entry.createReader();
  const files = [];
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return files;
    for (const child of entries) files.push(...(await filesOf(child, `${path}${entry.name}/`)));
  }
}

// Whether there is an archive among files.
export const hasArchive = (items) => items.some(({ name }) => ARCHIVE.test(name));

// Where a drop goes: folders and archives fill the classes, unless they are dropped on the queries or the search.
export const targetOf = (zone, folders, items) =>
  (folders || hasArchive(items)) && !["queries", "collection"].includes(zone) && !isNamed(zone) ? "classes" : zone === "classes" ? "queries" : zone;
