"""Any folder, archive or table of pictures with classes, an exported collection too, as a data set to train on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from fsl_demo.core.class_names import class_key
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import Report, UserError, refuse
from fsl_demo.datasets.class_pictures import pictures_by_class
from fsl_demo.datasets.file_source import open_source
from fsl_demo.datasets.labelled_tables import SUFFIX, open_table
from fsl_demo.datasets.parts import Classes, Dataset, Item, Part
from fsl_demo.datasets.streams.shards import shard_files

HELD_OUT = 0.25
"""Share of each class's pictures, the last ones, that validate."""


def read(folder: Path, report: Report = refuse) -> Dataset:
    """Every class trains on its first pictures and validates on its last ones.

    An export of the workbench has the folders "support" and "query"; a class has the pictures of both.

    Args:
        report: as of `labelled`.

    Raises:
        UserError: `one_class`; `setting_bad` for a class of fewer than three pictures; what `labelled` raises.
    """
    return _read([folder], folder.stem, report)


def read_shards(pattern: str, report: Report = refuse) -> Dataset:
    """The same for several zips, tars, folders or tables as one: what is called alike in them is one class.

    Args:
        pattern: as in photos-{000..099}.tar or part-*.zip.

    Raises:
        UserError: `source_missing`, `shards_many`; as of `read`.
    """
    name = re.split(r"[*?\[{]", Path(pattern).stem)[0].rstrip("-_. ")
    return _read(shard_files(pattern), name or "shards", report)


def _read(paths: Sequence[Path], name: str, report: Report) -> Dataset:
    labels: dict[str, str] = {}
    classes: dict[str, list[Item]] = {}
    for path in paths:
        for label, items in labelled(path, quiet, report, with_queries=True).items():
            classes.setdefault(labels.setdefault(class_key(label), label), []).extend(items)
    if len(classes) < 2:
        raise UserError("one_class")
    return split(classes, name)


def split(classes: Classes, name: str) -> Dataset:
    """The same for pictures by class."""
    train, validation = {}, {}
    for label, items in classes.items():
        if len(items) < 3:
            reason = f"“{label}” has {len(items)}; training needs three or more of every class."
            raise UserError("setting_bad", name="pictures", value=len(items), reason=reason)
        held = max(1, round(HELD_OUT * len(items)))
        train[label], validation[label] = items[:-held], items[-held:]
    return Dataset(
        name=name,
        protocol=f"the last {HELD_OUT:.0%} of each class's pictures validate, the others train",
        train=Part(train),
        validation=Part(validation),
    )


def labelled(path: Path, progress: Progress, report: Report, with_queries: bool = False) -> Classes:
    """The pictures of each class: files of a folder, and what is read again from an archive or table when it is needed.

    A folder, zip or tar has class folders, or samples of WebDataset that say their classes; a table is a Parquet file.

    Args:
        report: told of what is left out and what is put together.
        with_queries: as of `class_layout`.

    Raises:
        UserError: what `open_source`, `open_table` and `pictures_by_class` raise.
    """
    with (open_table if path.suffix.lower() == SUFFIX else open_source)(path) as source:
        read = pictures_by_class(source, progress, report, with_queries=with_queries)
    return {
        name: [path / file for file in read.paths[name]] if path.is_dir() else list(pictures)
        for name, pictures in read.classes.items()
    }
