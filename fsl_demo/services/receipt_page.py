"""A receipt as a page of its own: pictures inside, no script, nothing fetched."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from fsl_demo.core.durable import replacing
from fsl_demo.core.errors import disk_trouble
from fsl_demo.evaluation.intervals import Interval
from fsl_demo.evaluation.receipts import FEWEST, MOST, Comparison
from fsl_demo.services.receipt import Receipt, VersionName
from fsl_demo.services.receipt_texts import Say, english


class Judged(Protocol):
    """What a verdict is told of: a receipt, or what is stored of one."""

    @property
    def before(self) -> VersionName: ...
    @property
    def after(self) -> VersionName: ...
    @property
    def verdict(self) -> str: ...
    @property
    def figures(self) -> Comparison | None: ...


def sentence(judged: Judged, say: Say = english) -> str:
    """What a person should know first."""
    figures = judged.figures
    verdict = say(
        f"verdict.{judged.verdict}",
        before=judged.before,
        after=judged.after,
        difference=_points(figures.difference) if figures else "",
        pictures=figures.pictures if figures else 0,
        fewest=FEWEST,
    )
    if figures is None or judged.verdict != "unclear":
        return verdict
    more = figures.more_pictures
    return f"{verdict} " + (say("receipt.more_most", most=MOST) if more is None else say("receipt.more", more=more))


def page(
    document: Mapping[str, Any], images: Sequence[Mapping[str, Any]], verdict: str, say: Say = english, code: str = "en"
) -> str:
    """HTML.

    Args:
        document: as of `Receipt.as_dict`.
        images: as of `images_of`.
        verdict: as of `sentence`.
        code: of the language, BCP 47.
    """
    return _template().render(receipt=document, images=images, verdict=verdict, t=say, code=code)


def images_of(receipt: Receipt) -> list[dict[str, Any]]:
    """The pictures of a receipt, those of each flip: JPEG in base64."""
    return [
        {
            "picture": _text(flip.picture),
            "before": list(map(_text, flip.before)),
            "after": list(map(_text, flip.after)),
        }
        for flip in receipt.flips
    ]


def write(receipt: Receipt, file: Path) -> None:
    """Write the page, or JSON where the file's name ends in .json.

    Raises:
        UserError: `disk_full`, `folder_unwritable`.
    """
    text = as_json(receipt) if file.suffix == ".json" else page_of(receipt)
    with disk_trouble(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as stream:
            stream.write(text.encode())


def page_of(receipt: Receipt) -> str:
    """The page in English."""
    return page(receipt.as_dict(), images_of(receipt), sentence(receipt))


def as_json(receipt: Receipt) -> str:
    return json.dumps(receipt.as_dict(), ensure_ascii=False, indent=2) + "\n"


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(share=_share, points=lambda interval: _points(Interval(**interval)), named=_named)
    return environment.get_template("receipt.html")


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _points(interval: Interval) -> str:
    """In points of per cent, with its ends."""
    mean, low, high = (100 * value for value in (interval.mean, interval.low, interval.high))
    return f"{mean:+.1f} ({low:.1f} … {high:.1f})"


def _named(version: Mapping[str, Any]) -> str:
    return f"{version['name']}@{version['version']}"


def _text(jpeg: bytes) -> str:
    return b64encode(jpeg).decode()
