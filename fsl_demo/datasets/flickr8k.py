"""Flickr8k (Hodosh et al. 2013): photographs with five captions each, in the published split."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fsl_demo.core.errors import UserError

SPLITS = {"train": "train", "validation": "dev", "test": "test"}


@dataclass(frozen=True)
class Captioned:
    """Pictures and what people say of them.

    Attributes:
        files: one a picture.
        captions: of each, five.
    """

    files: Sequence[Path]
    captions: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Flickr8k:
    """6,000 pictures to train, 1,000 to validate, 1,000 to test; those in no split are left out."""

    train: Captioned
    validation: Captioned
    test: Captioned


def read(root: Path) -> Flickr8k:
    """From `flickr8k/captions.jsonl`, lines of {"image", "split", "captions"}, and `flickr8k/images/`.

    Raises:
        UserError: `data_missing`.
    """
    folder = root / "flickr8k"
    try:
        lines = (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError("data_missing", name="flickr8k", folder=folder) from error
    entries = [json.loads(line) for line in lines]

    def part(split: str) -> Captioned:
        chosen = [entry for entry in entries if entry["split"] == split]
        files = [folder / "images" / entry["image"] for entry in chosen]
        if not chosen or not files[0].is_file():
            raise UserError("data_missing", name="flickr8k", folder=folder)
        return Captioned(files, [entry["captions"] for entry in chosen])

    return Flickr8k(*(part(split) for split in SPLITS.values()))
