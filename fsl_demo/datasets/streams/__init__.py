"""Sources of any number of pictures: a file for each kind."""

from __future__ import annotations

import os
from pathlib import Path

from fsl_demo.core.errors import UserError
from fsl_demo.datasets.archives import is_zip, other_archive
from fsl_demo.datasets.streams.folder import open_folder
from fsl_demo.datasets.streams.lists import open_list
from fsl_demo.datasets.streams.shards import is_pattern, open_shards
from fsl_demo.datasets.streams.stream import FileItem, Item, Stream, fingerprint
from fsl_demo.datasets.streams.tables import open_table
from fsl_demo.datasets.streams.tars import open_tar
from fsl_demo.datasets.streams.zips import open_zip
from fsl_demo.datasets.tar_archives import is_tar

__all__ = ["Item", "Stream", "open_stream"]

KINDS = {".parquet": open_table, ".tar": open_tar, ".txt": open_list, ".zip": open_zip}


def open_stream(source: str) -> Stream:
    """Open what a person has named: a folder, a zip, a tar, a Parquet file, a list of paths and addresses, a picture,
    or several such files by a pattern.

    Raises:
        UserError: what is wrong with the source as a whole.
    """
    return open_shards(source, _open) if is_pattern(source) else _open(Path(source))


def _open(path: Path) -> Stream:
    if not os.path.lexists(path):
        raise UserError("source_missing", source=path)
    if path.is_dir():
        return open_folder(path)
    suffix = path.suffix.lower()
    if suffix in KINDS:
        return KINDS[suffix](path)
    if is_tar(path) or other_archive(path):
        return open_tar(path)
    if is_zip(path):
        return open_zip(path)
    return Stream(path.name, 1, fingerprint([path]), items=lambda start: iter([FileItem(path.name, path)][start:]))
