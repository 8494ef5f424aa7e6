"""The line above the tabs (what runs where, language, light or dark) and the progress of what runs in the background."""

from __future__ import annotations

from fsl_demo.ui.background import Step
from fsl_demo.ui.catalogue import LANGUAGES
from fsl_demo.ui.html import View, esc


def render(view: View) -> str:
    import torch

    from fsl_demo import runtime

    runs = view.t("runs_on", device=str(runtime.device()).upper(), threads=torch.get_num_threads())
    languages = "".join(
        f'<button class="quiet {"on" if language == view.language else ""}" data-language="{language}">{name}</button>'
        for language, name in zip(LANGUAGES, ("EN", "繁中"), strict=True)
    )
    return f"""<header class="top"><h1>{view.t("app_title")}</h1>
<p><span>{runs}</span> · <span title="{esc(view.workspace.folder.resolve())}">{view.t("private")}</span></p>
<div class="line">{languages}<button class="quiet" data-dark aria-label="{view.t("dark")}" title="{view.t("dark")}">◐</button></div></header>"""


def progress(view: View, step: Step) -> str:
    share = step.done / step.total if step.total else 0.0
    return f"""<div class="progress" role="status"><span>{esc(step.title)} · {view.t(f"stage.{step.stage}", done=step.done, total=step.total)}</span>
<progress max="1" value="{share:.3f}"></progress>
<button class="quiet" data-action="stop" data-event="stop" data-key="Escape">{view.t("stop")} <kbd>Esc</kbd></button></div>"""
