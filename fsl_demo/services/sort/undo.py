"""Taking a sort back: what is still as the sort left it goes, or goes back, and nothing else is touched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Report, UserError, disk_trouble
from fsl_demo.core.file_names import visible
from fsl_demo.services.sort import files
from fsl_demo.services.sort.carry import arrived, reported, rows
from fsl_demo.services.sort.files import ChangedError
from fsl_demo.services.sort.manifest import Item, Manifest, remove_folders
from fsl_demo.services.sort.table import write_sorted_csv


@dataclass
class Undone:
    """What came of an undo.

    Attributes:
        back: files that were put back, or copies and links that were removed, this time.
        left: files that stay where they were sorted to.
    """

    back: int = 0
    left: int = 0


def undo(path: Path, manifest: Manifest, progress: Progress, report: Report) -> Undone:
    """Undo a sort, finished or not; can itself be killed and run again.

    The table and the manifest go last, when no file is left; folders go when the sort made them and they are empty.

    Args:
        path: of the manifest.
        manifest: as it is at `path`.
        progress: told "undo" and how many files are done.
        report: told of each file that is left, and why.

    Raises:
        UserError: `disk_full`, `folder_unwritable`; the undo can be gone on with.
    """
    manifest.state = "undoing"
    manifest.save(path)
    undone, total = Undone(), len(manifest.items)
    for number, item in enumerate(manifest.items):
        progress("undo", number, total)
        left: list[UserError] = []
        with reported(path.parent, left.append):
            undone.back += _undo(manifest, item, target=path.parent / item.target, number=number)
        for error in left:
            undone.left += 1
            report(error)
    progress("undo", total, total)
    with disk_trouble(path.parent):
        table = path.parent / manifest.table
        files.clean(manifest.temporary(table, "table"), table)
        if table.is_file() and table.read_bytes() == write_sorted_csv(rows(manifest)):
            table.unlink()
        remove_folders(manifest, *(path.parent / name for name in manifest.folders))
        if undone.left:
            manifest.state = "undone"
            manifest.save(path)
        else:
            path.unlink()
            remove_folders(manifest)
    return undone


def _undo(manifest: Manifest, item: Item, target: Path, number: int) -> bool:
    """Undo one file; whether there was anything to do.

    Raises:
        UserError: why the file stays.
        OSError: the same.
    """
    source, name = Path(item.source), visible(item.target)
    back = manifest.temporary(source, number)
    if target.parent.is_dir():
        files.clean(manifest.temporary(target, number), target)
    if manifest.mode == "move" and source.parent.is_dir():
        files.clean(back, source)
    if not files.exists(target):
        if manifest.mode == "move" and not files.exists(source):
            raise UserError("undo_gone", file=name)
        return False
    if not arrived(manifest, item, target):
        raise UserError("undo_changed", file=name)
    if manifest.mode == "move":
        _bring_back(item, target=target, source=source, temporary=back)
    elif manifest.mode == "copy" and not _original_is_there(item):
        raise UserError("undo_original", file=name)
    else:
        target.unlink()
    return True


def _bring_back(item: Item, target: Path, source: Path, temporary: Path) -> None:
    if files.has_bytes(source, item.sha256):  # killed between the two steps of a move, there or back
        target.unlink()
        return
    try:
        source.parent.mkdir(parents=True, exist_ok=True)
        files.move(target, source, temporary=temporary, sha256=item.sha256)
    except FileExistsError as error:
        raise UserError("undo_taken", file=visible(item.target)) from error
    except ChangedError as error:
        raise UserError("undo_changed", file=visible(item.target)) from error


def _original_is_there(item: Item) -> bool:
    """Whether the original of a copy still has its bytes; if not, the copy may be the last."""
    try:
        return files.digest(Path(item.source)) == item.sha256
    except OSError:
        return False
