"""The workbench's way to read pictures, for a folder that has to do without the workbench: its own modules, whose
imports lead to each other there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from fsl_demo.core import pictures
from fsl_demo.core.errors import MESSAGES
from fsl_demo.portable import classify

MODULES = (
    *("canonical", "decoding", "depth", "gif", "jpeg", "kinds", "limits", "packed", "png", "profiles", "raster"),
    *("tiff", "webp"),
)
"""Of `core.pictures`: `decoding`, and all that it imports."""
FILES = Path(__file__).with_name("files")
_PACKAGE = "reading"
_SHARED = ("picture_", "portable_")
"""How the codes of errors begin that are raised there."""
_PLACES = ((re.escape("fsl_demo.core.pictures"), _PACKAGE), (re.escape("fsl_demo.core.errors"), f"{_PACKAGE}.errors"))


def files() -> Mapping[str, bytes]:
    """By their names in the folder: `classify.py`, and what it reads pictures with."""
    source = Path(pictures.__file__).parent
    messages = {code: text for code, text in MESSAGES.items() if code.startswith(_SHARED)}
    return {
        Path(classify.__file__).name: _moved(Path(classify.__file__)),
        f"{_PACKAGE}/__init__.py": b'"""How the workbench reads pictures, as it is there."""\n',
        f"{_PACKAGE}/errors.py": (FILES / "errors.py").read_bytes(),
        f"{_PACKAGE}/messages.json": json.dumps(messages, ensure_ascii=False, indent=1).encode(),
        **{f"{_PACKAGE}/{name}.py": _moved(source / f"{name}.py") for name in MODULES},
    }


def _moved(module: Path) -> bytes:
    text = module.read_text(encoding="utf-8")
    for place, there in _PLACES:
        text = re.sub(rf"^from {place}\b", f"from {there}", text, flags=re.MULTILINE)
    return text.encode()
