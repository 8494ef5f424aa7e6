"""Omniglot (Lake et al. 2015): 1,623 characters of 50 alphabets, each drawn by 20 people."""

from __future__ import annotations

from pathlib import Path

from fsl_demo import runtime
from fsl_demo.core.errors import UserError
from fsl_demo.datasets.class_folders import class_folders
from fsl_demo.datasets.pairs import fixed_pairs
from fsl_demo.datasets.parts import Dataset, Part
from fsl_demo.datasets.source import Source

VALIDATION = ("Balinese", "Early_Aramaic", "Greek", "Korean", "Latin")
"""Background alphabets that validate."""
LAYOUTS = ("omniglot/{part}", "omniglot-py/images_{part}")
"""Where the pictures are: `alphabet/character/drawing.png`, in a folder of either name."""


def read(root: Path, download: bool = False) -> Dataset:
    """25 background alphabets to train, 5 to validate, the 20 evaluation alphabets (659 characters) to test."""
    if download:
        runtime.guard_torchvision()
        from torchvision.datasets import Omniglot

        try:
            for background in (True, False):
                Omniglot(str(root), background=background, download=True)
        except (OSError, RuntimeError) as error:  # no connection, or not what was to be fetched
            raise UserError("data_missing", name="omniglot", folder=root / "omniglot") from error
    characters, test = (_alphabets(root, part) for part in ("background", "evaluation"))
    train, validation = (
        {name: files for name, files in characters.items() if (name.split("/")[0] in VALIDATION) == chosen}
        for chosen in (False, True)
    )
    return Dataset(
        name="omniglot",
        protocol="25 background alphabets to train, 5 to validate, the 20 evaluation alphabets to test",
        train=Part(train),
        validation=Part(validation, fixed_pairs(validation, 2_000)),
        test=Part(test, fixed_pairs(test, 10_000)),
        grouped=True,
    )


def _alphabets(root: Path, part: str) -> dict[str, list[Path]]:
    for layout in LAYOUTS:
        folder = root / layout.format(part=part)
        if folder.is_dir():
            return {
                f"{alphabet.name}/{name}": files
                for alphabet in sorted(folder.iterdir())
                if alphabet.is_dir()
                for name, files in class_folders(alphabet).items()
            }
    raise UserError("data_missing", name="omniglot", folder=root / "omniglot")


SOURCE = Source(read, fetched=True)
