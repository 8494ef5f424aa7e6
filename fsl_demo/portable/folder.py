"""The folder of a classifier: what is in it, and how it comes to be there whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import fsl_demo
from fsl_demo.core import durable
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import Episode, Scores
from fsl_demo.core.errors import UserError, disk_trouble
from fsl_demo.core.exports import replacing
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Portable
from fsl_demo.portable import reading
from fsl_demo.portable.classify import DESCRIPTION, MODEL, pixels
from fsl_demo.portable.terms import licence

Files = Mapping[str, bytes]
"""Contents by path in the folder."""
LICENCE = "LICENCE.txt"
EXAMPLES, NEAR = 3, 1e-3
"""Pictures with the expected answers, and how far the model's may be from them."""


@dataclass(frozen=True)
class Taken:
    """What is taken away.

    Attributes:
        scores: what the method itself says of the examples.
    """

    method: MethodCard
    episode: Episode
    portable: Portable
    examples: Sequence[Picture]
    scores: Scores


def check_packages() -> None:
    """Raise `UserError` (`export_missing`) where the packages that writing takes are not installed."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise UserError("export_missing") from error


def files(taken: Taken) -> dict[str, bytes]:
    """All that is in the folder.

    Raises:
        UserError: `export_recipe`; `export_differs` where the model does not answer as the method does, so that nobody
            takes it away.
    """
    from fsl_demo.portable.model import model

    data = model(taken.portable).SerializeToString()
    _check(data, taken)
    named = {f"examples/{number}.png": picture for number, picture in enumerate(taken.examples, start=1)}
    description = {
        "format": 1,
        "classes": [spec.name for spec in taken.episode.classes],
        "shots": taken.episode.shots(),
        "method": {"id": taken.method.id, "title": taken.method.title, "paper": taken.method.paper},
        "settings": dict(taken.scores.settings),
        "note": dict(taken.scores.note),
        "temperature": taken.portable.temperature,
        "none_below": _number(taken.portable.none_below),
        "weights": taken.portable.weights,
        "checkpoints": [
            {"name": each.home.name, "version": each.version, "sha256": each.sha256, "data": each.card.data}
            for each in taken.portable.sources
        ],
        "licence": LICENCE,
        "package": {"name": "fsl_demo", "version": fsl_demo.__version__},
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": {"file": MODEL, "sha256": hashlib.sha256(data).hexdigest(), "recipes": taken.portable.recipes},
        "examples": [_example(name, number, taken) for number, name in enumerate(named)],
    }
    return {
        "README.md": (reading.FILES / "README.md").read_bytes(),
        LICENCE: licence(taken.portable.sources).encode(),
        DESCRIPTION: json.dumps(description, ensure_ascii=False, indent=1, allow_nan=False).encode(),
        MODEL: data,
        **reading.files(),
        "selftest.py": (reading.FILES / "selftest.py").read_bytes(),
        **{name: _png(picture) for name, picture in named.items()},
    }


def _example(name: str, number: int, taken: Taken) -> dict[str, Any]:
    names, scores = [spec.name for spec in taken.episode.classes], taken.scores
    return {
        "file": name,
        "label": names[scores.best(number)],
        "unlike": scores.unlike(number),
        "probabilities": dict(zip(names, map(float, scores.probabilities[number]), strict=True)),
        "similarities": dict(zip(names, map(float, scores.similarities[number]), strict=True)),
    }


def _check(data: bytes, taken: Taken) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    for number, picture in enumerate(taken.examples):
        _, probabilities = session.run(None, {"picture": pixels(picture.image())})
        apart = float(np.abs(probabilities - taken.scores.probabilities[number]).max())
        if apart > NEAR:
            raise UserError("export_differs", method=taken.method.title, apart=apart)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _png(picture: Picture) -> bytes:
    buffer = io.BytesIO()
    picture.image().save(buffer, "PNG")
    return buffer.getvalue()


def check_free(path: Path) -> None:
    """Raise `UserError` (`export_exists`) for a place where something is."""
    if path.exists() or path.is_symlink():
        raise UserError("export_exists", folder=path)


def write_folder(path: Path, contents: Files) -> None:
    """Write a folder that is not there yet: under another name first, which nobody takes for it.

    Raises:
        UserError: `export_exists`, `disk_full`, `folder_unwritable`.
    """
    check_free(path)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    with disk_trouble(path.parent):
        try:
            for name, data in contents.items():
                place = beside / name
                place.parent.mkdir(parents=True, exist_ok=True)
                with durable.writing(place) as file:
                    file.write(data)
            for folder in {(beside / name).parent for name in contents}:
                durable.sync_folder(folder)
            beside.rename(path)
        finally:
            with suppress(OSError):
                shutil.rmtree(beside)
        durable.sync_folder(path.parent)


def write_zip(path: Path, contents: Files) -> None:
    """Write the folder as a zip, in the place of what is there.

    Raises:
        UserError: as of `replacing`.
    """
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(f"{path.stem}/{name}", data)
