"""Words on the pictures of collections, and frozen versions side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fsl_demo.core.collections import (
    CollectedPicture,
    CollectionLabel,
    FrozenCollection,
    FrozenPicture,
    Part,
    difference,
    digest,
)
from fsl_demo.core.pictures import Picture, from_image
from tests.colours import painted


def picture(seed: int) -> Picture:
    return from_image(painted((200, 30, 30), seed, size=8), f"{seed}.png")


def frozen(seed: int, class_name: str = "red", part: Part = "train") -> FrozenPicture:
    here = picture(seed)
    return FrozenPicture(here, class_name, part=part, group=here.sha256)


def version(number: int, *pictures: FrozenPicture) -> FrozenCollection:
    return FrozenCollection("reds", number, digest=digest(pictures), created_at="", pictures=pictures)


ANNE, BOB = CollectionLabel("cat", "anne"), CollectionLabel("dog", "bob")
SETTLED = CollectionLabel("cat", "carla", source="settled")


@pytest.mark.parametrize(
    ("labels", "disputed"),
    [
        ((), False),
        ((ANNE,), False),
        ((BOB, ANNE), True),
        ((BOB, replace(BOB, class_name="cat")), False),  # Bob changed his mind
        ((replace(BOB, class_name="cat"), ANNE, BOB), False),  # and now agrees with Anne
        ((replace(BOB, class_name=" CAT"), ANNE), False),
        ((replace(BOB, class_name=None), ANNE), True),
        ((replace(BOB, class_name=None), replace(ANNE, class_name=None)), False),
        ((SETTLED, BOB, ANNE), False),
        ((BOB, SETTLED, ANNE), True),
        ((replace(BOB, class_name="cat"), SETTLED, BOB), False),
    ],
)
def test_disputes_are_between_newest_words(labels: tuple[CollectionLabel, ...], disputed: bool) -> None:
    assert CollectedPicture(picture(0), labels).disputed is disputed


def test_the_newest_word_counts() -> None:
    assert CollectedPicture(picture(0)).label is None
    assert CollectedPicture(picture(0), (BOB, ANNE)).label is BOB


def test_a_version_tells_its_classes_and_parts() -> None:
    here = version(3, frozen(1, "red"), frozen(2, "blue", "test"), frozen(3, "red", "test"))
    assert str(here) == "reds@3"
    assert here.classes == ("red", "blue")
    assert [each.picture.name for each in here.part("test")] == ["2.png", "3.png"]
    assert here.part("validation") == ()


def test_the_digest_is_of_what_there_is() -> None:
    first, second = frozen(1), frozen(2)
    known = digest([first, second])
    assert known == digest([second, first])
    assert len(known) == 64
    changed = [
        [first],
        [first, replace(second, class_name="blue")],
        [first, replace(second, part="test")],
        [first, replace(second, group=first.group)],
    ]
    assert len({known, *map(digest, changed)}) == 5


def test_differences() -> None:
    before = version(1, frozen(1), frozen(2), frozen(3), frozen(4))
    after = version(2, frozen(1), frozen(3, "blue", "test"), frozen(4, "Red "), frozen(5))
    changes = difference(before, after)
    assert [each.picture.name for each in changes.added] == ["5.png"]
    assert [each.picture.name for each in changes.removed] == ["2.png"]
    assert [(old.class_name, new.class_name) for old, new in changes.relabelled] == [("red", "blue")]
    assert [(old.part, new.part) for old, new in changes.moved] == [("train", "test")]
    same = difference(before, before)
    assert not (same.added or same.removed or same.relabelled or same.moved)
