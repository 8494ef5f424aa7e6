// Light or dark, as the person chose; Gradio puts its own choice on the body when it starts.
{
  const dark = localStorage.getItem("fsl_dark");
  if (dark !== null) {
    const apply = () => document.body.classList.toggle("dark", dark === "1");
    const keep = () => {
      apply();
      const watch = new MutationObserver(apply);
      watch.observe(document.body, { attributes: true, attributeFilter: ["class"] });
      addEventListener("click", () => watch.disconnect(), { once: true, capture: true });
    };
    if (document.body) keep();
    else addEventListener("DOMContentLoaded", keep);
  }
}
