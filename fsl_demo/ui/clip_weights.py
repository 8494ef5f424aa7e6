"""Below a method that runs on CLIP weights: which they are, whether they are here, and the offer to download them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from fsl_demo.backbones import clip_downloads
from fsl_demo.backbones.clip_names import OFFERS, ClipName, offer
from fsl_demo.errors import Cancelled, UserError
from fsl_demo.methods.contract import Method
from fsl_demo.ui import background
from fsl_demo.ui.background import Step
from fsl_demo.ui.desk import Tab
from fsl_demo.ui.document import Document
from fsl_demo.ui.html import View, esc

OFFERED = "offered-weights"
"""Id of the list of names that a text field suggests."""


def render(view: View, document: Document, method: Method) -> str:
    """The panel as HTML; nothing for a method that has no such setting."""
    if setting(method) is None:
        return ""
    suggestions = "".join(f'<option value="{esc(one.name)}"></option>' for one in OFFERS)
    return f'<datalist id="{OFFERED}">{suggestions}</datalist>{_state(view, document, method)}'


def _state(view: View, document: Document, method: Method) -> str:
    try:
        name = chosen(document, method)
    except UserError as error:
        return f'<p class="warn" role="alert">{esc(view.error(error))}</p>'
    file = name.found()
    if file is not None:
        return f'<p class="hint">{view.t("weights_here", name=name)}</p>'
    if not name.downloads:
        return f'<p class="warn" role="alert">{esc(view.error(UserError("clip_file_missing", path=name.path)))}</p>'
    known = offer(name)
    size = view.say("weights_size", megabytes=known.megabytes) if known.megabytes else view.say("weights_size_unknown")
    licence = known.licence or view.say("weights_licence_unknown")
    later = f'<button class="quiet" data-action="without" data-method="{method.card.id}">{view.t("not_now")}</button>'
    return f"""<div role="group" aria-label="{view.t("weights_of", method=method.card.title)}">
<p>{view.t("weights_absent", name=name, size=size, licence=licence)}</p>
<div class="line"><button data-action="download" data-event="download" data-method="{method.card.id}">{view.t("download")}</button>{later}</div>
<p class="hint">{view.t("weights_offline", name=name)}</p></div>"""


def act(view: View, tab: Tab, data: Mapping[str, Any]) -> Iterator[Step]:
    """Download the weights that a method is set to. Yields steps.

    Raises:
        UserError: what `clip_downloads.download` raises.
        Cancelled: the person pressed Stop; nothing is left.
    """
    method = data["method"]
    name = chosen(tab.document, view.methods[method])
    tab.stop.clear()

    def work(hand_over: Any) -> None:
        def progress(stage: str, done: int, total: int) -> None:
            if tab.stop.is_set():
                raise Cancelled
            hand_over(Step(view.methods[method].card.title, stage, done, total))

        progress("connect", 0, 0)
        clip_downloads.download(name, progress)

    yield from background.run(work, "download")


def chosen(document: Document, method: Method) -> ClipName:
    """The weights that a method is set to.

    Raises:
        UserError: `clip_name`.
    """
    spec = setting(method)
    return ClipName.parse(document.settings.get(method.card.id, {}).get(spec.name, spec.default))


def setting(method: Method) -> Any:
    """The setting that names the weights, if there is one."""
    return next((spec for spec in fields(method.Settings) if "weights" in spec.metadata), None)
