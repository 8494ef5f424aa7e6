"""The fine-tunings of a workspace: those that are done, with what they bought, and those that can go on."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from jinja2 import UndefinedError
from pydantic import BaseModel, Field, ValidationError

from fsl_demo import checkpoints
from fsl_demo.checkpoints import layout
from fsl_demo.core.errors import UserError
from fsl_demo.evaluation.intervals import Interval
from fsl_demo.evaluation.receipts import Comparison, Sides, Verdict
from fsl_demo.services import receipt_page
from fsl_demo.services.finetuning.carry_out import IMAGES, RECEIPT, REQUEST
from fsl_demo.services.finetuning.request import FOLDER, FinetuneRequest
from fsl_demo.services.receipt import VersionName
from fsl_demo.services.receipt_texts import Say
from fsl_demo.store import Workspace


class StoredSide(BaseModel):
    """A figure elsewhere, as a receipt has it."""

    data: str
    missing: str = ""
    accuracy: Sides | None = None
    difference: Interval | None = None


class StoredAnswer(BaseModel):
    """An answer, as a receipt has it."""

    label: str
    probability: float


class StoredFlip(BaseModel):
    """A query to which the versions gave different answers, as a receipt has it."""

    episode: int
    picture: str = Field(pattern="^[0-9a-f]{64}$")
    file: str
    truth: str
    before: StoredAnswer
    after: StoredAnswer


class StoredReceipt(BaseModel):
    """What of a receipt is shown beside others."""

    before: VersionName
    after: VersionName
    verdict: Verdict | str
    figures: Comparison | None
    flips: list[StoredFlip]
    elsewhere: list[StoredSide] | None


@dataclass(frozen=True)
class StoredFinetuning:
    """A fine-tuning of the workspace.

    Attributes:
        receipt: None where it was broken off before it was whole.
        in_use: whether the version that came of it is the one in use.
        is_there: whether that version can be put to use.
    """

    request: FinetuneRequest
    receipt: StoredReceipt | None
    in_use: bool = False
    is_there: bool = False


def finetunings(workspace: Workspace) -> list[StoredFinetuning]:
    """All of them, the latest first. What cannot be read is left out and logged."""
    folder = workspace.folder / FOLDER
    places = [file.parent for file in folder.glob(f"*/{REQUEST}")] if folder.is_dir() else []
    stored = []
    for place in sorted(places, key=lambda place: (place / REQUEST).stat().st_mtime, reverse=True):
        try:
            stored.append(_read(place))
        except (OSError, ValidationError, UserError) as error:
            logging.getLogger(__name__).warning("%s cannot be read: %s", place, error)
    return stored


def _read(place: Path) -> StoredFinetuning:
    request = FinetuneRequest.model_validate_json((place / REQUEST).read_bytes())
    if not (place / RECEIPT).is_file():
        return StoredFinetuning(request, None)
    receipt = StoredReceipt.model_validate_json((place / RECEIPT).read_bytes())
    home = layout.home(request.source, layout.FOLDER)
    entry = checkpoints.entry(home.name, home.parent)
    hashes = {version.number: version.card.sha256 for version in entry.versions if version.card}
    is_there = hashes.get(receipt.after.version) == receipt.after.sha256
    return StoredFinetuning(
        request, receipt, in_use=is_there and entry.in_use == receipt.after.version, is_there=is_there
    )


def stored_page(workspace: Workspace, finetuning: str, say: Say, code: str) -> str | None:
    """The receipt of a fine-tuning, by its id, as HTML in a language; None where there is none that can be read."""
    places = (workspace.folder / FOLDER).glob(f"*/{RECEIPT}")
    place = next((file.parent for file in places if file.parent.name == finetuning), None)
    if place is None:
        return None
    try:
        document, images = (json.loads((place / file).read_bytes()) for file in (RECEIPT, IMAGES))
        verdict = receipt_page.sentence(StoredReceipt.model_validate(document), say)
        return receipt_page.page(document, images, verdict=verdict, say=say, code=code)
    except (OSError, ValueError, LookupError, UndefinedError) as error:
        logging.getLogger(__name__).warning("%s cannot be read: %s", place, error)
        return None
