"""The folder of a classifier as a static page: a page of ours, and onnxruntime-web, which a person brings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from fsl_demo.core.errors import UserError
from fsl_demo.portable.reading import FILES

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
RUNTIME = {
    "ort.wasm.min.mjs": "219e6a1fc8a9938268d18efca3c91d310bd2f4a59bbd13744df5b2b7fc6cee3b",
    "ort-wasm-simd-threaded.mjs": "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
"""SHA-256 of the files of the package that the page takes."""
LICENCE = f"- {PACKAGE} {VERSION} (`runtime/`): MIT licence, copyright Microsoft Corporation.\n"


def files(package: Path) -> Mapping[str, bytes]:
    """What makes a page of the folder, by path.

    Args:
        package: the unpacked npm package, or its `dist`.

    Raises:
        UserError: `web_missing`, `web_differs` for another version of the package.
    """
    folder = package / "dist" if (package / "dist").is_dir() else package
    page = FILES / "web"
    return {
        "index.html": (page / "index.html").read_bytes(),
        **{f"page/{name}": (page / name).read_bytes() for name in ("page.css", "page.js", "deep.js", "texts.json")},
        **{f"runtime/{name}": _runtime(folder / name, sha256) for name, sha256 in RUNTIME.items()},
    }


def _runtime(file: Path, sha256: str) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError("web_missing", file=file.name, folder=file.parent, package=f"{PACKAGE}@{VERSION}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise UserError("web_differs", file=file.name, package=f"{PACKAGE}@{VERSION}")
    return data
