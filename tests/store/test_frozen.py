"""Frozen versions: numbered, whole, and the same for ever."""

from __future__ import annotations

import pytest

from fsl_demo.core.collections import CollectionLabel, Part, VersionSummary, difference
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.store import Workspace
from fsl_demo.store.collections import CollectionStore

CAT, DOG = CollectionLabel("cat", "anne"), CollectionLabel("dog", "anne")
Places = dict[str, tuple[Part, str]]


@pytest.fixture
def store(workspace: Workspace, digits: list[Picture]) -> CollectionStore:
    """Three cats and three dogs."""
    workspace.collections.create("Pets")
    workspace.collections.add("Pets", {digit: [DOG if place % 2 else CAT] for place, digit in enumerate(digits[:6])})
    return workspace.collections


def places(digits: list[Picture], *parts: Part) -> Places:
    return {digit.sha256: (part, digit.sha256) for digit, part in zip(digits, parts, strict=False)}


PARTS: tuple[Part, ...] = ("train", "test", "train", "validation", "test", "train")


def test_a_version_is_what_was_frozen(store: CollectionStore, digits: list[Picture]) -> None:
    wanted = places(digits, *PARTS)
    wanted[digits[2].sha256] = ("train", digits[0].sha256)
    frozen = store.freeze("pets", wanted)
    assert (frozen.name, frozen.number, str(frozen)) == ("Pets", 1, "Pets@1")
    assert frozen.classes == ("cat", "dog")
    assert {each.picture.sha256: (each.part, each.group) for each in frozen.pictures} == wanted
    assert [each.picture for each in frozen.pictures] == digits[:6]
    assert store.version("Pets") == store.version("Pets", 1) == frozen
    assert frozen.pictures[0].picture.image().tobytes() == digits[0].image().tobytes()
    assert store.summary("Pets").versions == 1


def test_it_stays_whatever_happens_to_the_collection(store: CollectionStore, digits: list[Picture]) -> None:
    frozen = store.freeze("Pets", places(digits, *PARTS))
    store.label("Pets", {digits[0].sha256: DOG})
    store.remove("Pets", [digits[1].sha256])
    store.add("Pets", {digits[8]: [CAT]})
    assert store.version("Pets", 1) == frozen
    second = store.freeze(
        "Pets", {digits[8].sha256: ("test", digits[8].sha256)} | places(digits, "train") | places(digits[2:], "train")
    )
    assert second.number == 2 and second.digest != frozen.digest
    changes = difference(store.version("Pets", 1), second)
    assert [each.picture for each in changes.added] == [digits[8]]
    assert len(changes.removed) == 4 and len(changes.relabelled) == 1 and not changes.moved
    assert store.versions("Pets") == [
        VersionSummary(2, second.digest, created_at=second.created_at, parts=(2, 0, 1)),
        VersionSummary(1, frozen.digest, created_at=frozen.created_at, parts=(3, 1, 2)),
    ]


def test_the_same_content_again_is_the_version_that_is_there(store: CollectionStore, digits: list[Picture]) -> None:
    first = store.freeze("Pets", places(digits, *PARTS))
    store.freeze("Pets", places(digits, *PARTS[:4]))
    assert store.freeze("Pets", dict(reversed(places(digits, *PARTS).items()))) == first
    assert [each.number for each in store.versions("Pets")] == [2, 1]


def test_a_picture_stays_in_its_part(store: CollectionStore, digits: list[Picture]) -> None:
    store.freeze("Pets", places(digits, *PARTS))
    store.freeze("Pets", places(digits, "train"))
    assert store.parts("Pets") == dict(zip([digit.sha256 for digit in digits], PARTS, strict=False))
    with pytest.raises(UserError) as error:
        store.freeze("Pets", places(digits, "test", *PARTS[1:]))
    assert error.value.code == "collection_changed"


def test_near_duplicates_in_two_parts_are_a_mistake_of_the_program(
    store: CollectionStore, digits: list[Picture]
) -> None:
    wanted: Places = {digits[0].sha256: ("train", "near"), digits[2].sha256: ("test", "near")}
    with pytest.raises(ValueError, match="two parts"):
        store.freeze("Pets", wanted)


@pytest.mark.parametrize("meanwhile", ["removed", "taken back", "none", "disputed", "never there"])
def test_what_somebody_changes_meanwhile_is_not_frozen(
    store: CollectionStore, digits: list[Picture], meanwhile: str
) -> None:
    sha256 = digits[0].sha256
    wanted = places(digits, *PARTS)
    match meanwhile:
        case "removed":
            store.remove("Pets", [sha256])
        case "taken back":
            store.take_back("Pets", [sha256], "anne")
        case "none":
            store.label("Pets", {sha256: CollectionLabel(None, "anne")})
        case "disputed":
            store.label("Pets", {sha256: CollectionLabel("dog", "bob")})
        case _:
            wanted[digits[30].sha256] = ("train", digits[30].sha256)
    with pytest.raises(UserError) as error:
        store.freeze("Pets", wanted)
    assert error.value.code == "collection_changed"
    assert store.versions("Pets") == []


def test_what_is_not_there(store: CollectionStore, digits: list[Picture]) -> None:
    with pytest.raises(UserError) as error:
        store.version("Pets")
    assert error.value.code == "never_frozen"
    with pytest.raises(UserError) as error:
        store.freeze("Pets", {})
    assert error.value.code == "freeze_nothing"
    store.freeze("Pets", places(digits, *PARTS))
    with pytest.raises(UserError) as error:
        store.version("Pets", 2)
    assert error.value.code == "frozen_missing"
