"""In the explanation: a field for words to look for on the query, and what each word of a text adds."""

from __future__ import annotations

from fsl_demo.episodes import Layer
from fsl_demo.ui.html import View, esc


def form(view: View, phrase: str, attributes: str, wrong: str) -> str:
    """The field, as HTML.

    Args:
        attributes: of the button: the cell that is explained.
        wrong: why the words cannot be looked for, or "".
    """
    said = f'<p class="warn" role="alert">{esc(wrong)}</p>' if wrong else f'<p class="hint">{view.t("phrase_hint")}</p>'
    return f"""<div class="line phrase" role="search"><input type="text" class="grow" data-field="phrase" data-enter="#show-phrase"
 value="{esc(phrase)}" placeholder="{view.t("phrase_placeholder")}" aria-label="{view.t("phrase")}">
<button class="quiet" id="show-phrase" data-action="phrase" data-focus="show-phrase" {attributes}>{view.t("phrase_show")}</button></div>{said}"""


def contributions(view: View, layer: Layer) -> str:
    """The words in their order, each with how much it raises or lowers the cosine."""
    if not layer.contributions:
        return ""
    largest = max(1e-9, *(abs(value) for _, value in layer.contributions))
    words = "".join(
        f'<li class="{"up" if value >= 0 else "down"}" style="--share:{100 * abs(value) / largest:.0f}%">'
        f"<em>{esc(word)}</em><i></i><b>{_rounded(value)}</b></li>"
        for word, value in layer.contributions
    )
    return f"""<div><h3>{view.t("contributions")}</h3><ol class="contributions">{words}</ol>
<p class="hint">{view.t("contributions_hint")}</p></div>"""


def _rounded(value: float) -> str:
    return f"{value:+.3f}" if abs(value) >= 0.0005 else "0"
