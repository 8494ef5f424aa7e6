"""Documents that somebody has tampered with: read or refused, never a crash."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fsl_demo.core.episodes import LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import FORMATS, document, read

VALUES: list[Any] = [
    None,
    True,
    -1,
    10**30,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "\ud800",
    [],
    [[1, 2], [3]],
    {},
    {"a": 1},
]


def places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """The path to everything in a document."""
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


@pytest.mark.slow
def test_any_value_anywhere(workspace: Workspace, labelled: LabelledEpisode) -> None:
    pictures = {example.picture.sha256: example.picture for example in labelled.episode.support}
    pictures |= {picture.sha256: picture for picture in labelled.episode.queries}

    def picture(wanted: document.PictureFile) -> Picture:
        return pictures.get(wanted.sha256, labelled.episode.queries[0])

    names = list(pictures)
    text = document.dump(
        "id", labelled, support_files=names[: len(labelled.episode.support)], query_files=["a", "b", "c", "d"]
    )
    whole = json.loads(text)
    read_anyway = 0
    for path in places(whole):
        for value in VALUES:
            changed = copy.deepcopy(whole)
            place = changed
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
            try:
                loaded = document.load(json.dumps(changed), picture)
            except UserError as error:
                assert str(error)
                continue
            workspace.episode(workspace.save_episode(loaded))
            read_anyway += 1
    assert read_anyway > 50


@pytest.mark.slow
def test_any_byte_anywhere(tmp_path: Path, labelled: LabelledEpisode) -> None:
    chance = random.Random(0)
    path = tmp_path / "out.zip"
    FORMATS["imagefolder"].write([("id", labelled)], path)
    whole = path.read_bytes()
    refused = 0
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 3])):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data[: chance.choice([len(data), len(data), chance.randrange(len(data))])])
        try:
            read(path)
        except UserError as error:
            assert str(error)
            refused += 1
    assert refused > 200
