"""A receipt as a page of its own: pictures inside, no script, nothing fetched."""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from fsl_demo.core.durable import replacing
from fsl_demo.core.errors import disk_trouble
from fsl_demo.evaluation.intervals import Interval, percent
from fsl_demo.evaluation.receipts import FEWEST
from fsl_demo.services.receipt import Receipt

SENTENCES = {
    "better": "{after} is better: {difference} more right answers.",
    "worse": "{after} is worse: {difference} right answers. Stay with {before}.",
    "unclear": "It cannot be told whether {after} is better: {difference} right answers. Stay with {before}.",
    "unchanged": "No picture is answered better or worse by {after}. Stay with {before}.",
    "few": "{pictures} test pictures are too few to tell whether {after} is better: it takes {fewest}. Stay with"
    " {before}, and add some.",
    "none": "The test part does not have two classes with two different pictures, so nothing could be asked. Stay with"
    " {before}, and add some.",
}


def sentence(receipt: Receipt) -> str:
    """What a person should know first."""
    figures = receipt.comparison
    return SENTENCES[receipt.verdict].format(
        before=receipt.before,
        after=receipt.after,
        difference=_points(figures.difference) if figures else "",
        pictures=figures.pictures if figures else 0,
        fewest=FEWEST,
    )


def page(receipt: Receipt) -> str:
    """HTML."""
    return _template().render(receipt=receipt, sentence=sentence(receipt))


def write(receipt: Receipt, file: Path) -> None:
    """Write the page, or JSON where the file's name ends in .json.

    Raises:
        UserError: `disk_full`, `folder_unwritable`.
    """
    with disk_trouble(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as stream:
            stream.write((as_json(receipt) if file.suffix == ".json" else page(receipt)).encode())


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
    environment.filters.update(share=_share, points=_points, inline=_inline)
    return environment.get_template("receipt.html")


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _points(interval: Interval) -> str:
    return percent(interval, signed=True)


def _inline(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"
