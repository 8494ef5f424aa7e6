// The similarity matrix and the map of the embeddings, drawn when they are unfolded.
import { post } from "./dom.js";
import * as notices from "./notices.js";
import { currentDraft } from "./queue.js";

let loading = null;

export function library() {
  loading ??= new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: "/workbench/plotly.js", onload: () => resolve(window.Plotly), onerror: reject });
    document.head.append(script);
  });
  return loading;
}

export async function draw() {
  const folded = document.getElementById("plots");
  if (!folded?.open) return;
  const method = document.getElementById("matrix-of")?.value ?? "";
  const [answer, plotly] = await Promise.all([post("panel", { draft: currentDraft(), name: "plots", values: { method } }), library()]);
  notices.show(answer.notices);
  if (!answer.html) return;
  const { title, matrix, map } = JSON.parse(answer.html);
  document.getElementById("matrix-title").textContent = title;
  for (const [id, figure] of [["matrix", matrix], ["map", map]].filter(([, figure]) => figure))
    await plotly.react(document.getElementById(id), figure.data, figure.layout, { responsive: true, displaylogo: false });
}

// Figures that came with a panel.
export async function drawFigures(root) {
  const places = [...root.querySelectorAll("[data-figure]")];
  if (!places.length) return;
  const plotly = await library();
  for (const place of places) {
    const { data, layout } = JSON.parse(place.dataset.figure);
    await plotly.react(place, data, layout, { responsive: true, displaylogo: false });
  }
}

document.addEventListener("toggle", (event) => event.target.id === "plots" && draw(), true);
document.addEventListener("change", (event) => event.target.id === "matrix-of" && draw());
