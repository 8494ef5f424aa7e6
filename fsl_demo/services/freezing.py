"""Freezing a named collection, and frozen versions: named, and written to an archive."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO

import numpy as np

from fsl_demo.core.capabilities import TellsCopies
from fsl_demo.core.collections import PARTS, CollectedPicture, FrozenCollection, FrozenPicture, parse_reference
from fsl_demo.core.episodes import Progress, within
from fsl_demo.core.errors import Notice, Report, UserError, disk_trouble
from fsl_demo.core.exports import replacing
from fsl_demo.core.file_names import folder_name
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.inference import near_duplicates
from fsl_demo.services.splitting import Shares, split
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import Format
from fsl_demo.store.exchange.classified import ClassifiedPicture
from fsl_demo.store.exchange.files import ZipWriter
from fsl_demo.store.exchange.parts import MANIFEST

BLOCK = 500
"""Pictures that are read at a time."""


@dataclass(frozen=True)
class Freezing:
    """How a collection is frozen.

    Attributes:
        shares: of the parts.
        seed: of the draw of what comes into which part.
    """

    shares: Shares = field(default_factory=Shares)
    seed: int = 0


def freeze(
    workspace: Workspace, registry: Registry, name: str, how: Freezing, progress: Progress, report: Report
) -> FrozenCollection:
    """Freeze a collection: near-duplicates come into one part, and what stood in a part before stays in it.

    Args:
        progress: its stages are "read", "embed" and "compare".
        report: told of what is left out: unlabelled, "none of these", disputed, unreadable, or a near-duplicate of
            what stands in another part; and of classes that are too small for every part.

    Raises:
        UserError: `collection_missing`, `freeze_nothing`, `freeze_no_method`, `collection_changed`.
    """
    chosen = _freezable(workspace, name, report)
    if not chosen:
        raise UserError("freeze_nothing")
    collections = workspace.collections
    earlier = collections.parts(name)
    others = [sha256 for sha256 in earlier if sha256 not in chosen]
    lost = {sha256 for block in _blocks(others) for sha256 in workspace.lost(block)}
    compared = [*chosen, *(sha256 for sha256 in others if sha256 not in lost)]
    result = split(
        chosen,
        groups(registry, collections.stored(compared), folder=workspace.folder, progress=progress),
        earlier=earlier,
        shares=how.shares,
        seed=how.seed,
    )
    if result.leaking:
        first = collections.members(name, result.leaking[:1])[0].picture.name
        report(Notice("freeze_leaking", count=len(result.leaking), first=first))
    for class_name, count in result.small.items():
        report(Notice("freeze_class_small", name=class_name, count=count))
    return collections.freeze(name, result.places)


def groups(registry: Registry, pictures: Sequence[Picture], folder: Path, progress: Progress) -> list[list[str]]:
    """Hashes of near-duplicates, group by group. Pictures are read some at a time.

    Args:
        folder: where vectors, 4 kB a picture, are kept meanwhile.

    Raises:
        UserError: `freeze_no_method`, `disk_full`, `folder_unwritable`; what is wrong with the weights.
    """
    finders = registry.supporting(TellsCopies)
    if not finders:
        raise UserError("freeze_no_method")
    members: dict[int, list[str]] = defaultdict(list)
    with disk_trouble(folder), TemporaryFile(dir=folder) as file:
        vectors = _vectors(finders[0], pictures, file=file, progress=progress)
        numbers = near_duplicates.groups(vectors, pictures, progress)
        for number, picture in zip(numbers, pictures, strict=True):
            members[number].append(picture.sha256)
        del vectors  # before its file
    return list(members.values())


def _vectors(finder: TellsCopies, pictures: Sequence[Picture], file: IO[bytes], progress: Progress) -> np.ndarray:
    """Unit vectors of pictures, float16 [N, D], mapped from a file."""
    for start in range(0, len(pictures), BLOCK):
        tell = within(progress, "embed", start=start, total=len(pictures))
        finder.embed_originals(pictures[start : start + BLOCK], tell).astype(np.float16).tofile(file)
    file.flush()
    return np.memmap(file, np.float16, "r").reshape(len(pictures), -1)


def _freezable(workspace: Workspace, name: str, report: Report) -> dict[str, str]:
    """The classes of those pictures that have one that nobody disputes, and that can be read, by hash; the others are
    told."""
    classes: dict[str, str] = {}
    counts, firsts = Counter[str](), dict[str, str]()
    for page in workspace.collections.pages(name):
        lost = workspace.lost([collected.picture.sha256 for collected in page])
        for collected in page:
            state = _state(collected)
            if state:
                counts[state] += 1
                firsts.setdefault(state, collected.picture.name)
            elif collected.picture.sha256 in lost:
                report(lost[collected.picture.sha256])
            elif collected.label is not None:
                classes[collected.picture.sha256] = collected.label.class_name or ""
    for state in ("freeze_unlabelled", "freeze_none", "freeze_disputed"):
        if counts[state]:
            report(Notice(state, count=counts[state], first=firsts[state]))
    return classes


def _blocks(hashes: Sequence[str]) -> Iterator[Sequence[str]]:
    return (hashes[start : start + BLOCK] for start in range(0, len(hashes), BLOCK))


def _state(collected: CollectedPicture) -> str:
    if collected.label is None:
        return "freeze_unlabelled"
    if collected.disputed:
        return "freeze_disputed"
    return "freeze_none" if collected.label.class_name is None else ""


def version(workspace: Workspace, text: str) -> FrozenCollection:
    """The frozen version that NAME@NUMBER names; for NAME, the newest.

    Raises:
        UserError: `collection_reference`, `collection_missing`, `frozen_missing`, `never_frozen`.
    """
    name, number = parse_reference(text)
    return workspace.collections.version(name, number)


def export(frozen: FrozenCollection, path: Path, report: Report) -> None:
    """Write a frozen version as a zip: `train/cat/1.png`, and a manifest with classes, parts, groups and hashes.

    Args:
        report: told of each picture that cannot be read; the manifest says so, too.

    Raises:
        UserError: as of `core.exports.replacing`.
    """
    entries = []
    with replacing(path) as file, ZipWriter(file, bounded=False) as archive:
        for picture in sorted(frozen.pictures, key=lambda each: PARTS.index(each.part)):
            name = _file(picture)
            try:
                archive.picture(name, picture.picture)
            except UserError as error:
                report(error)
                name = ""
            entries.append(_entry(picture, name))
        archive.text(MANIFEST, json.dumps(_manifest(frozen, entries), ensure_ascii=False, indent=1))


def export_as(kind: Format, frozen: FrozenCollection, path: Path, report: Report) -> None:
    """Write a frozen version in a format for pictures with a class each.

    Args:
        report: told of each picture that cannot be read.

    Raises:
        UserError: as of `Format.write_pictures`.
    """
    if kind.write_pictures is None:
        raise UserError("import_unknown", file=kind.id)
    pictures = []
    for picture in frozen.pictures:
        try:
            picture.picture.image()
        except UserError as error:
            report(error)
        else:
            pictures.append(
                ClassifiedPicture(picture.picture, picture.class_name, part=picture.part, group=picture.group)
            )
    kind.write_pictures(pictures, path)


def _manifest(frozen: FrozenCollection, entries: Sequence[dict[str, str]]) -> dict[str, object]:
    return {
        "collection": frozen.name,
        "version": frozen.number,
        "sha256": frozen.digest,
        "created_at": frozen.created_at,
        "classes": frozen.classes,
        "pictures": entries,
    }


def _entry(frozen: FrozenPicture, file: str) -> dict[str, str]:
    """What the manifest says of a picture; `file` is "" where it could not be read."""
    return {
        "file": file,
        "name": frozen.picture.name,
        "class": frozen.class_name,
        "part": frozen.part,
        "group": frozen.group,
        "sha256": frozen.picture.sha256,
        "original_sha256": frozen.picture.original_sha256,
    }


def _file(frozen: FrozenPicture) -> str:
    stem = folder_name(PurePosixPath(frozen.picture.name).stem)
    return f"{frozen.part}/{folder_name(frozen.class_name)}/{stem}-{frozen.picture.sha256[:12]}.png"
