"""Does this folder answer as the workbench did that wrote it? Needs onnxruntime, numpy and Pillow alone.

python selftest.py
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from classify import MODEL, load, pixels
from PIL import Image

FOLDER = Path(__file__).parent
NEAR = 1e-3
"""How far a probability may be from the expected one."""
SIDEWAYS = 6
"""EXIF's orientation of a picture that has to be turned to the right."""


def saved(image: Image.Image, **options: object) -> bytes:
    """The image as the bytes of a PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def disguises(image: Image.Image) -> Iterator[tuple[str, bytes, Image.Image]]:
    """The same picture in other files: each has to be read as the picture itself."""
    exif = Image.Exif()
    exif[0x0112] = SIDEWAYS
    yield "turned by its EXIF", saved(image.transpose(Image.Transpose.ROTATE_90), exif=exif), image
    over = image.convert("RGBA")
    over.paste((0, 0, 0, 0), (0, 0, over.width // 2, over.height))
    white = image.copy()
    white.paste("white", (0, 0, white.width // 2, white.height))
    yield "transparent, over white", saved(over), white
    grey = image.convert("L")
    deep = np.asarray(grey).astype(np.uint16) * 257
    deep[0, 0] = 65_535  # its range is that of 16 bits
    bright = grey.copy()
    bright.putpixel((0, 0), 255)
    yield "16 bits deep", saved(Image.fromarray(deep)), bright.convert("RGB")


def main() -> int:
    classifier = load(FOLDER)
    expected_hash = classifier.description["model"]["sha256"]
    failures = [] if hashlib.sha256((FOLDER / MODEL).read_bytes()).hexdigest() == expected_hash else [MODEL]
    for example in classifier.description["examples"]:
        file = FOLDER / example["file"]
        answer = classifier.predict(file)
        apart = max(abs(answer.probabilities[name] - value) for name, value in example["probabilities"].items())
        same = answer.label == example["label"] and answer.unlike == example["unlike"] and apart <= NEAR
        print(f"{example['file']}: {answer.label} {answer.probability:.4f}, {apart:.1e} from what is expected")
        failures += [] if same else [example["file"]]
        for what, data, meant in disguises(Image.open(file).convert("RGB")):
            if not np.array_equal(pixels(data), np.asarray(meant)):
                failures.append(f"{example['file']}, {what}")
    for failure in failures:
        print(f"NOT as expected: {failure}", file=sys.stderr)
    print("FAILED" if failures else "All answers are as expected.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
