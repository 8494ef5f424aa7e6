"""The files of the folder that is to be sorted."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from fsl_demo.core.errors import Report, UserError
from fsl_demo.datasets.class_folders import natural
from fsl_demo.datasets.walking import visible


def source_files(folder: Path, into: Path, report: Report) -> list[Path]:
    """Every file of a folder, however deep, in natural order. Links to folders are not followed, and what is hidden is
    passed over.

    Args:
        into: where files are sorted to; when it lies inside `folder`, its files are left out.
        report: told of folders that cannot be read.
    """
    apart, paths = os.path.realpath(into), []

    def unreadable(error: OSError) -> None:
        report(UserError("picture_missing", file=Path(error.filename).name, reason=error.strerror or str(error)))

    for place, folders, files in os.walk(folder, onerror=unreadable):
        inside = [name for name in folders if visible(name)]
        folders[:] = [name for name in inside if os.path.realpath(Path(place, name)) != apart]
        paths += [Path(place, name) for name in files if visible(name)]
    return sorted(paths, key=lambda path: natural(PurePosixPath(path.relative_to(folder).as_posix())))
