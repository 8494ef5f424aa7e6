"""In a query's details: a sentence with a blank, what fills it with the picture and without, and where its words look."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fsl_demo.errors import UserError
from fsl_demo.methods.blanks import BLANK, Filled, Guess, fill
from fsl_demo.ui import figures
from fsl_demo.ui.desk import Tab
from fsl_demo.ui.html import View, esc, percent


def render(view: View, tab: Tab, query: str) -> str:
    """The field and what came of it; nothing where no method can fill a blank."""
    model = next((found for one in view.methods.values() if (found := getattr(one, "matcher", None))), None)
    if model is None:
        return ""
    return f"""<h3>{view.t("blank")}</h3><div class="line"><input type="text" class="grow" data-field="blank" data-enter="#fill-blank"
 value="{esc(tab.blank)}" placeholder="{view.t("blank_placeholder")}" aria-label="{view.t("blank")}">
<button class="quiet" id="fill-blank" data-action="blank" data-focus="fill-blank">{view.t("blank_fill")}</button></div>
{_answer(view, tab, model, query) if tab.blank else f'<p class="hint">{view.t("blank_hint")}</p>'}"""


def _answer(view: View, tab: Tab, model: Any, query: str) -> str:
    picture = view.picture(query)
    try:
        filled = fill(model, picture, tab.blank)
        layers = _layers(model, picture, tab.blank)
    except UserError as error:
        return f'<p class="warn" role="alert">{esc(view.error(error))}</p>'
    asked = next((n for n, layer in enumerate(layers) if BLANK.fullmatch(layer.words[0][0])), 0)
    chosen = tab.blank_word if 0 <= tab.blank_word < len(layers) else asked
    words = figures.words(view, layers, chosen, view.t("blank_words"), _signed, 'data-action="blank_word"')
    return f"""{_bars(view, filled)}{words}<p class="hint">{view.t("blank_words_hint")}</p>"""


@lru_cache(maxsize=16)
def _layers(model: Any, picture: Any, sentence: str) -> Any:
    return model.words(picture, BLANK.sub(" [MASK] ", sentence))


def _bars(view: View, filled: Filled) -> str:
    """What fills the blank: on the left with the picture, on the right without it; the longest bar is the surest."""
    surest = max(1e-9, *(max(one.seen, one.unseen) for one in (*filled.seen, *filled.unseen)))
    columns = (("blank_seen", filled.seen), ("blank_unseen", filled.unseen))
    return f"""<div class="guesses">{"".join(_column(view, name, some, surest) for name, some in columns)}</div>
<p class="hint">{view.t("blank_bars_hint")}</p>"""


def _column(view: View, name: str, guesses: tuple[Guess, ...], surest: float) -> str:
    rows = "".join(
        f'<li><em>{esc(one.word)}</em><i style="width:{100 * one.seen / surest:.0f}%"></i><b>{percent(one.seen)}</b>'
        f'<i class="unseen" style="width:{100 * one.unseen / surest:.0f}%"></i><b>{percent(one.unseen)}</b></li>'
        for one in guesses
    )
    return f"<section><h4>{view.t(name)}</h4><ol>{rows}</ol></section>"


def _signed(value: float) -> str:
    return f"{value:+.2f}" if abs(value) >= 0.005 else "0"
