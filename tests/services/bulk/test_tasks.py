"""What is done with each picture: vectors, captions, regions. The same as the services say of pictures at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import ingest
from fsl_demo.core.registry import Registry
from fsl_demo.datasets.streams import open_stream
from fsl_demo.services import bulk
from fsl_demo.services.bulk.caption import Caption
from fsl_demo.services.bulk.detect import Detect
from fsl_demo.services.bulk.embed import Embed
from fsl_demo.services.bulk.local import Local
from tests.colours import ColourSpace, painted
from tests.dictated import Dictated
from tests.located import PatchDetector
from tests.nearest import Nearest, Searching

pytestmark = pytest.mark.process
NAMES = ("q1.png", "q2.png", "q3.png")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for seed, name in enumerate(NAMES):
        painted((200, 20, 20), seed).save(folder / name)
    (folder / "q4.png").write_bytes(b"no picture")
    return folder


def rows(task: bulk.Task, folder: Path, out: Path) -> list[dict[str, object]]:
    bulk.carry_out(open_stream(str(folder)), Local(task), out=out, on_pace=lambda pace: None)
    *good, broken = parquet.read_table(out).to_pylist()
    assert [row["file"] for row in good] == list(NAMES) and broken["file"] == "q4.png"
    assert "is not a picture" in broken.pop("error")
    assert set(broken.values()) == {"q4.png", None}
    return good


def test_vectors(folder: Path, tmp_path: Path) -> None:
    space = ColourSpace()
    registry = Registry([Nearest(), Searching("searching", space)])
    vectors = [row["vector"] for row in rows(Embed(registry, "searching"), folder, tmp_path / "vectors.parquet")]
    np.testing.assert_array_equal(vectors, space.embed([ingest(folder / name) for name in NAMES]))
    with pytest.raises(UserError) as refused:
        Embed(registry, "nearest")
    assert refused.value.params["known"] == "searching"


def test_captions(folder: Path, tmp_path: Path) -> None:
    first, second, third = rows(Caption(Dictated()), folder, tmp_path / "captions.parquet")
    assert (first["caption"], first["hint"], first["certainty"]) == ("a red dog runs on the grass", "red dog", 0.87)
    assert first["captions"] == [
        {"text": "a red dog runs on the grass", "score": -1.2, "fit": 0.3, "doubtful": False},
        {"text": "a dog in a field", "score": -2.2, "fit": 0.28, "doubtful": False},
    ]
    assert second["hint"] is None and third["doubtful"] is True


def test_regions(folder: Path, tmp_path: Path) -> None:
    detector = PatchDetector()
    answers = rows(Detect(detector), folder, tmp_path / "regions.parquet")
    pictures = [ingest(folder / name) for name in NAMES]
    for row, regions in zip(answers, detector.detect(pictures), strict=True):
        assert [region["box"] for region in row["regions"]] == [list(region.box) for region in regions] != []


def test_a_source_without_pictures_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        bulk.opened(str(tmp_path), lambda error: None)
    assert refused.value.code == "source_empty"
