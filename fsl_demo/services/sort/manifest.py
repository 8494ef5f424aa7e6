"""What a sort is going to do, written down before it touches a file; `undo` reads it, too."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

from fsl_demo.core.durable import replacing
from fsl_demo.core.errors import UserError, disk_trouble
from fsl_demo.services.sort.files import clean, exists, write_new

Mode = Literal["copy", "move", "link"]
State = Literal["sorting", "sorted", "undoing", "undone"]
NAME = "sort-manifest.json"
_TEMPORARY = ".sort-manifest.tmp"
_KIND = "fsl_demo sort, version 1"


@dataclass
class Item:
    """A file to sort.

    Attributes:
        source: its absolute path.
        sha256: of its bytes.
        size: in bytes.
        target: where it goes, relative to the manifest's folder: a folder and a name.
        answer, probability, unlike: what the methods said.
    """

    source: str
    sha256: str
    size: int
    target: str
    answer: str
    probability: float
    unlike: bool

    @property
    def folder(self) -> str:
        """The folder that the file goes to."""
        return PurePosixPath(self.target).parts[0]


@dataclass
class Manifest:
    """A sort.

    Attributes:
        id: part of the names of temporary files.
        mode: what is done with the files.
        source: absolute path of the folder that they come from.
        request: what was asked for: the same command goes on with the same sort.
        made: absolute paths of the folders above the files that did not exist, innermost first.
        folders: names of the class folders that did not exist.
        table: name of the CSV.
        state: how far it is.
    """

    mode: Mode
    source: str
    request: Mapping[str, Any]
    items: list[Item]
    table: str
    made: list[str]
    folders: list[str]
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    state: State = "sorting"

    def temporary(self, target: Path, number: int | Literal["table"]) -> Path:
        """The temporary file of item `number`, or of the table, beside its target."""
        return target.with_name(f".{self.id}-{number}.tmp")

    def save(self, path: Path) -> None:
        """Replace the manifest on disk."""
        with disk_trouble(path.parent), replacing(path, path.with_name(_TEMPORARY)) as file:
            file.write(self._bytes())

    def _bytes(self) -> bytes:
        return json.dumps({"kind": _KIND} | asdict(self), indent=1).encode()  # ASCII: names need not be valid UTF-8


def start(manifest: Manifest, into: Path) -> Path:
    """Write a new manifest into the folder, which is made, and give its path.

    Raises:
        UserError: `disk_full`, `folder_unwritable`; nothing is left then.
    """
    try:
        with disk_trouble(into):
            into.mkdir(parents=True, exist_ok=True)
            path = into / NAME
            clean(into / _TEMPORARY, path)
            if exists(path) or NAME in {item.folder for item in manifest.items}:
                path = into / f"sort-manifest-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.json"
            write_new(path, manifest._bytes(), into / _TEMPORARY)
    except UserError:
        remove_folders(manifest)
        raise
    return path


def unfinished(into: Path) -> tuple[Path, Manifest] | None:
    """A manifest in this folder that was not carried out, or not undone, to its end."""
    return next(
        ((path, manifest) for path, manifest in written(into) if manifest.state in ("sorting", "undoing")), None
    )


def written(into: Path) -> Iterator[tuple[Path, Manifest]]:
    """The manifests of a folder; files of such a name that are none are passed over."""
    for path in sorted(into.glob("sort-manifest*.json")):
        with suppress(UserError):
            yield path, load(path)


def load(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        UserError: `sort_manifest`.
    """
    try:
        values = json.loads(path.read_bytes())
        if values.pop("kind") != _KIND:
            raise ValueError(f"not a {_KIND}")
        manifest = Manifest(**values | {"items": [Item(**item) for item in values["items"]]})
        _check(manifest)
        return manifest
    except OSError as error:
        raise UserError("sort_manifest", file=path, reason=error.strerror or str(error)) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UserError("sort_manifest", file=path, reason=f"{type(error).__name__}: {error}"[:200]) from error


def remove_folders(manifest: Manifest, *inside: Path) -> None:
    """Remove the folders that the sort made, where they are empty."""
    for folder in (*inside, *map(Path, manifest.made)):
        try:
            folder.rmdir()
        except OSError:
            continue


def _check(manifest: Manifest) -> None:
    """Raise `ValueError` for a manifest that would reach outside its folder, or is not whole."""
    if manifest.mode not in get_args(Mode) or manifest.state not in get_args(State):
        raise ValueError(f"{manifest.mode}, {manifest.state}")
    targets = [item.target for item in manifest.items]
    for target, parts in [*((target, 2) for target in targets), *((n, 1) for n in (manifest.table, *manifest.folders))]:
        path = PurePosixPath(target)
        if path.is_absolute() or ".." in path.parts or len(path.parts) != parts:
            raise ValueError(f"{target!r} is no place inside the folder")
    if not all(Path(item.source).is_absolute() for item in manifest.items) or not manifest.id.isalnum():
        raise ValueError("a source is not absolute")
