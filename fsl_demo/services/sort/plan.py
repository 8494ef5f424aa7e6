"""Which file goes where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsl_demo.core.file_names import folder_name
from fsl_demo.services.sort.files import FreeNames, exists, name_key
from fsl_demo.services.sort.manifest import Item, Manifest, Mode

TABLE = "sorted.csv"


@dataclass(frozen=True)
class FileAnswer:
    """What the methods say of one file.

    Attributes:
        source: absolute path of the file.
        sha256: of its bytes.
        size: in bytes.
        answer: name of the class.
        probability: of the answer.
        unlike: whether the picture is unlike the examples.
    """

    source: Path
    sha256: str
    size: int
    answer: str
    probability: float
    unlike: bool


class Folders:
    """The folder of each answer: of its class, or `unlike`, or `unsure` below a probability.

    Where a class is called "unsure" or "unlike" itself, the folder that is no class stands in brackets.
    """

    def __init__(self, classes: Sequence[str], minimum: float) -> None:
        self.of_class = {name: folder_name(name) for name in classes}
        self.minimum = minimum
        taken = set(map(name_key, self.of_class.values()))
        self.unsure, self.unlike = (_apart(name, taken) for name in ("unsure", "unlike"))

    def of(self, answer: str, probability: float, unlike: bool) -> str:
        """The name of the folder."""
        if unlike:
            return self.unlike
        return self.unsure if probability < self.minimum else self.of_class[answer]


def plan(
    answers: Sequence[FileAnswer], folders: Folders, into: Path, mode: Mode, source: Path, request: Mapping[str, Any]
) -> Manifest:
    """A manifest for these answers: every file under its own name, or a numbered one where that is taken.

    Args:
        into: the folder to sort into; it need not exist.
        source: the folder that the files come from.
        request: as of `Manifest`.
    """
    into = into.absolute()
    top = FreeNames(_names(into) if into.is_dir() else ())
    places: dict[str, str] = {}
    names: dict[str, FreeNames] = {}
    new, items = [], []
    for answer in answers:
        wanted = folders.of(answer.answer, answer.probability, answer.unlike)
        if wanted not in places:
            folder = into / wanted
            usable = not exists(folder) or (folder.is_dir() and not folder.is_symlink())
            place = places[wanted] = wanted if usable else top.take(wanted)
            names[wanted] = FreeNames(_names(into / place) if (into / place).is_dir() else ())
            if not exists(into / place):
                new.append(place)
                top.take(place)
        target = f"{places[wanted]}/{names[wanted].take(answer.source.name)}"
        items.append(
            Item(
                source=str(answer.source),
                sha256=answer.sha256,
                size=answer.size,
                target=target,
                answer=answer.answer,
                probability=answer.probability,
                unlike=answer.unlike,
            )
        )
    return Manifest(
        mode=mode,
        source=str(source.absolute()),
        request=dict(request),
        items=items,
        table=top.take(TABLE),
        made=[str(folder) for folder in (into, *into.parents) if not exists(folder)],
        folders=new,
    )


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _apart(name: str, taken: set[str]) -> str:
    while name_key(name) in taken:
        name = f"({name})"
    return name
