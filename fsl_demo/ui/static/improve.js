// The Improve tab: what can be fine-tuned on what, the curve of a run, receipts, which version is in use.
import { onCollection } from "./collections.js";
import { isShown } from "./dom.js";
import * as jobs from "./jobs.js";
import { Panel } from "./panels.js";
import { library } from "./plots.js";
import * as queue from "./queue.js";
import * as state from "./state.js";
import { t } from "./texts.js";

let panel = null;
let wanted = {}; // before the tab was ever on view
let judged = true; // whether the receipt of the run on view is there, but for what was forgotten

onCollection("collections.improve", (collection) => {
  wanted = { collection };
  panel?.set(wanted);
});

export function mount(root) {
  panel = new Panel(root.querySelector("#improvements"), "improve", draw);
  panel.params = wanted;
}

export const open = () => panel?.load();

for (const kind of ["finetune", "freeze", "bring_back"]) jobs.afterEnd(kind, () => panel && isShown(panel.element) && panel.set({ collection: panel.params.collection?.split("@")[0] ?? "" }));

async function write(type, values) {
  queue.send(type, values);
  await queue.settled();
  panel.load();
}

export const useVersion = (el) => write("use_version", { name: el.dataset.name, version: Number(el.dataset.version) });
export const rollBack = (el) => write("roll_back", { name: el.dataset.name });

const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

export async function draw() {
  const place = document.getElementById("curve");
  const curve = state.data("curve", null);
  if (!place || !isShown(place.closest("[data-mounted]"))) return;
  if (!curve) return place.replaceChildren();
  const news = curve.judged && !judged;
  judged = curve.judged;
  if (news) return panel.load(); // which draws again
  if (!place.firstElementChild) place.innerHTML = '<p role="status"></p><div data-plot></div>';
  const text = t("improve.progress", { epoch: curve.epoch, epochs: curve.epochs, rate: curve.rate.toPrecision(2), speed: curve.pictures_per_second, left: minutes(curve.seconds_left) });
  place.firstElementChild.textContent = curve.epochs ? `${curve.title}. ${text}` : curve.title;
  if (!curve.rows.length) return;
  const of = (name, more) => ({ x: curve.rows.map((row) => row.epoch), y: curve.rows.map((row) => row[name]), name: t(`improve.${name}`), mode: "lines+markers", ...more });
  const axis = { gridcolor: "rgba(120, 113, 108, 0.25)" };
  const layout = {
    height: 280,
    margin: { l: 50, r: 50, t: 10, b: 40 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { size: 13, color: "#78716c" },
    legend: { orientation: "h", y: 1.15 },
    xaxis: { ...axis, title: { text: t("improve.epoch") }, dtick: Math.ceil(curve.rows.length / 10) },
    yaxis: { ...axis, tickformat: ".0%", rangemode: "nonnegative", autorangeoptions: { maxallowed: 1.02 } },
    yaxis2: { overlaying: "y", side: "right", title: { text: t("improve.loss") }, showgrid: false },
  };
  const plotly = await library();
  await plotly.react(place.lastElementChild, [of("training"), of("validation"), of("loss", { yaxis: "y2", line: { dash: "dot" } })], layout, { responsive: true, displaylogo: false });
}
