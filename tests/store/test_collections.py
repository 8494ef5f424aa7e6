"""Named collections: pictures, words on them, and who disagrees; what is undone is as it was."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest

from fsl_demo.core.collections import CollectedPicture, CollectionLabel
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.store import CollectionFilter, Workspace
from fsl_demo.store.collected_pages import State
from fsl_demo.store.collections import CollectionStore

CAT, DOG, NONE = (CollectionLabel(name, "anne") for name in ("Cat", "dog", None))


def by(annotator: str, label: CollectionLabel) -> CollectionLabel:
    return replace(label, annotator=annotator)


@pytest.fixture
def store(workspace: Workspace) -> CollectionStore:
    workspace.collections.create("Pets")
    return workspace.collections


def words(store: CollectionStore) -> list[list[tuple[str, str | None]]]:
    return [[(label.annotator, label.class_name) for label in each.labels] for each in store.pictures("Pets")]


def code(error: pytest.ExceptionInfo[UserError]) -> str:
    return error.value.code


def test_pictures_come_in_with_labels_and_in_order(store: CollectionStore, digits: list[Picture]) -> None:
    label = CollectionLabel(
        "Cat", "anne", source="accepted", suggestion="dog", seconds=1.5, created_at="2026-01-02T03:04:05.000000Z"
    )
    added = store.add("pets", {digits[3]: [label], digits[1]: [], digits[2]: [by("bob", DOG), CAT]})
    assert added == 3
    (first, second, third) = store.pictures("PETS")
    assert [each.picture for each in (first, second, third)] == [digits[3], digits[1], digits[2]]
    assert first.picture.name == digits[3].name
    assert first.labels == (label,)
    assert second.labels == ()
    assert [(each.annotator, each.class_name) for each in third.labels] == [("bob", "dog"), ("anne", "Cat")]
    assert third.disputed and third.labels[0].created_at
    assert first.picture.image().tobytes() == digits[3].image().tobytes()


def test_a_class_is_spelled_as_it_came_first_into_the_collection(
    workspace: Workspace, store: CollectionStore, digits: list[Picture]
) -> None:
    workspace.collections.create("others")
    workspace.collections.add("others", {digits[0]: [CollectionLabel("CAT")]})
    store.add("Pets", {digits[0]: [CAT], digits[1]: [replace(CAT, class_name=" cat ")]})
    assert [each.label and each.label.class_name for each in store.pictures("Pets")] == ["Cat", "Cat"]


def test_counts_of_a_collection(store: CollectionStore, digits: list[Picture]) -> None:
    store.add(
        "Pets",
        {
            digits[0]: [DOG],
            digits[1]: [CAT],
            digits[2]: [by("bob", CAT), DOG],
            digits[3]: [NONE],
            digits[4]: [],
            digits[5]: [],
        },
    )
    store.remove("Pets", [digits[5].sha256])
    (summary,) = store.summaries()
    assert summary == store.summary("pets")
    assert (summary.name, summary.pictures, summary.versions) == ("Pets", 5, 0)
    assert [(each.name, each.pictures) for each in summary.classes] == [("dog", 1), ("Cat", 2)]
    assert (summary.unlabelled, summary.none, summary.disputed) == (1, 1, 1)
    assert summary.thumbnails == tuple(digit.sha256 for digit in digits[:5])


def test_the_list_begins_with_what_changed_last(store: CollectionStore, digits: list[Picture]) -> None:
    store.create("empty")
    assert [each.name for each in store.summaries()] == ["empty", "Pets"]
    store.add("Pets", {digits[0]: []})
    assert [each.name for each in store.summaries()] == ["Pets", "empty"]


SETTLED = CollectionLabel("Cat", "carla", source="settled")


@pytest.mark.parametrize(
    "spoken",
    [
        [CAT, by("bob", DOG)],
        [CAT, by("bob", DOG), by("bob", CAT)],
        [CAT, by("bob", NONE)],
        [NONE, by("bob", NONE)],
        [CAT, by("bob", DOG), SETTLED],
        [CAT, by("bob", DOG), SETTLED, by("bob", DOG)],
        [CAT, by("bob", DOG), SETTLED, by("bob", CAT)],
    ],
)
def test_sql_and_the_type_agree_on_disputes(
    store: CollectionStore, digits: list[Picture], spoken: list[CollectionLabel]
) -> None:
    (digit, *_) = digits
    store.add("Pets", {digit: []})
    for word in spoken:
        store.label("Pets", {digit.sha256: word})
    (there,) = store.pictures("Pets")
    assert there.disputed == CollectedPicture(digit, tuple(reversed(spoken))).disputed
    assert store.summary("Pets").disputed == there.disputed
    assert there.label is not None and there.label.class_name == spoken[-1].class_name


def test_a_word_is_taken_back_and_the_one_before_counts(store: CollectionStore, digits: list[Picture]) -> None:
    sha256 = digits[0].sha256
    store.add("Pets", {digits[0]: []})
    for word in (CAT, by("bob", DOG), DOG):
        assert store.label("Pets", {sha256: word}) == (sha256,)
    assert words(store) == [[("anne", "dog"), ("bob", "dog"), ("anne", "Cat")]]
    assert store.take_back("Pets", [sha256], "anne") == (sha256,)
    assert words(store) == [[("bob", "dog"), ("anne", "Cat")]]
    assert store.summary("Pets").disputed == 1
    store.take_back("Pets", [sha256], "bob")
    assert words(store) == [[("anne", "Cat")]]
    store.take_back("Pets", [sha256], "anne")
    assert words(store) == [[]] and store.summary("Pets").unlabelled == 1
    assert store.take_back("Pets", [sha256], "anne") == ()
    store.label("Pets", {sha256: CAT})
    assert words(store) == [[("anne", "Cat")]]


def test_the_same_word_again_is_no_new_one(store: CollectionStore, digits: list[Picture]) -> None:
    first, second = digits[0].sha256, digits[1].sha256
    store.add("Pets", {digits[0]: [CAT], digits[1]: []})
    assert store.label("Pets", {first: replace(CAT, class_name="CAT", seconds=3), second: CAT}) == (second,)
    assert store.label("Pets", {first: replace(CAT, source="settled")}) == (first,)
    dated = replace(DOG, created_at="2026-01-02T03:04:05.000000Z")
    store.add("Pets", {digits[0]: [dated]})
    store.label("Pets", {first: CAT})
    store.add("Pets", {digits[0]: [dated]})  # the same import again
    assert words(store)[0] == [("anne", "Cat"), ("anne", "dog"), ("anne", "Cat"), ("anne", "Cat")]


def test_labels_are_given_to_all_pictures_or_to_none(store: CollectionStore, digits: list[Picture]) -> None:
    store.add("Pets", {digits[0]: [], digits[1]: []})
    store.remove("Pets", [digits[1].sha256])
    with pytest.raises(UserError) as error:
        store.label("Pets", {digits[0].sha256: CAT, digits[1].sha256: CAT})
    assert code(error) == "collection_picture_gone"
    with pytest.raises(UserError) as error:
        store.label("Pets", {digits[0].sha256: CollectionLabel(" ")})
    assert code(error) == "class_name_empty"
    with pytest.raises(UserError) as error:
        store.add("Pets", {digits[2]: [CollectionLabel("x" * 101)]})
    assert code(error) == "class_name_long"
    assert words(store) == [[]]


def test_a_picture_that_was_taken_out_comes_back_with_its_labels(store: CollectionStore, digits: list[Picture]) -> None:
    store.add("Pets", {digits[0]: [CAT], digits[1]: [DOG]})
    store.remove("Pets", [digits[0].sha256, "no such picture"])
    assert [each.picture for each in store.pictures("Pets")] == [digits[1]]
    assert store.add("Pets", {digits[0]: [], digits[1]: []}) == 1
    assert words(store) == [[("anne", "Cat")], [("anne", "dog")]]


def test_names(store: CollectionStore) -> None:
    store.rename("pets", " PETS  of mine ")
    store.create("Pets")
    assert {each.name for each in store.summaries()} == {"PETS of mine", "Pets"}
    for call in (lambda: store.create("pets of MINE"), lambda: store.rename("Pets", "pets of mine")):
        with pytest.raises(UserError) as error:
            call()
        assert code(error) == "collection_exists"
    for name in ("", " ", "x" * 61, "pets@3", "a\nb\x07"):
        with pytest.raises(UserError) as error:
            store.create(name)
        assert code(error) == "collection_name"
    store.rename("Pets", "pets")
    with pytest.raises(UserError) as error:
        store.pictures("cars")
    assert code(error) == "collection_missing"


def test_a_deleted_collection_comes_back_whole(store: CollectionStore, digits: list[Picture]) -> None:
    store.add("Pets", {digits[0]: [CAT]})
    store.freeze("Pets", {digits[0].sha256: ("train", digits[0].sha256)})
    before = store.pictures("Pets")
    store.delete("Pets")
    assert store.summaries() == []
    with pytest.raises(UserError) as error:
        store.version("Pets")
    assert code(error) == "collection_missing"
    store.create("Pets")
    with pytest.raises(UserError) as error:
        store.restore("Pets")
    assert code(error) == "collection_exists"
    store.rename("Pets", "others")
    store.restore("pets")
    assert store.pictures("Pets") == before
    assert store.version("Pets").number == 1
    with pytest.raises(UserError):
        store.restore("pets")


def test_pages_follow_one_another(store: CollectionStore, digits: list[Picture]) -> None:
    store.add("Pets", {digit: [(CAT, DOG, NONE)[place % 3]] for place, digit in enumerate(digits[:10])})
    store.remove("Pets", [digits[4].sha256])
    listed, after = [], 0
    while after is not None:
        page = store.page("Pets", after=after, limit=3)
        assert len(page.pictures) <= 3
        listed += [each.picture for each in page.pictures]
        after = page.after
    assert listed == [digit for digit in digits[:10] if digit is not digits[4]]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (CollectionFilter(class_name="CAT"), [0, 4]),
        (CollectionFilter(class_name="bird"), []),
        (CollectionFilter(state="unlabelled"), [2]),
        (CollectionFilter(state="none"), [3]),
        (CollectionFilter(state="disputed"), [4]),
        (CollectionFilter(class_name="dog", state="disputed"), []),
    ],
)
def test_pictures_are_filtered(
    store: CollectionStore, digits: list[Picture], wanted: CollectionFilter, expected: list[int]
) -> None:
    labels: list[list[CollectionLabel]] = [[CAT], [DOG], [], [NONE], [by("bob", CAT), DOG]]
    store.add("Pets", dict(zip(digits, labels, strict=False)))
    assert [digits.index(each.picture) for each in store.page("Pets", wanted).pictures] == expected


def test_histories_and_versions_are_never_changed(
    workspace: Workspace, store: CollectionStore, digits: list[Picture]
) -> None:
    store.add("Pets", {digits[0]: [CAT]})
    store.freeze("Pets", {digits[0].sha256: ("train", digits[0].sha256)})
    workspace.close()
    with closing(sqlite3.connect(workspace.folder / "fsl_demo.db")) as db:
        for change in (
            "UPDATE collection_labels SET annotator = ''",
            "DELETE FROM collection_labels",
            "UPDATE frozen_items SET class = 'dog'",
            "DELETE FROM frozen_items",
            "UPDATE collection_versions SET digest = ''",
            "DELETE FROM collection_versions",
        ):
            with pytest.raises(sqlite3.IntegrityError, match=r"append-only|never change"):
                db.execute(change)
    assert workspace.check() == []


def test_others_see_the_pictures_of_a_collection(
    workspace: Workspace, store: CollectionStore, digits: list[Picture]
) -> None:
    sha256 = digits[0].sha256
    store.add("Pets", {digits[0]: [CAT]})
    account = workspace.accounts.add("anne", "annotator", "a long password")
    assert workspace.accounts.visible(account.id, [sha256]) == {sha256}
    store.remove("Pets", [sha256])
    assert workspace.accounts.visible(account.id, [sha256]) == set()
    store.add("Pets", {digits[0]: []})
    store.freeze("Pets", {sha256: ("train", sha256)})
    store.remove("Pets", [sha256])
    assert workspace.accounts.visible(account.id, [sha256]) == {sha256}
    store.delete("Pets")
    assert workspace.accounts.visible(account.id, [sha256]) == set()


def test_findings_that_are_right_are_kept_with_who_said_so_until_that_is_taken_back(
    workspace: Workspace, store: CollectionStore
) -> None:
    workspace.collections.create("others")
    first, second = "0123456789abcdef", "f" * 16
    assert store.settle("Pets", [first, second, first], "anne") == (first, second)
    assert store.settle("pets", [first], "bob") == ()
    marks = store.settled("Pets")
    assert [mark.annotator for mark in marks.values()] == ["anne", "anne"] and marks[first].created_at
    assert store.settled("others") == {}
    assert store.unsettle("Pets", [first, "a" * 16], "bob") == (first,)
    assert list(store.settled("Pets")) == [second]
    assert store.settle("Pets", [first], "bob") == (first,)
    assert store.settled("Pets")[first].annotator == "bob"
    with pytest.raises(UserError) as error:
        store.settle("Pets", ["a" * 16, "no key"], "anne")
    assert code(error) == "finding_key" and len(store.settled("Pets")) == 2
    with closing(sqlite3.connect(workspace.folder / "fsl_demo.db")) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute("DELETE FROM settled_findings")


def test_counts_are_those_of_the_pictures(store: CollectionStore, digits: list[Picture]) -> None:
    """Whatever happens to a collection, what is kept of it is what counting it gives."""
    collections = store

    def counted() -> None:
        summary, members = collections.summary("Pets"), collections.pictures("Pets")
        labels = [member.label for member in members if member.label]
        assert summary.pictures == len(members)
        assert summary.unlabelled == len(members) - len(labels)
        assert summary.none == sum(label.class_name is None for label in labels)
        assert summary.disputed == sum(member.disputed for member in members)
        by_class = Counter(label.class_name for label in labels if label.class_name)
        assert {counted.name: counted.pictures for counted in summary.classes} == by_class
        states: dict[State, int] = {"labelled": len(labels), "unlabelled": summary.unlabelled, "none": summary.none}
        assert {state: len(collections.pictures("Pets", CollectionFilter(state=state))) for state in states} == states

    collections.add("Pets", dict.fromkeys(digits[:8], ()))
    counted()
    words = [CollectionLabel(name, "Ada") for name in ("cat", "dog", None)]
    collections.label("Pets", dict(zip([picture.sha256 for picture in digits[:3]], words, strict=True)))
    collections.label("Pets", {digits[0].sha256: CollectionLabel("dog", "Bea")})
    counted()
    collections.take_back("Pets", [digits[0].sha256], "Bea")
    collections.remove("Pets", [digits[1].sha256, digits[5].sha256])
    counted()
    assert collections.classes("Pets") == [("cat", 1)]
    collections.add("Pets", {digits[1]: ()})
    counted()
    assert collections.labelled_by("Pets", "Ada") == 3 and collections.labelled_by("Pets", "Bea") == 0
