"""The pictures of a folder, however deep, folder by folder and in the order of their names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import may_be_picture
from fsl_demo.datasets.class_folders import archives_inside
from fsl_demo.datasets.streams.stream import FileItem, Stream
from fsl_demo.datasets.walking import visited


def open_folder(folder: Path) -> Stream:
    """The files that may be pictures; they are counted once, and listed again when they are read."""
    left_out: list[UserError] = []
    digest, count = hashlib.sha256(), 0
    for name, status in visited(folder, left_out.append):
        if may_be_picture(PurePosixPath(name).name):
            count += 1
            digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
        else:
            left_out += archives_inside([PurePosixPath(name)])

    def items(start: int) -> Iterator[FileItem]:
        names = (name for name, _ in visited(folder, lambda error: None) if may_be_picture(PurePosixPath(name).name))
        return (FileItem(name, folder / name) for name in islice(names, start, None))

    return Stream(folder.name, count, digest.hexdigest(), items=items, left_out=tuple(left_out))
