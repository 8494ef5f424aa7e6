"""Captions on the page: who describes, the caption under a query, and where each of its words comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from fsl_demo.describing import describe_new
from fsl_demo.episodes import Caption, Described, Layer
from fsl_demo.errors import Cancelled, UserError
from fsl_demo.methods.captioning import Captioner
from fsl_demo.methods.phrases import FUNCTION_WORDS
from fsl_demo.pictures import Picture
from fsl_demo.ui import background, blanks, figures
from fsl_demo.ui.background import Step
from fsl_demo.ui.desk import Tab
from fsl_demo.ui.document import Document
from fsl_demo.ui.html import View, esc, percent

# --- what it shows -------------------------------------------------------------------------------------------------


def control(view: View, document: Document, of: str, label: str) -> str:
    """The button that describes pictures, and by whom where there is a choice.

    Args:
        of: "queries" or "collection".
        label: of the button, as HTML.
    """
    chosen = captioner(view, document)
    if chosen is None:
        return ""
    options = "".join(
        f'<option value="{name}" {"selected" if name == chosen.card.id else ""}>{esc(one.card.title)}</option>'
        for name, one in view.captioners.items()
    )
    menu = f'<select data-action="captioner" data-focus="captioner-{of}" aria-label="{view.t("captioner")}">{options}</select>'
    return f"""<button data-action="describe" data-event="describe" data-of="{of}" data-focus="describe-{of}">{label}</button>
{menu if len(view.captioners) > 1 else ""}"""


def captioner(view: View, document: Document) -> Captioner | None:
    """Who describes pictures for this document: the one chosen, or the first; None where none is installed."""
    return view.captioners.get(document.captioner) or next(iter(view.captioners.values()), None)


def of(document: Document, said: Sequence[Described]) -> Described | None:
    """What is shown of what was said of a picture: the chosen captioner's, or else the latest."""
    return next((one for one in said if one.captioner == document.captioner), next(iter(said), None))


def line(view: View, tab: Tab, query: str, said: Sequence[Described]) -> str:
    """The caption under a query, which opens its details; nothing where it was not described."""
    described = of(tab.document, said)
    if described is None:
        return ""
    caption = described.captions[0]
    on = "on" if tab.caption[0] == query else ""
    return f"""<button class="caption {on}" data-action="caption" data-query="{query}" data-focus="caption-{query}"
 title="{view.t("caption_open")}">{esc(caption.text)}</button>{doubt(view, caption)}"""


def doubt(view: View, caption: Caption) -> str:
    """A mark where the captioner does not know such pictures."""
    if not caption.doubtful:
        return ""
    return f'<span class="doubt" title="{view.t("caption_doubt_why")}">? {view.t("caption_doubt")}</span>'


def details(view: View, tab: Tab) -> str:
    """The caption that is on view: its words with their maps, and the other candidates."""
    query, name, rank, word = tab.caption
    said = view.workspace.captions([query]).get(query, ())
    described = next((one for one in said if one.captioner == name), of(tab.document, said))
    if described is None:
        return ""
    rank = min(rank, len(described.captions) - 1)
    caption = described.captions[rank]
    warning = f'<p class="warn">? {view.t("caption_doubt_why")}</p>' if caption.doubtful else ""
    body = f"""<p class="hint">{view.t("caption_by", captioner=_title(view, described.captioner))}</p>{warning}
{_words(view, query, described.captioner, rank, caption, word)}
{_candidates(view, query, described, rank)}{_others(view, query, described, said)}{blanks.render(view, tab, query)}"""
    return figures.frame(tab.draft_id, f"“{esc(caption.text)}”", body)


def _words(view: View, query: str, name: str, rank: int, caption: Caption, word: int) -> str:
    """The words as buttons, and the map of the one that is chosen; the arrow keys go from one to the next."""
    if name not in view.captioners:
        return f'<p class="hint">{view.t("caption_no_maps", captioner=name)}</p>'
    describer: Any = view.captioners[name]
    try:
        layers = _layers(describer, view.picture(query), caption.text)
    except UserError as error:
        return f'<p class="warn">{esc(view.error(error))}</p>'
    if not layers:
        return ""
    texts = [layer.words[0][0] for layer in layers]
    if not 0 <= word < len(layers):
        word = next((n for n, text in enumerate(texts) if text.lower() not in FUNCTION_WORDS), 0)
    shown = figures.words(view, layers, word, view.t("caption_words"), percent, _chosen(query, name, rank), arrows=True)
    return f'{figures.slider(view)}{shown}<p class="hint">{view.t("word_hint", word=texts[word])}</p>'


@lru_cache(maxsize=16)
def _layers(describer: Any, picture: Picture, text: str) -> tuple[Layer, ...]:
    return describer.words(picture, text)


def _title(view: View, name: str) -> str:
    """What a captioner is called; one that is not installed has its id."""
    return view.captioners[name].card.title if name in view.captioners else name


def _chosen(query: str, name: str, rank: int) -> str:
    return f'data-action="caption" data-query="{query}" data-captioner="{esc(name)}" data-rank="{rank}"'


def _candidates(view: View, query: str, described: Described, rank: int) -> str:
    rows = "".join(
        f"""<tr {'class="on"' if n == rank else ""}><td><button class="link" {_chosen(query, described.captioner, n)}
 data-focus="candidate-{n}" aria-pressed="{str(n == rank).lower()}">{esc(caption.text)}</button>{doubt(view, caption)}</td>
<td>{caption.score:.2f}</td><td>{caption.fit:.2f}</td></tr>"""
        for n, caption in enumerate(described.captions)
    )
    return f"""<h3>{view.t("candidates")}</h3><table class="candidates"><thead><tr><th>{view.t("caption")}</th><th>{view.t("caption_score")}</th>
<th>{view.t("caption_fit")}</th></tr></thead><tbody>{rows}</tbody></table><p class="hint">{view.t("candidates_hint")}</p>"""


def _others(view: View, query: str, shown: Described, said: Sequence[Described]) -> str:
    """The best captions of other captioners, to go to."""
    others = {one.captioner: one for one in reversed(said) if one.captioner != shown.captioner}
    rows = "".join(
        f'<p class="hint">{esc(_title(view, name))}: <button class="link" {_chosen(query, name, 0)}>{esc(one.captions[0].text)}</button></p>'
        for name, one in others.items()
    )
    return f"<h3>{view.t('caption_others')}</h3>{rows}" if rows else ""


# --- what it does --------------------------------------------------------------------------------------------------


def describe(view: View, tab: Tab, pictures: Sequence[Picture]) -> Iterator[Step]:
    """Describe those of the pictures that were not described yet; what is said of each is kept as it comes.

    Raises:
        UserError: `weights_missing`, `weights_differ`, and why the workspace cannot be written.
        Cancelled: when Stop was pressed; what was described stays.
    """
    describer = captioner(view, tab.document)
    assert describer is not None, "the button is there with a captioner only"
    tab.stop.clear()

    def work(hand_over: Callable[[Step], None]) -> None:
        def progress(stage: str, done: int, total: int) -> None:
            if tab.stop.is_set():
                raise Cancelled
            hand_over(Step(describer.card.title, stage, done, total))

        progress("weights", 0, 0)
        describe_new(view.workspace, describer, pictures, progress)

    yield from background.run(work, "captions")


def choose(view: View, document: Document, name: str) -> None:
    """Take another captioner."""
    if name in view.captioners:
        document.captioner = name


def open_details(tab: Tab, data: Mapping[str, Any]) -> None:
    """Put a caption on view in place of the explanation of a cell."""
    tab.caption = (data["query"], data.get("captioner", ""), int(data.get("rank", 0)), int(data.get("word", -1)))
