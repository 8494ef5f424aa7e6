"""Captions: kept once, found by their words, whatever is typed."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from fsl_demo.core.episodes import Caption, Described, LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.store import EpisodeFilter, WordMatch, Workspace
from fsl_demo.store.exchange import FORMATS, read
from fsl_demo.store.schema import migrations
from tests.store.test_durability import THREADS


def described(*texts: str, captioner: str = "prefix", weights: str = "w1", doubtful: bool = False) -> Described:
    return Described(
        captioner, weights, tuple(Caption(text, -1.5 - n, fit=0.25, doubtful=doubtful) for n, text in enumerate(texts))
    )


@pytest.fixture
def told(workspace: Workspace, digits: list[Picture]) -> Workspace:
    """Four pictures that were described."""
    workspace.add_to_collection(digits[:4])
    texts = ("a dog runs on the grass", "Two dogs running", "a cat catches a ball", "un café au lait")
    workspace.put_captions({picture.sha256: described(text) for picture, text in zip(digits, texts, strict=False)})
    return workspace


def kept(workspace: Workspace, picture: Picture) -> str:
    """The hash of a picture that can be searched now."""
    workspace.add_to_collection([picture])
    return picture.sha256


def matches(workspace: Workspace, words: str) -> tuple[WordMatch, ...]:
    return workspace.gallery.with_words(words, 1_000).matches


def positions(workspace: Workspace, words: str, digits: list[Picture]) -> list[int]:
    """Numbers of the digits that say these words."""
    numbers = {picture.sha256: number for number, picture in enumerate(digits)}
    return [numbers[match.picture] for match in matches(workspace, words)]


def test_what_was_said_comes_back_whole(workspace: Workspace, digits: list[Picture]) -> None:
    workspace.add_picture(digits[0])
    description = described("a dog", "the dog on a sofa", doubtful=True)
    workspace.put_captions({digits[0].sha256: description})
    assert workspace.captions([digits[0].sha256, digits[1].sha256]) == {digits[0].sha256: (description,)}
    assert Workspace(workspace.folder).captions([digits[0].sha256]) == {digits[0].sha256: (description,)}


def test_the_same_weights_describe_once_and_others_again(workspace: Workspace, digits: list[Picture]) -> None:
    sha256 = kept(workspace, digits[0])
    first, again = described("a dog"), described("a cat", "a bird")
    newer, other = described("a dog sits", weights="w2"), described("a puppy", captioner="gated")
    for description in (first, again, newer, other):
        workspace.put_captions({sha256: description})
    assert workspace.captions([sha256])[sha256] == (other, newer, first)
    assert workspace.described("prefix", "w1", [sha256, digits[1].sha256]) == {sha256}
    assert workspace.described("prefix", "w3", [sha256]) == workspace.described("two", "w1", [sha256]) == set()


def test_a_picture_that_is_not_stored_is_refused(told: Workspace, digits: list[Picture]) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        told.put_captions({digits[5].sha256: described("a dog"), digits[0].sha256: described("x", weights="w9")})
    assert told.described("prefix", "w9", [digits[0].sha256]) == set()
    assert matches(told, "x") == ()


@pytest.mark.parametrize(
    ("words", "pictures"),
    [
        ("dog", [1, 0]),  # the shorter caption says it more
        ("DOGS run", [1, 0]),  # whatever the ending
        ("grass dog", [0]),  # every word
        ("cat", [2]),
        ("gr", []),
        ("gras", [0]),  # the beginning of a word
        ("cafe", [3]),
        ("dog cat", []),
        ("horse", []),
        ("", []),
        (" \t\n", []),
        ("貓", []),
    ],
)
def test_search(told: Workspace, digits: list[Picture], words: str, pictures: list[int]) -> None:
    assert positions(told, words, digits) == pictures


def test_whole_words_come_before_words_that_begin_so(workspace: Workspace, digits: list[Picture]) -> None:
    for picture, text in zip(digits, ("a catch", "a cat"), strict=False):
        workspace.put_captions({kept(workspace, picture): described(text)})
    assert positions(workspace, "cat", digits) == [1, 0]


def test_a_picture_is_found_once_by_its_best_caption_that_says_it(workspace: Workspace, digits: list[Picture]) -> None:
    sha256 = kept(workspace, digits[0])
    workspace.put_captions({sha256: described("a man", "a man with a dog", "a dog")})
    (match,) = matches(workspace, "dogs")
    assert (match.picture, match.caption.text) == (sha256, "a man with a dog")
    assert match.parts == (("a man with a ", False), ("dog", True))


def test_control_characters_do_not_confuse_what_is_marked(workspace: Workspace, digits: list[Picture]) -> None:
    sha256 = kept(workspace, digits[0])
    workspace.put_captions({sha256: described("a \x02dog\x03\n in\x00 snow\ud800")})
    (match,) = matches(workspace, "snow")
    assert match.parts == (("a dog in ", False), ("snow", True), ("?", False))
    assert match.caption.text == "a dog in snow?"


@pytest.mark.parametrize(
    "words",
    [
        '"',
        '"dog',
        "dog*",
        "*",
        "dog AND",
        "NOT dog",
        "NEAR(dog cat, 2)",
        "text: dog",
        "-dog",
        "^dog",
        "(dog",
        "dog)",
        "{a b}: c",
        "dog + cat",
        "a\x00b",
        "\ud800",
        "'; DROP TABLE captions; --",
        "_ __",
        "٣ ½ ²",
        "a" * 10_000,
        "dog " * 2_500,
        " ".join(f"word{n}" for n in range(2_000)),
        '"' * 10_000,
    ],
)
def test_anything_may_be_typed(told: Workspace, digits: list[Picture], words: str) -> None:
    before = told.captions([digit.sha256 for digit in digits])
    matches(told, words)
    assert told.captions([digit.sha256 for digit in digits]) == before


def test_random_characters_may_be_typed(told: Workspace) -> None:
    draw = random.Random(0)
    for _ in range(500):
        matches(told, "".join(chr(draw.randrange(0x3000)) for _ in range(draw.randrange(40))))


def test_operators_are_words(told: Workspace, digits: list[Picture]) -> None:
    assert positions(told, "dog OR cat", digits) == []
    assert positions(told, "dog, grass!", digits) == [0]


def test_they_stay_with_the_picture_when_its_episode_is_saved(
    told: Workspace, labelled: LabelledEpisode, digits: list[Picture]
) -> None:
    episode_id = told.save_episode(labelled)
    assert positions(told, "dog", digits) == [1, 0]
    stored = told.episode(episode_id)
    assert set(stored.captions) == {picture.sha256 for picture in digits[:4]}
    assert stored.caption(digits[1]) == "Two dogs running"
    assert stored.caption(digits[10]) == ""
    told.delete_episode(episode_id)
    assert positions(told, "dog", digits) == [1, 0]


@pytest.mark.parametrize("name", ["imagefolder", "huggingface"])
def test_they_are_exported_and_imported(
    told: Workspace, labelled: LabelledEpisode, digits: list[Picture], tmp_path: Path, name: str
) -> None:
    told.put_captions({digits[0].sha256: described("a puppy", captioner="gated")})
    stored = told.episode(told.save_episode(labelled))
    FORMATS[name].write([("id", stored)], tmp_path / "out.zip")
    (there,) = read(tmp_path / "out.zip")
    assert there.captions == stored.captions
    elsewhere = Workspace(tmp_path / "elsewhere")
    again = elsewhere.episode(elsewhere.save_episode(there))
    assert again.captions == stored.captions
    assert positions(elsewhere, "puppy", digits) == [0]
    told.save_episode(dataclasses.replace(there, title="once more"))
    assert told.episodes(EpisodeFilter(text="once more"))
    assert told.captions([digits[0].sha256]) == {digits[0].sha256: stored.captions[digits[0].sha256]}


def test_the_table_has_the_best_caption(told: Workspace, labelled: LabelledEpisode, tmp_path: Path) -> None:
    stored = told.episode(told.save_episode(labelled))
    FORMATS["csv"].write([("id", stored)], tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()
    assert lines[0].endswith(",sha256,caption")
    assert [line.rsplit(",", 1)[1] for line in lines[1:4]] == [
        "a dog runs on the grass",
        "Two dogs running",
        "a cat catches a ball",
    ]
    assert len(read(tmp_path / "out.csv", told)) == 1


def test_a_data_set_has_the_best_caption(told: Workspace, labelled: LabelledEpisode, tmp_path: Path) -> None:
    FORMATS["huggingface"].write([("id", told.episode(told.save_episode(labelled)))], tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        rows = [json.loads(line) for line in archive.read("pictures/metadata.jsonl").splitlines()]
    assert [row["caption"] for row in rows[3:6]] == ["un café au lait", None, None]


def test_a_workspace_of_an_earlier_release_gets_the_table(tmp_path: Path, digits: list[Picture]) -> None:
    with closing(sqlite3.connect(tmp_path / "fsl_demo.db")) as connection:
        migrations.apply(Database(connection), stop_before="m004_captions")
    workspace = Workspace(tmp_path)
    sha256 = kept(workspace, digits[0])
    workspace.put_captions({sha256: described("a dog")})
    assert positions(workspace, "dog", digits) == [0]


def test_two_tabs_describe_at_once(told: Workspace, digits: list[Picture]) -> None:
    sha256 = digits[0].sha256
    barrier = threading.Barrier(THREADS)

    def describe(thread: int) -> None:
        barrier.wait()
        told.put_captions({sha256: described(f"a{thread}", f"b{thread}", weights="w2")})
        matches(told, "a")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(describe, range(THREADS)))
    latest, _ = told.captions([sha256])[sha256]
    first, second = (caption.text for caption in latest.captions)
    assert (first[0], second[0]) == ("a", "b") and first[1:] == second[1:]
    assert told.check() == []


@pytest.mark.parametrize(
    ("pragma", "code"), [("max_page_count = 1", "disk_full"), ("query_only = ON", "folder_unwritable")]
)
def test_full_disk_and_a_folder_that_cannot_be_written(
    told: Workspace, digits: list[Picture], pragma: str, code: str
) -> None:
    before = told.captions([picture.sha256 for picture in digits])
    with told._connections.read() as db:
        db.execute(f"PRAGMA {pragma}").fetchall()
    with pytest.raises(UserError) as caught:
        told.put_captions({digits[0].sha256: described("word " * 200_000, weights="w2")})
    assert caught.value.code == code
    told.close()
    assert told.captions([picture.sha256 for picture in digits]) == before
    assert positions(told, "word", digits) == []
    assert_index_is_whole(told)


_CHILD = """
import os, signal, sys
from pathlib import Path
from PIL import Image
from fsl_demo.core.episodes import Caption, Described
from fsl_demo.core.pictures import from_image
from fsl_demo.store import Workspace, captions

inner, calls = captions.add, 0

def die(*arguments):
    global calls
    calls += 1
    inner(*arguments)
    if calls > 5:
        os.kill(os.getpid(), signal.SIGKILL)

captions.add = die
workspace = Workspace(Path(sys.argv[1]))
for number in range(9):
    pictures = [from_image(Image.new("RGB", (8, 8), (number, k, 0)), "a.png") for k in (0, 1)]
    workspace.add_to_collection(pictures)
    shas = [picture.sha256 for picture in pictures]
    workspace.put_captions({sha: Described("prefix", "w", (Caption("a dog", -1, 0.2, False),)) for sha in shas})
    print(*shas, flush=True)
"""


@pytest.mark.process
@pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
def test_a_killed_process_loses_only_what_it_was_writing(tmp_path: Path) -> None:
    child = subprocess.run([sys.executable, "-c", _CHILD, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert child.returncode == -signal.SIGKILL, child.stderr
    workspace = Workspace(tmp_path)
    assert workspace.check() == []
    stored = [member.picture.sha256 for member in workspace.gallery.all()]
    assert set(workspace.captions(stored)) == set(child.stdout.split())
    assert {match.picture for match in matches(workspace, "dog")} == set(child.stdout.split())
    assert_index_is_whole(workspace)


def assert_index_is_whole(workspace: Workspace) -> None:
    """The full-text index says what the table says."""
    with workspace._connections.write() as db:
        db.execute("INSERT INTO captions_fts (captions_fts, rank) VALUES ('integrity-check', 1)")
