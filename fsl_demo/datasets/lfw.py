"""Labeled Faces in the Wild (Huang et al. 2007): 5,749 people, with the protocol of its pairs files.

Fold 0 is View 1, on which settings are chosen; folds 1 to 10 are View 2, which gives the figures. The people who are
tested are known from the pairs; everyone else trains, but for 100 people with several pictures who validate.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from fsl_demo.core.errors import UserError
from fsl_demo.datasets.class_folders import class_folders
from fsl_demo.datasets.pairs import fixed_pairs
from fsl_demo.datasets.parts import Dataset, Item, Part
from fsl_demo.datasets.source import Source

VALIDATION = 100
VIEW_2 = 10

Pair = tuple[str, int, str, int]


def read(root: Path, fold: int = 0) -> Dataset:
    """The people of View 1's DevTest (fold 0) or of a fold of View 2 to test, all others to train and validate."""
    folder = root / "lfw"
    if not (folder / "pairs").is_dir():
        raise UserError("data_missing", name="lfw", folder=folder)
    people = {name: files for name, files in class_folders(folder).items() if name != "pairs"}
    pairs = _pairs(folder / "pairs", fold)
    tested = {name for first, _, second, _ in pairs for name in (first, second)}
    others = {name: files for name, files in people.items() if name not in tested}
    several = sorted((name for name, files in others.items() if len(files) > 1), key=_shuffled)
    chosen = set(several[:VALIDATION])
    validation = {name: files for name, files in others.items() if name in chosen}
    return Dataset(
        name="lfw",
        protocol=f"{'View 1, DevTest' if fold == 0 else f'View 2, fold {fold}'} to test; of the other people"
        f" {VALIDATION} to validate and all the rest to train, none in common",
        train=Part({name: files for name, files in others.items() if name not in chosen}),
        validation=Part(validation, fixed_pairs(validation, 1_000)),
        test=Part(
            {name: people[name] for name in people if name in tested},
            [_items(folder, people, pair) for pair in pairs],
        ),
        fold=fold,
    )


def _pairs(folder: Path, fold: int) -> list[Pair]:
    """The pairs of View 1's DevTest, or of one of View 2's ten folds, which follow each other in the file."""
    file = folder / ("pairs.txt" if fold else "pairsDevTest.txt")
    if not file.is_file():
        raise UserError("data_missing", name=f"lfw's {file.name}", folder=folder)
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = [fields for line in lines if len(fields := line.split("\t")) >= 3]
    pairs = [
        (fields[0], int(fields[1]), fields[0] if len(fields) == 3 else fields[2], int(fields[-1])) for fields in rows
    ]
    if not fold:
        return pairs
    size = len(pairs) // VIEW_2
    return pairs[size * (fold - 1) : size * fold]


def _items(folder: Path, people: dict[str, list[Path]], pair: Pair) -> tuple[Item, Item, bool]:
    first, first_number, second, second_number = pair
    return (
        _item(folder=folder, people=people, name=first, number=first_number),
        _item(folder=folder, people=people, name=second, number=second_number),
        first == second,
    )


def _item(folder: Path, people: dict[str, list[Path]], name: str, number: int) -> Path:
    """The picture that is called by its number, as in `Aaron_Peirsol_0002.jpg`."""
    for file in people.get(name, []):
        if file.stem.rpartition("_")[2].lstrip("0") == str(number):
            return file
    raise UserError("data_missing", name=f"lfw (number {number} of {name})", folder=folder / name)


def _shuffled(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


SOURCE = Source(read, folds=range(VIEW_2 + 1))
