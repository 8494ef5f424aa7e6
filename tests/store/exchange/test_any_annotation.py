"""Annotations with anything in them give boxes within their pictures, or are told in sentences."""

from __future__ import annotations

import copy
import json
import random
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from PIL import Image

from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import from_image
from fsl_demo.core.regions import RegionLabel
from fsl_demo.datasets.file_source import FileSource
from fsl_demo.store.exchange import FORMATS, remarking
from fsl_demo.store.exchange.annotated_reading import read_annotations
from fsl_demo.store.exchange.annotations import AnnotationFiles
from tests.store.exchange.test_document import VALUES, places

PICTURE = from_image(Image.new("RGB", (40, 30)), "a.png")
LABELLED = LabelledEpisode(
    Episode((ClassSpec("cat"), ClassSpec("dog")), (Example(PICTURE, 0, ((0.0, 0.0, 0.5, 0.5),)),), (PICTURE,)),
    regions={0: (RegionLabel((0.1, 0.1, 0.4, 0.4), "dog", "Ada"), RegionLabel((0.1, 0.1, 1.0, 1.0), "cat"))},
)


@pytest.fixture
def entries(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, bytes]:
    """The files that a format writes, but for the document."""
    FORMATS[request.param].write([("id", LABELLED)], tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as file:
        return {name: file.read(name) for name in file.namelist() if not name.endswith(".episode.json")}


def boxes(files: dict[str, bytes]) -> int:
    """How many boxes are read; whatever is wrong is told in sentences that a page can show."""
    told: list[UserError] = []
    sizes = {PurePosixPath(name): len(data) for name, data in files.items()}
    source = FileSource(Path("x"), sizes, read=lambda path: files[path.as_posix()])
    annotated = read_annotations(AnnotationFiles(source, told.append))
    marked = annotated.marked.values() if annotated else ()
    count = sum(len(remarking.regions(pictures, PICTURE, told.append)) for pictures in marked)
    for error in told:
        assert str(error).encode() and len(str(error)) < 1_000
    return count


@pytest.mark.parametrize("entries", ["coco", "label-studio"], indirect=True)
def test_any_value_anywhere(entries: dict[str, bytes]) -> None:
    assert boxes(entries) == 3
    (name,) = [name for name in entries if name.endswith(".json")]
    whole = json.loads(entries[name])
    counts = set()
    for path in places(whole):
        for value in [*VALUES, 10**400, "x" * 10_000, -1e308, 1e308, 0]:
            changed = copy.deepcopy(whole)
            place: Any = changed
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
            counts.add(boxes({**entries, name: json.dumps(changed).encode()}))
    assert {2, 3} <= counts <= {0, 1, 2, 3, 4}


@pytest.mark.parametrize("entries", ["coco", "label-studio", "voc", "yolo"], indirect=True)
def test_any_byte_anywhere(entries: dict[str, bytes]) -> None:
    assert boxes(entries) == 3
    chance, counts = random.Random(0), set()
    names = [name for name in entries if not name.endswith((".png", "default.txt"))]
    for _ in range(400):
        name = chance.choice(names)
        data = bytearray(entries[name])
        for _ in range(chance.choice([1, 5])):
            data[chance.randrange(len(data))] = chance.choice(b'\x00\xff<>&{}[]"0123456789.-,: \n')
        counts.add(boxes({**entries, name: bytes(data[: chance.choice([len(data), chance.randrange(len(data))])])}))
    assert len(counts) > 2 and counts <= {0, 1, 2, 3}


@pytest.mark.parametrize("entries", ["yolo"], indirect=True)
def test_a_bomb_of_aliases_is_no_list_of_names(entries: dict[str, bytes]) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    text = "\n".join([*lines, "names: [cat, *a11]"]).encode()
    assert boxes({**entries, "data.yaml": text}) == 2


@pytest.mark.parametrize("entries", ["voc"], indirect=True)
def test_a_bomb_of_entities_is_refused(entries: dict[str, bytes]) -> None:
    text = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><annotation>&b;</annotation>'
    for encoding in ("utf-8", "utf-16"):
        bombs = {name: text.encode(encoding) if name.endswith(".xml") else data for name, data in entries.items()}
        assert boxes(bombs) == 0
