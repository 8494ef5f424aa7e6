"""Reviewing a collection: orders, what a classifier suggests, and what is made of people's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fsl_demo.core.collections import CollectedPicture, CollectionLabel
from fsl_demo.core.episodes import quiet
from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.core.pictures import from_image
from fsl_demo.core.registry import Registry
from fsl_demo.evaluation.suggested import Share, report
from fsl_demo.services.diagnosis import diagnose
from fsl_demo.services.predict import Plan
from fsl_demo.services.review import access, suggestions
from fsl_demo.services.review import suspicions as suspicions_of
from fsl_demo.services.review.opinions import Answer, agreements, disputes, words_of, words_of_episodes
from fsl_demo.services.review.queue import Order, ReviewOrder, Suggestion, Suspicion, Which, queue
from fsl_demo.services.review.suggestions import Suggester, classes_of, evidence, labelled
from fsl_demo.services.review.suspicions import Suspicions, open_suspicions
from fsl_demo.services.subjects import of_members
from fsl_demo.store import EpisodeWord, Workspace
from tests.averaged import Averaged, patterned
from tests.colours import painted
from tests.ui.conftest import Colour

RED, BLUE, GREEN = (200, 10, 10), (10, 10, 200), (10, 200, 10)


def picture(name: str, rgb: tuple[int, int, int] = RED, *words: CollectionLabel | str) -> CollectedPicture:
    """A picture of one colour; words are class names of somebody, or labels, the newest first."""
    labels = tuple(CollectionLabel(word) if isinstance(word, str) else word for word in words)
    return CollectedPicture(from_image(painted(rgb, sum(name.encode()), 12), name), labels)


def word(name: str | None, annotator: str = "Ada", **more: object) -> CollectionLabel:
    return CollectionLabel(name, annotator, **more)  # type: ignore[arg-type]


def suggestion(margin: float, similarity: float = 0.5) -> Suggestion:
    return Suggestion("red", 0.9, margin=margin, similarity=similarity)


FREE, MINE, THEIRS, FOUGHT = (
    picture("free"),
    picture("mine", RED, word("red")),
    picture("theirs", RED, word("red", "Bea")),
    picture("fought", RED, word("red"), word("blue", "Bea")),
)
NEW = picture("new")
EVERYTHING = [FREE, MINE, THEIRS, FOUGHT, NEW]


def names(
    order: Order,
    which: Which = "all",
    suggested: dict[str, Suggestion] | None = None,
    seed: int = 0,
    pictures: Sequence[CollectedPicture] = EVERYTHING,
) -> list[str]:
    by_name = {collected.picture.name: collected.picture.sha256 for collected in pictures}
    known = {by_name[name]: value for name, value in (suggested or {}).items()}
    wanted = ReviewOrder(order, which, annotator="Ada", seed=seed)
    return [collected.picture.name for collected in queue(pictures, known, wanted)]


def test_unsure_pictures_come_first_and_unknown_ones_last() -> None:
    suggested = {"mine": suggestion(0.5), "theirs": suggestion(0.1), "new": suggestion(0.9)}
    assert names("unsure", suggested=suggested) == ["theirs", "mine", "new", "free", "fought"]


def test_pictures_unlike_all_examples_come_first() -> None:
    suggested = {"free": suggestion(0.1, 0.9), "new": suggestion(0.9, -0.2)}
    assert names("unlike", "unlabelled", suggested) == ["new", "free"]


def test_disputed_pictures_alone() -> None:
    assert names("disputed", "unlabelled") == ["fought"]


def test_suspected_labels_alone_the_surest_first() -> None:
    assert names("suspect", "unlabelled", {"mine": suggestion(0.4), "theirs": suggestion(0.9)}) == ["theirs", "mine"]


def test_a_second_opinion_is_of_pictures_without_a_word_of_mine() -> None:
    assert names("unsure", "unlabelled") == ["free", "new"]
    assert names("unsure", "mine") == ["free", "theirs", "new"]


def test_a_random_order_is_that_of_its_seed_whatever_else_there_is() -> None:
    pictures = [picture(f"p{n}") for n in range(40)]
    shuffled = names("random", pictures=pictures)
    assert shuffled != [f"p{n}" for n in range(40)] and sorted(shuffled) == sorted(f"p{n}" for n in range(40))
    assert names("random", pictures=pictures[10:]) == [name for name in shuffled if int(name[1:]) >= 10]
    assert names("random", pictures=pictures, seed=1) != shuffled


def test_classes_are_told_apart_as_their_names_are() -> None:
    pictures = [picture("a", RED, "Red"), picture("b", RED, "red "), picture("c", BLUE, "blue"), picture("d", GREEN)]
    assert classes_of(pictures) == ("Red", "blue")
    assert labelled(pictures).shots() == [2, 1]
    none_now = picture("e", GREEN, word(None), word("green", "Bea"))
    assert classes_of([none_now]) == ("green",) and not labelled([none_now]).support


@pytest.fixture
def colours() -> list[CollectedPicture]:
    return [
        *(picture(f"r{n}", RED, "red") for n in range(3)),
        *(picture(f"b{n}", BLUE, "blue") for n in range(3)),
        picture("wrong", BLUE, "red"),
        picture("near red", (180, 20, 30)),
        picture("near blue", (40, 20, 180)),
    ]


def by_name(made: suggestions.Suggestions, pictures: Sequence[CollectedPicture]) -> dict[str, Suggestion]:
    hashes = {collected.picture.sha256: collected.picture.name for collected in pictures}
    return {hashes[sha256]: value for sha256, value in made.by_picture.items()}


def test_a_classifier_says_what_it_has_not_learned_from(colours: list[CollectedPicture]) -> None:
    suggester = Suggester()
    made = suggester.fit("c", Colour(), pictures=colours, held_out=False)
    told = by_name(made, colours)
    assert {name: known.class_name for name, known in told.items()} == {"near red": "red", "near blue": "blue"}
    assert told["near red"].margin == pytest.approx(2 * told["near red"].probability - 1)
    assert suggester.known("c", "prototype") is made and suggester.known("c", "asif") is None


def test_labelled_pictures_are_held_out(colours: list[CollectedPicture]) -> None:
    told = by_name(Suggester().fit("c", Colour(), pictures=colours, held_out=True), colours)
    assert len(told) == 9 and told["wrong"].class_name == "blue"


def member(colour: str, seed: int, label: str | None) -> CollectedPicture:
    labels = () if label is None else (CollectionLabel(label, "Ada"),)
    return CollectedPicture(from_image(patterned(colour, seed), f"{colour}{seed}"), labels)


def test_review_suspects_what_the_doctor_does() -> None:
    wrong, registry = member("red", 90, "blue"), Registry([Averaged()])
    pictures = [member(name, 10 * n + seed, name) for n, name in enumerate(("red", "blue")) for seed in range(5)]
    pictures += [wrong, member("green", 70, None)]
    suspicions = Suspicions(registry)
    assert suspicions.known("c") == []
    suspicions.look("c", pictures)
    subject = of_members(pictures)
    plans = [Plan(method, method.Settings()) for method in registry.methods.values()]
    diagnosis = diagnose(registry, subject, plans, progress=quiet, report=lambda error: None)
    (finding,) = suspicions.known("c")
    assert [finding] == [known for known in diagnosis.findings if known.kind == "wrong_label"]
    made = open_suspicions([finding], pictures, settled=())
    assert {sha: known.class_name for sha, known in made.items()} == {wrong.picture.sha256: "red"}
    assert made[wrong.picture.sha256].suspicion == Suspicion(finding.key, finding.own)
    assert open_suspicions([finding], pictures, settled={finding.key}) == {}
    assert open_suspicions([finding], [replace(wrong, labels=(CollectionLabel("red"),))], settled=()) == {}
    assert replace(finding, suspected="green").key == finding.key, "a label that is right is so in any case"


def test_suspicions_of_some_collections_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspicions_of, "KEPT", 1)
    monkeypatch.setattr(suspicions_of, "suspected", lambda *anything, **named: ["doubt"])
    suspicions = Suspicions(Registry([Averaged()]))
    for collection in ("first", "second"):
        suspicions.look(collection, [member("red", 1, "red")])
    assert (suspicions.known("first"), suspicions.known("second")) == ([], ["doubt"])


def test_the_only_picture_of_a_class_is_not_held_out() -> None:
    pictures = [picture("r", RED, "red"), picture("b1", BLUE, "blue"), picture("b2", (20, 10, 190), "blue")]
    assert sorted(by_name(Suggester().fit("c", Colour(), pictures=pictures, held_out=True), pictures)) == ["b1", "b2"]


def test_where_all_are_labelled_the_classifier_is_there_for_evidence(colours: list[CollectedPicture]) -> None:
    suggester = Suggester()
    suggester.fit("c", Colour(), pictures=colours[:6], held_out=False)
    known = suggester.known("c", "prototype")
    assert known is not None and len(known.episode.support) == 6 and not known.by_picture


def test_many_pictures_are_held_out_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggestions, "FOLDS", 3)
    pictures = [picture(f"{name}{n}", rgb, name) for name, rgb in (("red", RED), ("blue", BLUE)) for n in range(5)]
    told = by_name(Suggester().fit("c", Colour(), pictures=pictures, held_out=True), pictures)
    assert len(told) == 10 and all(known.probability > 0.9 for known in told.values())


def test_one_class_is_not_a_choice() -> None:
    with pytest.raises(UserError, match="One class"):
        Suggester().fit("c", Colour(), pictures=[picture("r", RED, "red")], held_out=False)


def test_what_was_said_before_counts_until_a_picture_is_reached_again(
    colours: list[CollectedPicture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggestions, "BATCH", 1)
    suggester = Suggester()
    suggester.fit("c", Colour(sharpness=1), pictures=colours, held_out=False)
    before = by_name(suggester.fit("c", Colour(sharpness=1), pictures=colours, held_out=False), colours)

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "embed" and done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        suggester.fit("c", Colour(sharpness=20), pictures=colours, held_out=False, progress=stop)
    known = suggester.known("c", "prototype")
    assert known is not None
    after = by_name(known, colours)
    assert after["near red"].probability > before["near red"].probability
    assert after["near blue"] == before["near blue"]


def test_evidence_is_that_of_a_classifier_without_the_picture(colours: list[CollectedPicture]) -> None:
    made = Suggester().fit("c", Colour(), pictures=colours, held_out=False)
    wrong = colours[6].picture
    why = evidence(made, wrong)
    assert why.answers[0][0] == "blue" and wrong not in [neighbour for neighbour, _, _ in why.neighbours]
    assert [name for _, name, _ in why.neighbours[:3]] == ["blue"] * 3
    assert why.layers[0].picture == wrong


def test_where_a_word_came_from() -> None:
    sources = {
        (shown, says, suggested, settles): Answer(says, "Ada", shown=shown, settles=settles)
        .labels({"a": suggested})["a"]
        .source
        for shown in (True, False)
        for says, suggested in (("Red", "red"), ("blue", "red"), (None, "red"), ("red", None))
        for settles in (False, True)
    }
    assert {source for (*_, settles), source in sources.items() if settles} == {"settled"}
    told = {key[:3]: source for key, source in sources.items() if not key[3]}
    assert {source for (shown, _, _), source in told.items() if not shown} == {"blind"}
    assert told[True, "Red", "red"] == "accepted"
    assert told[True, "blue", "red"] == told[True, None, "red"] == "corrected"
    assert told[True, "red", None] == "blind"


def test_many_pictures_are_labelled_in_bulk() -> None:
    shown = Answer("red", "Ada", shown=True, seconds=6).labels({"a": "red", "b": None})
    assert {label.source for label in shown.values()} == {"bulk"} and shown["a"].seconds == 3
    assert [label.suggestion for label in shown.values()] == ["red", None]
    hidden = Answer("red", "Ada", shown=False).labels({"a": "red", "b": "red"})
    assert [label.suggestion for label in hidden.values()] == [None, None], "it was neither seen nor answered blind"


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_class_has_a_name(name: str) -> None:
    with pytest.raises(UserError):
        Answer(name).labels({"a": None})


def test_disputes_have_the_newest_word_of_each() -> None:
    fought = picture("f", RED, word("blue", "Bea"), word("red"), word("blue"))
    settled = picture("s", RED, word("red", "Eve", source="settled"), word("red"), word("blue", "Bea"))
    (dispute,) = disputes([fought, settled, FREE])
    assert dispute.picture == fought.picture
    assert [(label.annotator, label.class_name) for label in dispute.words] == [("Bea", "blue"), ("Ada", "red")]


def test_agreement_is_of_pictures_that_both_labelled_and_not_of_what_settled_them() -> None:
    both = [picture(f"{n}", RED, word("red"), word("red" if n else "blue", "Bea")) for n in range(25)]
    alone = [picture("x", RED, word("red", "Cem"))]
    settled = [picture("y", RED, word("red", "Eve", source="settled"), word("red"))]
    (pair,) = agreements([*both, *alone, *settled])
    assert (pair.first, pair.second, pair.agreement.pictures) == ("Ada", "Bea", 25)
    assert pair.agreement.share is not None and pair.agreement.share.mean == pytest.approx(24 / 25)


def test_blind_spots_of_a_collection_and_of_episodes() -> None:
    shown = word("red", source="accepted", suggestion="Red", created_at="2026-11-01")
    blind = word("blue", source="blind", suggestion="red", created_at="2026-11-01")
    told = report(
        words_of([picture("a", RED, word("blue", "Bea", created_at="2026-11-02"), shown), picture("b", RED, blind)])
    )
    assert (told.all.shown, told.all.blind, told.all.wrong) == (Share(1, 1), Share(0, 1), Share(1, 1))
    rows = [
        EpisodeWord(7, "red", "Ada", source="accepted", suggestion="red", created_at="2026-11-01"),
        EpisodeWord(7, None, "Ada", source="corrected", suggestion="red", created_at="2026-11-02"),
        EpisodeWord(8, "red", "Ada", source="blind", suggestion=None, created_at="2026-11-02"),
    ]
    told = report(words_of_episodes(rows))
    assert (told.all.shown, told.all.blind, told.all.wrong) == (Share(1, 2), Share(0, 0), Share(1, 1))


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Twelve pictures in a collection that is read two at a time; every third is labelled, one is fought over."""
    monkeypatch.setattr(access, "BLOCK", 2)
    workspace = Workspace(tmp_path)
    workspace.collections.create("Pets")
    members = [picture(f"n{number}", RED, *([word("red")] if number % 3 == 0 else [])) for number in range(12)]
    members[3] = picture("n3", RED, word("red"), word("blue", "Bea"))
    workspace.collections.add("Pets", {member.picture: member.labels for member in members})
    return workspace


@pytest.mark.parametrize("order", ["unsure", "unlike", "disputed", "suspect"])
@pytest.mark.parametrize("which", ["unlabelled", "mine", "all"])
def test_what_waits_is_the_beginning_of_the_queue(kept: Workspace, order: Order, which: Which) -> None:
    members = kept.collections.pictures("Pets")
    suggested = {members[n].picture.sha256: suggestion((n * 5 % 7) / 7, (n * 3 % 5) / 5) for n in (1, 2, 3, 5, 8)}
    wanted = ReviewOrder(order, which, annotator="Ada")
    whole = queue(members, suggested, wanted)
    for count in (1, 3, 20):
        part = access.waiting(kept, "Pets", wanted=wanted, suggested=suggested, trail=(), count=count)
        assert list(part.following) == whole[:count] and part.rest == len(whole[count:]) and part.unread == 0
    trail = [members[0].picture.sha256, members[4].picture.sha256]
    part = access.waiting(kept, "Pets", wanted=wanted, suggested=suggested, trail=trail, count=3)
    after = [known for known in whole if known.picture.sha256 not in trail]
    assert list(part.passed) == [members[0], members[4]]
    assert list(part.following) == after[:3] and part.rest == len(after[3:])


def test_a_random_order_has_every_picture_once_and_a_seed_its_own(kept: Workspace) -> None:
    def order(seed: int, count: int = 20) -> list[str]:
        wanted = ReviewOrder("random", "unlabelled", seed=seed)
        part = access.waiting(kept, "Pets", wanted=wanted, suggested={}, trail=(), count=count)
        return [known.picture.name for known in part.following]

    assert sorted(order(1)) == sorted(f"n{number}" for number in range(12) if number % 3)
    assert order(1) == order(1) and len({tuple(order(seed)) for seed in range(5)}) > 1
    assert len(order(1, 3)) == 3


def test_a_picture_that_cannot_be_read_does_not_wait(kept: Workspace) -> None:
    members = kept.collections.pictures("Pets")
    kept._blobs.path(members[1].picture.sha256).unlink()
    part = access.waiting(kept, "Pets", wanted=ReviewOrder(), suggested={}, trail=(), count=2)
    assert [known.picture.name for known in part.following] == ["n2", "n4"] and (part.unread, part.rest) == (1, 5)


def test_a_method_learns_from_so_many_at_most(kept: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(access.learnable(kept, "Pets")) == 12
    monkeypatch.setattr(access, "LEARNED", 2)
    monkeypatch.setattr(access, "ASKED", 3)
    learned = access.learnable(kept, "Pets")
    assert [known.label is not None for known in learned] == [True, True, False, False, False]
