// Before anything is drawn: the language that the person chose, for Gradio's own parts too, and light or dark.
{
  const chosen = document.cookie.match(/(?:^|; )fsl_language=([\w-]+)/)?.[1];
  if (chosen) {
    Object.defineProperty(navigator, "language", { get: () => chosen });
    Object.defineProperty(navigator, "languages", { get: () => [chosen] });
  }
  document.documentElement.lang = chosen || navigator.language;
  const dark = localStorage.getItem("fsl_dark");
  if (dark !== null) {
    const apply = () => document.body?.classList.toggle("dark", dark === "1");
    addEventListener("DOMContentLoaded", () => {
      apply();
      const watch = new MutationObserver(apply);
      watch.observe(document.body, { attributes: true, attributeFilter: ["class"] });
      addEventListener("click", () => watch.disconnect(), { once: true, capture: true });
    });
  }
}
