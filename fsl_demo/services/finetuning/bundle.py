"""A fine-tuning as one file: pictures, configuration and the checkpoint to begin with, for a machine that has only this
package; and what comes of it, as one file again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fsl_demo import checkpoints
from fsl_demo.checkpoints import Checkpoint, layout
from fsl_demo.core.collections import FrozenCollection, FrozenPicture, Part, digest
from fsl_demo.core.durable import replacing
from fsl_demo.core.errors import UserError, disk_trouble
from fsl_demo.datasets.archives import MAX_ENTRIES
from fsl_demo.datasets.file_source import FileSource, open_source
from fsl_demo.services.finetuning.request import FinetuneRequest, Hash, Text
from fsl_demo.store.exchange.files import ZipWriter

MANIFEST, CHECKPOINTS = "finetuning.json", "checkpoints"
FILES = (layout.CARD, layout.WEIGHTS)
LIMITS = {layout.CARD: 256 * 1024, layout.WEIGHTS: 1 << 30}


class BundledPicture(BaseModel):
    """A picture of the frozen version."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[str, Field(pattern=r"^pictures/[0-9a-f]{64}\.png$")]
    name: Text
    class_name: Text
    part: Part
    group: Hash


class Bundle(BaseModel):
    """What a bundle says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    request: FinetuneRequest
    pictures: Annotated[list[BundledPicture], Field(max_length=MAX_ENTRIES)]


@dataclass(frozen=True)
class OpenBundle:
    """A bundle that was read and checked.

    Attributes:
        request: begins with the checkpoint in the bundle.
        checkpoints: the folder that it was put into; what comes of it is a further version there.
    """

    request: FinetuneRequest
    collection: FrozenCollection
    checkpoints: Path


def write(request: FinetuneRequest, collection: FrozenCollection, path: Path) -> None:
    """Write a bundle.

    Raises:
        UserError: what is wrong with the checkpoint or a picture; `export_entries`, `disk_full`, `folder_unwritable`.
    """
    start = checkpoints.load(request.source)
    rows = [
        BundledPicture(
            file=f"pictures/{frozen.picture.sha256}.png",
            name=frozen.picture.name,
            class_name=frozen.class_name,
            part=frozen.part,
            group=frozen.group,
        )
        for frozen in collection.pictures
    ]
    with disk_trouble(path.parent), replacing(path) as file, ZipWriter(file) as archive:
        archive.text(MANIFEST, Bundle(request=request, pictures=rows).model_dump_json(indent=1))
        for row, frozen in zip(rows, collection.pictures, strict=True):
            archive.picture(row.file, frozen.picture)
        for needed in _needed(start):
            folder = layout.version_folder(needed.home, needed.version)
            for name in FILES:
                archive.data(f"{CHECKPOINTS}/{needed.home.name}/{name}", (folder / name).read_bytes())


def _needed(start: Checkpoint) -> list[Checkpoint]:
    """A checkpoint and those that its card names."""
    card = start.card
    return [start, *(checkpoints.refer(named, start) for named in (card.embedder, card.language_model) if named)]


@contextmanager
def opened(path: Path, folder: Path) -> Iterator[OpenBundle]:
    """Read a bundle; its pictures can be read as long as it is open.

    Args:
        folder: where its checkpoints are put.

    Raises:
        UserError: `archive_*`; `bundle_none` where a part is missing or not what it says; `picture_*`; what is wrong
            with the checkpoint.
    """
    with open_source(path) as source:
        manifest = PurePosixPath(MANIFEST)
        if manifest not in source.files:
            raise UserError("bundle_none", file=path.name, reason=f"no {MANIFEST}")
        try:
            bundle = Bundle.model_validate_json(source.text(manifest))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise UserError("bundle_none", file=path.name, reason=f"{place}: {first['msg']}"[:200]) from error
        collection = _collection(bundle, source)
        for file in source.files:
            if file.parts[0] == CHECKPOINTS and len(file.parts) == 3 and file.name in FILES:
                _put(source, file, target=layout.home(file.parts[1], folder) / file.name)
        start = _start(bundle.request, folder, path.name)
        yield OpenBundle(bundle.request.model_copy(update={"start": str(start)}), collection, folder)


def _collection(bundle: Bundle, source: FileSource) -> FrozenCollection:
    pictures = []
    for row in bundle.pictures:
        place = PurePosixPath(row.file)
        if place not in source.files:
            raise UserError("bundle_none", file=source.name, reason=f"no {row.file}")
        picture = source.lazy_picture(place)
        if picture.sha256 != place.stem:
            raise UserError("bundle_none", file=source.name, reason=f"{row.file} has changed")
        pictures.append(FrozenPicture(picture, row.class_name, part=row.part, group=row.group))
    if digest(pictures) != bundle.request.digest:
        raise UserError("bundle_none", file=source.name, reason="its pictures are not those of the frozen version")
    request = bundle.request
    return FrozenCollection(
        request.collection, request.number, digest=request.digest, created_at="", pictures=tuple(pictures)
    )


def _put(source: FileSource, file: PurePosixPath, target: Path) -> None:
    """Copy a file of a checkpoint out of an archive.

    Raises:
        UserError: `archive_bytes`, `archive_*`, `disk_full`, `folder_unwritable`.
    """
    if source.files[file] > LIMITS[file.name]:
        raise UserError("archive_bytes", file=source.name, limit=LIMITS[file.name] / 1e9)
    with disk_trouble(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as output:
            output.write(source.read(file))


def _start(request: FinetuneRequest, folder: Path, bundle: str) -> Path:
    name = re.split(r"[/\\]", request.start)[-1].partition("@")[0]
    start = layout.home(name, folder)
    loaded = checkpoints.load(start.with_name(f"{start.name}@1"))
    if loaded.sha256 != request.sha256:
        raise UserError("bundle_none", file=bundle, reason=f"its checkpoint {name} is another one")
    return start.with_name(f"{start.name}@1")


def write_result(home: Path, version: int, receipts: Path, path: Path) -> None:
    """Write a version and its receipt as one file, which `add` takes in."""
    folder = layout.version_folder(home, version)
    with disk_trouble(path.parent), replacing(path) as file, ZipWriter(file) as archive:
        for name in FILES:
            archive.data(name, (folder / name).read_bytes())
        for receipt in sorted(receipts.glob("receipt.*")):
            archive.data(receipt.name, receipt.read_bytes())


def add(path: Path, folder: Path | None = None) -> tuple[str, int]:
    """Take in a checkpoint from a folder or zip; name and number of the version, which is not put to use.

    Raises:
        UserError: `archive_*`, `folder_missing`, `checkpoint_none`; as of `checkpoints.add`.
    """
    with open_source(path) as source, TemporaryDirectory() as temporary:
        cards = [file for file in source.files if file.name == layout.CARD]
        weights = [file for file in source.files if file.name == layout.WEIGHTS]
        if len(cards) != 1 or [file.parent for file in weights] != [cards[0].parent]:
            raise UserError("checkpoint_none", file=path.name)
        place = Path(temporary) / path.stem
        for file in (*cards, *weights):
            _put(source, file, target=place / file.name)
        return checkpoints.add(place, folder)
