"""Doing what a manifest says. Killed at any moment, it goes on where it was: every step can be seen on the disk."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fsl_demo.core import durable
from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Report, UserError, disk_trouble
from fsl_demo.core.exports import folder_within
from fsl_demo.core.file_names import visible
from fsl_demo.services.sort import files
from fsl_demo.services.sort.files import ChangedError, FreeNames
from fsl_demo.services.sort.manifest import Item, Manifest, written
from fsl_demo.services.sort.table import SortedRow, write_sorted_csv

"""Told of each file that stays where it is, and why."""


def carry_out(path: Path, manifest: Manifest, progress: Progress, report: Report) -> Counter[str]:
    """Sort the files of a manifest that are not sorted yet, then write its table.

    Args:
        path: of the manifest, in the folder to sort into.
        manifest: as it is at `path`.
        progress: told "sort" and how many files are done; what it raises leaves a sort that can be gone on with.

    Returns:
        How many files are in each folder by this sort.

    Raises:
        UserError: `disk_full`; the sort can be gone on with.
    """
    sorting, done = _Sorting(path, manifest), Counter[str]()
    for number in range(len(manifest.items)):
        progress("sort", number, len(manifest.items))
        with reported(path.parent, report):
            sorting.sort(number)
            done[manifest.items[number].folder] += 1
    progress("sort", len(manifest.items), len(manifest.items))
    with disk_trouble(path.parent):
        for folder in done:
            durable.sync_folder(path.parent / folder)
        sorting.write_table()
    manifest.state = "sorted"
    manifest.save(path)
    return done


def rows(manifest: Manifest) -> Iterator[SortedRow]:
    """The lines of the table."""
    for item in manifest.items:
        source = Path(item.source)
        inside = source.relative_to(manifest.source) if source.is_relative_to(manifest.source) else source
        yield SortedRow(
            name=source.name,
            path=inside.as_posix(),
            answer=item.answer,
            probability=item.probability,
            unlike=item.unlike,
            sorted_to=item.target,
        )


def sorted_before(into: Path, request: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Path and hash of each file that an earlier sort by the same request has put into this folder, if it is there."""
    manifests = [manifest for _, manifest in written(into) if manifest.request == request]
    return {
        (item.source, item.sha256)
        for manifest in manifests
        for item in manifest.items
        if arrived(manifest, item, into / item.target)
    }


@contextmanager
def reported(folder: Path, report: Report) -> Iterator[None]:
    """Report what goes wrong with one file, and go on; a full disk ends everything."""
    try:
        try:
            yield
        except OSError as error:
            place = Path(os.fsdecode(error.filename)).parent if error.filename else folder
            with disk_trouble(place):
                raise
    except UserError as error:
        if error.code == "disk_full":
            raise
        report(error)


@dataclass
class _Sorting:
    """A manifest being carried out."""

    path: Path
    manifest: Manifest

    def sort(self, number: int) -> None:
        """Bring one file to its place, if it is not there.

        Raises:
            UserError: why the file stays where it is.
            OSError: the same.
        """
        while True:
            item = self.manifest.items[number]
            target = self.path.parent / item.target
            folder_within(target.parent)
            temporary = self.manifest.temporary(target, number)
            files.clean(temporary, target)
            if arrived(self.manifest, item, target):
                return self._finish(item, target)
            if not files.exists(target):
                try:
                    return self._act(item, target, temporary)
                except FileExistsError:  # somebody put a file there this moment
                    continue
            self._rename(number)

    def write_table(self) -> None:
        """Write the CSV, under another name when somebody has taken its own."""
        data = write_sorted_csv(rows(self.manifest))
        while True:
            table = self.path.parent / self.manifest.table
            temporary = self.manifest.temporary(table, "table")
            files.clean(temporary, table)
            if files.exists(table) and table.is_file() and table.read_bytes() == data:
                return
            try:
                return files.write_new(table, data, temporary)
            except FileExistsError:
                self.manifest.table = FreeNames(file.name for file in self.path.parent.iterdir()).take(table.name)
                self.manifest.save(self.path)

    def _act(self, item: Item, target: Path, temporary: Path) -> None:
        source, name = Path(item.source), visible(Path(item.source).name)
        try:
            with source.open("rb"):
                pass
        except OSError as error:
            raise UserError("picture_missing", file=name, reason=error.strerror or str(error)) from error
        try:
            if self.manifest.mode == "copy":
                files.copy(source, target, temporary=temporary, sha256=item.sha256)
            elif self.manifest.mode == "move":
                files.move(source, target, temporary=temporary, sha256=item.sha256)
            elif files.digest(source) == item.sha256:
                target.symlink_to(source)
            else:
                raise ChangedError
        except ChangedError as error:
            raise UserError("sort_changed", file=name) from error

    def _finish(self, item: Item, target: Path) -> None:
        """Take the source away if a killed move has left it beside the target."""
        source = Path(item.source)
        if self.manifest.mode == "move" and files.has_bytes(source, item.sha256) and not source.is_symlink():
            durable.sync_folder(target.parent)
            source.unlink()

    def _rename(self, number: int) -> None:
        """Write down another place for a file whose place somebody else has taken."""
        item = self.manifest.items[number]
        planned = [Path(other.target).name for other in self.manifest.items if other.folder == item.folder]
        there = [path.name for path in (self.path.parent / item.folder).iterdir()]
        name = FreeNames([*planned, *there]).take(Path(item.source).name)
        self.manifest.items[number] = replace(item, target=f"{item.folder}/{name}")
        self.manifest.save(self.path)


def arrived(manifest: Manifest, item: Item, target: Path) -> bool:
    """Whether what is at the target is what the sort puts there."""
    if manifest.mode == "link":
        return target.is_symlink() and str(target.readlink()) == item.source
    return files.has_bytes(target, item.sha256)
