// Everything the page does in the browser itself: events of our HTML blocks, uploads, keys, language, overlays.
(() => {
  const cookie = (name) => document.cookie.split("; ").find((c) => c.startsWith(name + "="))?.split("=")[1];

  const wanted = cookie("fsl_language") || navigator.languages.find((l) => /^(zh|en)/i.test(l)) || "en";
  document.documentElement.lang = /^zh/i.test(wanted) ? "zh-TW" : "en";

  const CHUNK = 4;
  const LARGEST = 20e6;
  const fieldValue = (el) => (el.type === "checkbox" ? el.checked : el.value);

  async function filesOf(entry, path = "") {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      return [{ file, name: path + file.name }];
    }
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!entries.length) break;
      for (const child of entries) found.push(...(await filesOf(child, path + entry.name + "/")));
    }
    return found;
  }

  function mount(element, trigger, upload, watch) {
    const typed = new Map();
    const opened = new Set();
    let focused = null;
    let ticked = null;

    const root = () => element.querySelector("[data-draft]") || element;
    const fields = () =>
      Object.fromEntries(
        [...element.querySelectorAll("[data-field]")]
          .filter((el) => !("auto" in el.dataset) || el.dataset.touched)
          .map((el) => [el.dataset.field, fieldValue(el)]),
      );
    const emit = (event, data) => {
      typed.clear();
      trigger(event, { ...data, draft: root().dataset.draft || "", fields: fields() });
    };
    const act = (el, more = {}) => emit(el.dataset.event || "act", { ...el.dataset, ...more });

    async function add(items, target) {
      const pictures = items.filter(({ name }) => !/(^|\/)(\.|__MACOSX|Thumbs\.db|desktop\.ini)/.test(name));
      const batch = Math.random().toString(36).slice(2);
      for (let i = 0; i < pictures.length; i += CHUNK) {
        root().classList.add("busy");
        root().dataset.progress = `${i} / ${pictures.length}`;
        const files = await Promise.all(
          pictures.slice(i, i + CHUNK).map(async ({ file, name }) => {
            const tooLarge = file.size > LARGEST && !/\.zip$/i.test(name);
            if (tooLarge || !file.size) return { name, size: file.size };
            try {
              return { name, size: file.size, path: (await upload(file)).path };
            } catch (error) {
              return { name, size: file.size };
            }
          }),
        );
        emit("act", { action: "add", target, batch, files });
      }
    }

    element.addEventListener("click", (e) => {
      if (e.target.matches('[data-field^="pick:"]')) {
        const boxes = [...element.querySelectorAll('[data-field^="pick:"]')];
        const [from, to] = [boxes.findIndex((box) => box.dataset.field === ticked), boxes.indexOf(e.target)];
        if (e.shiftKey && from >= 0)
          boxes.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((box) => (box.checked = e.target.checked));
        ticked = e.target.dataset.field;
      }
      if (e.target.matches("[data-all]")) {
        element.querySelectorAll('[data-field^="pick:"]').forEach((box) => (box.checked = e.target.checked));
        return;
      }
      const opener = e.target.closest("[data-open]");
      if (opener) return element.querySelector(opener.dataset.open)?.click();
      const el = e.target.closest("[data-action], summary");
      if (!el || /^(SUMMARY|SELECT|INPUT)$/.test(el.tagName) || el.disabled) return;
      e.preventDefault();
      if (el.dataset.action === "example") opened.delete("examples");
      act(el);
    });
    // A place on a picture of the explanation: by pointer, or with the arrow keys from the middle.
    const point = (el, x, y) => {
      Object.assign(el.dataset, { x, y });
      act(el, { action: "explain", on: el.dataset.point, x, y });
    };
    element.addEventListener("click", (e) => {
      const el = e.target.closest("[data-point]");
      if (!el) return;
      const box = el.getBoundingClientRect();
      point(el, (e.clientX - box.left) / box.width, (e.clientY - box.top) / box.height);
    });
    element.addEventListener("keydown", (e) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Enter: [0, 0] }[e.key];
      const el = e.target.closest("[data-point]");
      if (!el || !step) return;
      e.preventDefault();
      const [x, y] = ["x", "y"].map((axis, i) => Math.min(0.99, Math.max(0.01, Number(el.dataset[axis] ?? 0.5) + step[i] / 10)));
      point(el, x, y);
    });
    element.addEventListener("keydown", (e) => {
      const el = e.target.closest("[data-action][tabindex]");
      if (el && el === e.target && (e.key === "Enter" || e.key === " ")) {
        e.preventDefault();
        act(el);
      }
      if (e.target.matches("input[type=text][data-field]") && e.key === "Enter" && !e.isComposing) {
        const button = e.target.dataset.enter && element.querySelector(e.target.dataset.enter);
        if (button && !e.ctrlKey) button.click();
        else e.target.blur();
      }
    });
    element.addEventListener("change", (e) => {
      const el = e.target;
      if (el.type === "file") {
        const items = [...el.files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
        el.value = "";
        add(items, el.dataset.target);
      } else if (el.matches("select[data-action]")) {
        act(el, { value: el.value });
      } else if (el.matches("[data-field]")) {
        el.dataset.touched = "1";
        emit("act", { action: "fields", field: el.dataset.field });
      }
    });
    element.addEventListener("input", (e) => {
      const el = e.target;
      if (el.matches("[data-field]")) {
        typed.set(el.dataset.field, fieldValue(el));
        el.dataset.touched = "1";
      }
      const shown = el.parentElement?.querySelector("output");
      if (el.type === "range" && shown) shown.textContent = Number(el.value).toFixed(2);
      if (el.matches("[data-opacity]")) el.closest(".why").style.setProperty("--opacity", el.value);
    });
    element.addEventListener(
      "toggle",
      (e) => e.target.id && opened[e.target.open ? "add" : "delete"](e.target.id),
      true,
    );
    element.addEventListener("focusin", (e) => (focused = e.target.dataset?.field || e.target.dataset?.focus || null));
    element.addEventListener("focusout", (e) => e.relatedTarget && (focused = null));

    element.addEventListener("dragstart", (e) => {
      const thumb = e.target.closest("[data-sha]");
      if (thumb) e.dataTransfer.setData("text/x-picture", JSON.stringify({ sha: thumb.dataset.sha, from: thumb.dataset.from }));
    });
    element.addEventListener("dragover", (e) => {
      const zone = e.target.closest("[data-drop]");
      if (!zone) return;
      e.preventDefault();
      zone.classList.add("over");
    });
    element.addEventListener("dragleave", (e) => e.target.closest("[data-drop]")?.classList.remove("over"));
    element.addEventListener("drop", async (e) => {
      const zone = e.target.closest("[data-drop]");
      if (!zone) return;
      e.preventDefault();
      zone.classList.remove("over");
      const moved = e.dataTransfer.getData("text/x-picture");
      if (moved) {
        const picture = JSON.parse(moved);
        if (picture.from !== zone.dataset.drop) emit("act", { action: "move", ...picture, value: zone.dataset.drop });
        return;
      }
      const entries = [...e.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
      const items = entries.length
        ? (await Promise.all(entries.map((entry) => filesOf(entry)))).flat()
        : [...e.dataTransfer.files].map((file) => ({ file, name: file.name }));
      const folders = entries.some((entry) => entry.isDirectory) || items.some(({ name }) => /\.zip$/i.test(name));
      add(items, folders && zone.dataset.drop !== "queries" ? "classes" : zone.dataset.drop);
    });

    watch("value", () => {
      for (const id of opened) element.querySelector("#" + CSS.escape(id))?.setAttribute("open", "");
      // Gradio keeps elements and changes their attributes: what was ticked, chosen or typed in them would stay.
      element.querySelectorAll('[data-field^="pick:"], [data-all]').forEach((box) => (box.checked = box.defaultChecked));
      element.querySelectorAll("input[type=text][data-enter]").forEach((input) => (input.value = input.defaultValue));
      element.querySelectorAll("textarea").forEach((area) => {
        if (!typed.has(area.dataset.field) && area.value !== area.defaultValue) area.value = area.defaultValue;
      });
      element.querySelectorAll(".search select").forEach((menu) => {
        menu.selectedIndex = Math.max(0, [...menu.options].findIndex((option) => option.defaultSelected));
      });
      for (const [field, value] of typed) {
        const el = element.querySelector(`[data-field="${CSS.escape(field)}"]`);
        if (!el || el.type === "checkbox") continue;
        if (el.value !== value) el.value = value;
        el.dataset.touched = "1";
      }
      if (focused && document.activeElement === document.body) {
        const name = CSS.escape(focused);
        element.querySelector(`[data-field="${name}"], [data-focus="${name}"]`)?.focus({ preventScroll: true });
      }
      element.querySelector("[data-focus-now]")?.focus();
    });

    if (element.querySelector("[data-drop]") || element.closest("#board, #search")) {
      document.addEventListener("paste", (e) => {
        const files = [...(e.clipboardData?.files || [])];
        if (!files.length || !element.offsetParent) return;
        e.preventDefault();
        const zone = document.activeElement?.closest?.("[data-drop]") || element.querySelector("[data-drop]:hover");
        add(files.map((file) => ({ file, name: file.name })), zone?.dataset.drop || "queries");
      });
    }
  }

  // Keys: elements on view say which key presses them.
  document.addEventListener("keydown", (e) => {
    const name = (e.ctrlKey || e.metaKey ? "Ctrl+" : "") + (e.key.length === 1 ? e.key.toLowerCase() : e.key);
    const typing = e.target.closest?.("input, textarea, select, [contenteditable]");
    if (e.altKey || e.isComposing || (typing && !/^Ctrl\+(Enter|s)$/.test(name))) return;
    if (name === "Enter" && e.target.closest?.("button:not([role=tab]), a, [tabindex]:not([role=tab], [tabindex='-1'])")) return;
    const el = [...document.querySelectorAll(`[data-key="${CSS.escape(name)}"]`)].find((x) => x.offsetParent && !x.disabled);
    if (!el) return;
    e.preventDefault();
    el.click();
  });

  // Download a picture with its heat map exactly as it is shown.
  async function saveOverlay(button) {
    const figure = button.closest("figure");
    const [photo, heat] = figure.querySelectorAll("img");
    const canvas = Object.assign(document.createElement("canvas"), { width: photo.naturalWidth, height: photo.naturalHeight });
    const context = canvas.getContext("2d");
    context.drawImage(photo, 0, 0);
    context.globalAlpha = Number(getComputedStyle(heat).opacity);
    context.drawImage(heat, 0, 0, canvas.width, canvas.height);
    Object.assign(document.createElement("a"), { download: button.dataset.save, href: canvas.toDataURL("image/png") }).click();
  }
  document.addEventListener("click", (e) => {
    const save = e.target.closest("[data-save]");
    if (save) saveOverlay(save);
    const choice = e.target.closest("[data-language]");
    if (choice) {
      document.cookie = `fsl_language=${choice.dataset.language}; path=/; max-age=31536000; SameSite=Strict`;
      location.reload();
    }
    if (e.target.closest("[data-dark]")) {
      const dark = !document.body.classList.contains("dark");
      document.body.classList.toggle("dark", dark);
      localStorage.setItem("fsl_dark", dark ? "1" : "0");
    }
    if (e.target.closest("[data-dismiss]")) e.target.closest(".notice").remove();
  });
  const dark = localStorage.getItem("fsl_dark");
  if (dark !== null) {
    addEventListener("DOMContentLoaded", () => {
      const apply = () => document.body.classList.toggle("dark", dark === "1");
      apply();
      setTimeout(apply, 500);
    });
  }

  window.fsl = { mount };
})();
