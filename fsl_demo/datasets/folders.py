"""Any folder of class folders, an exported collection too, as a data set to train on."""

from __future__ import annotations

import atexit
import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile

from fsl_demo.core.errors import UserError
from fsl_demo.datasets.class_folders import class_folders
from fsl_demo.datasets.parts import Classes, Dataset, Part

HELD_OUT = 0.25
"""Share of each class's pictures, the last ones, that validate."""


def read(folder: Path) -> Dataset:
    """Every class trains on its first pictures and validates on its last ones.

    An export of the workbench has the folders "support" and "query"; a class has the pictures of both.

    Raises:
        UserError: `one_class`; `setting_bad` for a class of fewer than three pictures; what `class_folders` raises.
    """
    classes = _classes(unpacked(folder))
    if len(classes) < 2:
        raise UserError("one_class")
    return split(classes, folder.stem)


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


def unpacked(path: Path) -> Path:
    """The folder itself, or one that a zip is unpacked into for as long as the process runs.

    Raises:
        UserError: `archive_broken`.
    """
    if path.is_dir():
        return path
    folder = TemporaryDirectory(prefix="fsl_demo_")
    atexit.register(folder.cleanup)
    try:
        with ZipFile(path) as archive:
            archive.extractall(folder.name)
    except (BadZipFile, OSError, RuntimeError) as error:
        raise UserError("archive_broken", file=path.name) from error
    return Path(folder.name)


def _classes(folder: Path) -> Classes:
    parts = [part for part in ("support", "query", "train") if (folder / part).is_dir()]
    if not parts:
        return class_folders(folder)
    classes: dict[str, list[Path]] = {}
    for part in parts:
        for name, files in class_folders(folder, part).items():
            classes.setdefault(name, []).extend(files)
    return {name: _different(files) for name, files in classes.items()}


def _different(files: list[Path]) -> list[Path]:
    """Each picture once: what one episode asks may support another, and must not train and validate both."""
    kept: dict[bytes, Path] = {}
    for file in files:
        kept.setdefault(hashlib.sha256(file.read_bytes()).digest(), file)
    return list(kept.values())
