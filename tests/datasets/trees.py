"""Tiny trees of pictures in the layouts that the data sets have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
from PIL import Image

from fsl_demo.datasets.parts import Dataset, Part


def picture(path: Path) -> Path:
    """A small picture that follows from its path, so that no two are equal."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = list("/".join(path.parts[-3:]).encode())
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)).save(path)
    return path


def class_tree(root: Path, names: Iterable[str], pictures: int, suffix: str = ".png") -> Path:
    for name in names:
        for number in range(pictures):
            picture(root / name / f"{number + 1}{suffix}")
    return root


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address under which a server on this machine gives out the files of a folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def parts(data: Dataset) -> tuple[Part, Part, Part]:
    return data.train, data.validation, data.test


def files(part: Part) -> list[Path]:
    files = [item for items in part.classes.values() for item in items]
    assert all(isinstance(item, Path) for item in files)
    return files  # type: ignore[return-value]


def assert_no_class_in_common(data: Dataset) -> None:
    names = [name for part in parts(data) for name in part.classes]
    assert len(names) == len(set(names))


def assert_everything_is_used_once(data: Dataset, root: Path) -> None:
    used = sorted(file for part in parts(data) for file in files(part))
    assert used == sorted(path for path in root.rglob("*") if path.suffix in (".png", ".pgm", ".webp"))


def assert_balanced_pairs_within(part: Part, pairs: int) -> None:
    owner = {item: name for name, items in part.classes.items() for item in items}
    assert len(part.pairs) == pairs and sum(same for _, _, same in part.pairs) == pairs // 2
    assert all(first != second and (owner[first] == owner[second]) == same for first, second, same in part.pairs)
