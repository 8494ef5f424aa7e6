"""Pictures ranked by their vectors: all compared, or through an index that grows, and that may be lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelledEpisode
from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.inference.phrases import sentence_vector
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.services import vector_index
from fsl_demo.services.vector_index import VectorIndex
from fsl_demo.store import GalleryFilter, Workspace
from fsl_demo.store import pictures as picture_rows
from fsl_demo.store.blobs import Written
from tests.colours import ColourSpace, painted

COLOURS = {"r1": (220, 10, 10), "r2": (200, 90, 60), "g1": (10, 220, 10), "b1": (10, 10, 220), "b2": (60, 90, 200)}
MANY, DIMENSIONS = 3_000, 24


@pytest.fixture
def space() -> ColourSpace:
    return ColourSpace()


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    return [from_image(painted(rgb, seed), name) for seed, (name, rgb) in enumerate(COLOURS.items())]


@pytest.fixture
def index(tmp_path: Path, space: ColourSpace, pictures: list[Picture]) -> VectorIndex:
    """Of a workspace with all pictures, none of which has a vector yet."""
    workspace = Workspace(tmp_path / "workspace")
    workspace.add_to_collection(pictures)
    return VectorIndex(workspace, space)


def names(index: VectorIndex, sentence: str, k: int = 9, wanted: GalleryFilter | None = None) -> list[str]:
    matches = index.search(sentence_vector(index.space, sentence), k, wanted)
    return [index.workspace.picture(match.sha256).name for match in matches]


def test_a_sentence_ranks_the_pictures(index: VectorIndex) -> None:
    assert (names(index, "red"), len(index), index.unranked()) == ([], 0, 5)
    index.update()
    assert names(index, " red ", 2) == ["r1", "r2"]
    assert names(index, "blue")[:2] == ["b1", "b2"] and len(names(index, "blue")) == 5
    assert (len(index), index.unranked(), index.stale()) == (5, 0, "")


def test_similarities_are_cosines_best_first(index: VectorIndex, pictures: list[Picture]) -> None:
    index.update()
    vector = sentence_vector(index.space, "green red")
    ranked = index.search(vector, 9)
    cosines = dict(zip([picture.sha256 for picture in pictures], index.space.embed(pictures) @ vector, strict=True))
    assert [match.similarity for match in ranked] == sorted((match.similarity for match in ranked), reverse=True)
    for match in ranked:
        assert match.similarity == pytest.approx(float(cosines[match.sha256]), abs=1e-3)


def test_a_picture_finds_itself_and_then_its_like(index: VectorIndex, pictures: list[Picture]) -> None:
    index.update()
    vector = index.vector(pictures[3])
    assert [match.sha256 for match in index.search(vector, 2)] == [pictures[3].sha256, pictures[4].sha256]
    assert [match.sha256 for match in index.search(vector, 1, besides=pictures[3].sha256)] == [pictures[4].sha256]
    other = from_image(painted((250, 0, 0), 99), "not in the gallery")
    assert index.workspace.picture(index.search(index.vector(other), 1)[0].sha256).name == "r1"


def test_vectors_are_kept_and_only_new_pictures_are_embedded(
    index: VectorIndex, space: ColourSpace, pictures: list[Picture]
) -> None:
    index.workspace.gallery.remove([picture.sha256 for picture in pictures[2:]])
    index.update()
    index.workspace.add_to_collection(pictures[2:])
    assert index.unranked() == 3
    index.update()
    again = VectorIndex(Workspace(index.workspace.folder), space)
    again.update()
    assert sorted(space.embedded) == sorted(COLOURS)
    assert names(again, "red", 1) == ["r1"]
    assert VectorIndex(index.workspace, ColourSpace("another network")).unranked() == 5


def test_a_picture_that_is_taken_out_is_not_found(index: VectorIndex, pictures: list[Picture]) -> None:
    index.update()
    index.workspace.gallery.remove([pictures[0].sha256])
    assert names(index, "red", 1) == ["r2"] and index.unranked() == 0


def test_only_those_of_a_class_or_without_one(index: VectorIndex, pictures: list[Picture]) -> None:
    episode = Episode((ClassSpec("warm"), ClassSpec("cold")), (Example(pictures[0], 0), Example(pictures[3], 1)))
    index.workspace.save_episode(LabelledEpisode(episode))
    index.update()
    assert names(index, "red", wanted=GalleryFilter("Warm")) == ["r1"]
    assert set(names(index, "red", wanted=GalleryFilter(without_class=True))) == {"r2", "g1", "b2"}
    assert names(index, "red", wanted=GalleryFilter("of an earlier day")) == []


def test_stop_keeps_what_was_embedded(index: VectorIndex, space: ColourSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_index, "EMBEDDED", 2)

    def stopping(stage: str, done: int, total: int) -> None:
        assert total == 5
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        index.update(stopping)
    assert len(index) == 2
    index.update()
    assert len(index) == 5 and len(space.embedded) == 6


def test_a_picture_that_cannot_be_read_is_named_and_passed_over(index: VectorIndex, pictures: list[Picture]) -> None:
    index.workspace._blobs.path(pictures[1].sha256).unlink()
    told: list[UserError] = []
    index.update(report=told.append)
    assert [error.code for error in told] == ["picture_missing"]
    assert (len(index), index.unranked()) == (4, 1)
    index.workspace.heal([pictures[1]])
    index.update()
    assert index.unranked() == 0


def test_threads_that_add_the_same_pictures_keep_each_once(index: VectorIndex) -> None:
    meeting = threading.Barrier(4)

    def add() -> None:
        index.update(lambda stage, done, total: meeting.wait() if done == 0 else None)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names(index, "red")) == sorted(COLOURS)
    assert len(index) == len(index._file.map()) == 5


@pytest.mark.parametrize("left", ["two rows", "half a row", "nothing"])
def test_a_vector_file_that_lost_its_end_is_made_whole_again(index: VectorIndex, left: str) -> None:
    index.update()
    file = index._file.path
    if left == "nothing":
        file.unlink()
    else:
        os.truncate(file, {"two rows": 12, "half a row": 15}[left])
    again, told = VectorIndex(Workspace(index.workspace.folder), index.space), list[UserError]()
    again.update(report=told.append)
    assert [error.code for error in told] == ["vectors_lost"]
    assert names(again, "red", 2) == ["r1", "r2"] and len(names(again, "red")) == 5


class Drawn(ColourSpace):
    """Vectors that are drawn for each picture, in clusters; sentences are not read."""

    def embed(self, pictures: object, progress: object = None) -> np.ndarray:
        hashes = [picture.sha256 for picture in pictures]  # type: ignore[attr-defined]
        self.embedded += hashes
        return np.stack([drawn(int(sha256, 16)) for sha256 in hashes])


@cache
def drawn(number: int) -> np.ndarray:
    middle = np.random.default_rng(number % 40).normal(size=DIMENSIONS)
    vector: np.ndarray = l2_normalize((middle + 0.5 * np.random.default_rng(number).normal(size=DIMENSIONS))[None])[0]
    return vector.astype(np.float32)


def stock(workspace: Workspace, numbers: range) -> None:
    """Rows of pictures without files."""
    image = painted((0, 0, 0), size=1)
    rows = {
        Picture(f"{number:064x}", 1, 1, name="", original_sha256="", source=lambda: image): Written(0, b"")
        for number in numbers
    }
    with workspace._connections.write() as db:
        picture_rows.insert(db, rows)
    workspace.gallery.add([picture.sha256 for picture in rows])


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VectorIndex:
    """Three thousand pictures with an index, though so few would do without."""
    monkeypatch.setattr(vector_index, "EXACT", 1_000)
    monkeypatch.setattr(vector_index, "BEHIND", 100)
    monkeypatch.setattr(Workspace, "lost", lambda *_: {})
    workspace = Workspace(tmp_path / "many")
    stock(workspace, range(MANY))
    index = VectorIndex(workspace, Drawn())
    assert index.stale() == ""
    index.update()
    return index


def found_by(index: VectorIndex, number: int, k: int = 10) -> list[int]:
    return [int(match.sha256, 16) for match in index.search(drawn(number), k)]


def exact(numbers: range, number: int, k: int = 10) -> list[int]:
    similarities = np.stack([drawn(other) for other in numbers]) @ drawn(number)
    return [numbers[place] for place in np.argsort(-similarities)[:k]]


def recall(index: VectorIndex, numbers: range) -> float:
    asked = range(10_000, 10_020)
    return float(np.mean([len({*found_by(index, n)} & {*exact(numbers, n)}) / 10 for n in asked]))


def test_an_index_finds_what_comparing_with_all_finds(many: VectorIndex) -> None:
    assert many.stale() == "" and many._inverted() is not None
    assert recall(many, range(MANY)) > 0.95
    assert len(found_by(many, 5, k=MANY)) == MANY


def test_an_index_grows(many: VectorIndex) -> None:
    before = many._file.index()
    stock(many.workspace, range(MANY, MANY + 50))
    many.update()
    assert many._file.index() == before and found_by(many, MANY + 7, 1) == [MANY + 7]
    stock(many.workspace, range(MANY + 50, MANY + 200))
    many.update()
    inverted = many._inverted()
    assert inverted is not None and len(inverted) == MANY + 200
    assert found_by(many, MANY + 7, 1) == [MANY + 7]
    assert recall(many, range(MANY + 200)) > 0.95
    assert len(many.space.embedded) == MANY + 200  # type: ignore[attr-defined]
    assert len(list(many._file.path.parent.glob("*.index"))) == 1


@pytest.mark.parametrize("harm", ["lost", "cut", "overwritten", "of another network"])
def test_an_index_that_is_lost_or_broken_is_made_again_from_the_vectors(many: VectorIndex, harm: str) -> None:
    known = many._file.index()
    assert known is not None and known.path is not None
    if harm == "lost":
        known.path.unlink()
    elif harm == "cut":
        os.truncate(known.path, known.path.stat().st_size // 2)
    elif harm == "overwritten":
        known.path.write_bytes(b"\0" * known.path.stat().st_size)
    else:
        with many.workspace._connections.write() as db:
            db.execute("UPDATE vector_files SET index_rows = index_rows - 1")
    again, told = VectorIndex(Workspace(many.workspace.folder), many.space), list[UserError]()
    assert again.stale() == "index_broken"
    assert found_by(again, 5) == exact(range(MANY), 5)  # all are compared meanwhile
    again.update(report=told.append)
    assert [error.code for error in told] == ["index_broken"]
    assert again.stale() == "" and recall(again, range(MANY)) > 0.95
    assert len(many.space.embedded) == MANY  # type: ignore[attr-defined]


_CHILD = """
import os, signal, sys
from pathlib import Path
from fsl_demo.services import vector_index
from fsl_demo.services.vector_index import VectorIndex
from fsl_demo.inference.inverted_file import InvertedFile
from fsl_demo.store import Workspace
from tests.services.test_vector_index import MANY, Drawn, stock

vector_index.EXACT = 1_000
Workspace.lost = lambda *_: {}
workspace = Workspace(Path(sys.argv[1]))
stock(workspace, range(MANY))
inner = InvertedFile.write

def die(index, path):
    inner(index, path)
    os.truncate(path, path.stat().st_size // 2)
    os.kill(os.getpid(), signal.SIGKILL)

InvertedFile.write = die
VectorIndex(workspace, Drawn()).update()
"""


@pytest.mark.process
@pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
def test_killed_while_the_index_is_written_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = subprocess.run([sys.executable, "-c", _CHILD, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert child.returncode == -signal.SIGKILL, child.stderr
    monkeypatch.setattr(vector_index, "EXACT", 1_000)
    index = VectorIndex(Workspace(tmp_path), Drawn())
    assert (len(index), index.unranked(), index.stale()) == (MANY, 0, "index_missing")
    index.update()
    assert index.stale() == "" and not index.space.embedded  # type: ignore[attr-defined]
    assert recall(index, range(MANY)) > 0.95
