"""Which class is a picture of? The classifier of this folder answers, with onnxruntime, numpy and Pillow alone.

python classify.py PICTURE ...

from classify import load
load("FOLDER").predict("PICTURE").label
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures.decoding import decode
from fsl_demo.core.pictures.limits import MAX_BYTES
from fsl_demo.core.pictures.raster import Raster

DESCRIPTION, MODEL = "classifier.json", "classifier.onnx"
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Answer:
    """What the classifier says of a picture.

    Attributes:
        label: the most probable class.
        unlike: whether the picture is unlike the examples of that class; None where nothing is known.
        probabilities: of every class; they sum to 1.
        similarities: to every class, raw: what `unlike` is told by.
    """

    label: str
    probability: float
    unlike: bool | None
    probabilities: Mapping[str, float]
    similarities: Mapping[str, float]


class Classifier:
    """The classifier of a folder.

    Attributes:
        description: what `classifier.json` says.
        classes: the names.

    Raises:
        UserError: `portable_missing`, `portable_bad` for a folder that holds no classifier of this form.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.description = _described(self.folder)
        self.classes = tuple(self.description["classes"])

    def predict(self, picture: str | Path | bytes | Image.Image) -> Answer:
        """Classify a picture: a file, the bytes of one, or an image.

        Raises:
            UserError: `picture_*`, what is wrong with the picture.
        """
        similarities, probabilities = self.scores(pixels(picture))
        best = int(probabilities.argmax())
        limit = self.description["none_below"]
        return Answer(
            label=self.classes[best],
            probability=float(probabilities[best]),
            unlike=None if limit is None else bool(similarities[best] < limit),
            probabilities=dict(zip(self.classes, map(float, probabilities), strict=True)),
            similarities=dict(zip(self.classes, map(float, similarities), strict=True)),
        )

    def scores(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Similarities and probabilities, [C] each, from upright RGB, uint8 [height, width, 3]."""
        similarities, probabilities = self._session.run(["similarities", "probabilities"], {"picture": picture})
        return similarities, probabilities

    @cached_property
    def _session(self) -> Any:
        try:
            import onnxruntime
        except ImportError as error:
            raise UserError("portable_runtime") from error
        try:
            return onnxruntime.InferenceSession(self.folder / MODEL, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises classes of its own
            raise UserError("portable_bad", folder=self.folder, reason=f"{MODEL}: {error}"[:200]) from error


def load(folder: str | Path) -> Classifier:
    """The classifier of a folder that `export classifier` has written."""
    return Classifier(folder)


def pixels(picture: str | Path | bytes | Image.Image) -> np.ndarray:
    """Upright RGB over white, uint8 [height, width, 3], as the workbench reads every picture."""
    if isinstance(picture, Image.Image):
        return np.asarray(Raster(picture, orientation=picture.getexif().get(_ORIENTATION, 1)).upright())
    name, data = ("picture", picture) if isinstance(picture, bytes) else _file(Path(picture))
    if len(data) > MAX_BYTES:
        raise UserError("picture_bytes", file=name, megabytes=len(data) / 1e6, limit=MAX_BYTES / 1e6)
    try:
        return np.asarray(decode(data).upright())
    except UserError as error:
        raise UserError(error.code, **{"file": name, **error.params}) from error


def _file(path: Path) -> tuple[str, bytes]:
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise UserError("picture_missing", file=path.name, reason=error.strerror or str(error)) from error


def _described(folder: Path) -> dict[str, Any]:
    try:
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError("portable_missing", folder=folder) from error
    except ValueError as error:
        raise UserError("portable_bad", folder=folder, reason=DESCRIPTION) from error
    if not isinstance(described, dict) or described.get("format") != 1:
        raise UserError("portable_bad", folder=folder, reason=f"{DESCRIPTION}: format")
    return described


def main() -> int:
    """Answer for each picture that the command line names."""
    try:
        classifier = load(Path(__file__).parent)
        for name in sys.argv[1:]:
            answer = classifier.predict(name)
            unlike = "  (unlike the examples)" if answer.unlike else ""
            print(f"{name}: {answer.label} {100 * answer.probability:.1f}%{unlike}")
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
