"""Classifiers and answers that are kept are those that would be computed afresh, whatever changes in between."""

from __future__ import annotations

import copy
import gc
import shutil
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsl_demo import checkpoints, methods
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import layout
from fsl_demo.core.capabilities import HasWeights, Method
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Progress, Scores, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.settings import Settings, weights
from fsl_demo.services import fitted
from fsl_demo.services.fitted import FITTED, Fits
from fsl_demo.services.predict import Plan, predict, predict_in_batches
from tests.backbones.loaded import SUBJECTS, crops, networks
from tests.nearest import Nearest, NearestSettings
from tests.services.test_predict import colours, unexpected

Change = Callable[[Episode], Episode]
CHECKPOINTS = (
    ("prototype", "picture_space"),
    ("asif", "picture_space"),
    ("asif", "lite0_minilm"),
    ("compact-vlm", "compact_vlm"),
    ("compact-vlm", "picture_space"),
    ("compact-vlm", "lite0_minilm"),
    ("two-stream", "two_stream"),
    ("linear-probe", "compact_vlm"),
    ("linear-probe", "picture_space"),
    ("siamese", "siamese_photographs"),
    ("siamese-cbam", "siamese_cbam_faces"),
    ("s3net", "s3net_characters"),
    ("can", "can_photographs"),
    ("can-transductive", "can_photographs"),
)
"""Checkpoints that the answers of each method depend on."""


# --- every method that is installed --------------------------------------------------------------------------------


def photographs() -> Episode:
    """Three classes of two photographs, and a query of each."""
    support = [Example(picture, c) for c, subject in enumerate(SUBJECTS) for picture in crops(subject)[:2]]
    queries = [picture for subject in SUBJECTS for picture in crops(subject)[2:3]]
    return Episode(tuple(map(ClassSpec, SUBJECTS)), tuple(support), tuple(queries))


def of_class(episode: Episode, index: int, **values: Any) -> Episode:
    classes = list(episode.classes)
    classes[index] = replace(classes[index], **values)
    return replace(episode, classes=tuple(classes))


def moved(episode: Episode) -> Episode:
    first, *others = episode.support
    return replace(episode, support=(replace(first, class_index=1), *others))


def turned(episode: Episode) -> Episode:
    """The classes the other way round, each with its own pictures."""
    last = len(episode.classes) - 1
    support = tuple(replace(example, class_index=last - example.class_index) for example in episode.support)
    return replace(episode, classes=episode.classes[::-1], support=support)


CHANGES: dict[str, Change] = {
    "a class is renamed": lambda episode: of_class(episode, 1, name="teapot"),
    "a class is described": lambda episode: of_class(episode, 2, descriptions=("a tall white rocket on its pad",)),
    "a support picture is moved to another class": moved,
    "a support picture is removed": lambda episode: replace(episode, support=episode.support[1:]),
    "a support picture is added": lambda episode: replace(
        episode, support=(*episode.support, Example(episode.queries[0], 0))
    ),
    "support pictures in another order": lambda episode: replace(episode, support=episode.support[::-1]),
    "classes in another order": turned,
    "classes change their names": lambda episode: replace(episode, classes=episode.classes[::-1]),
    "a class is removed": lambda episode: replace(
        episode,
        classes=episode.classes[:2],
        support=tuple(example for example in episode.support if example.class_index < 2),
    ),
    "queries in another order, one removed, one twice": lambda episode: replace(
        episode, queries=(*episode.queries[:0:-1], episode.queries[1])
    ),
    "a query is added": lambda episode: replace(episode, queries=(*episode.queries, episode.support[0].picture)),
}


def answered(method: Method, episode: Episode, settings: Settings | None = None) -> Scores:
    (scores,) = predict(episode, [Plan(method, settings or method.Settings())], progress=quiet, refused=unexpected)
    return scores


def check_afresh(scores: Scores, shared: Networks, name: str, episode: Episode, settings: Settings) -> None:
    """What a method that was never asked before says is the same but for rounding."""
    afresh = methods.build(shared)[name].fit(episode, settings, quiet).predict(episode.queries, quiet)
    for part in ("similarities", "probabilities"):
        np.testing.assert_allclose(getattr(scores, part), getattr(afresh, part), atol=1e-5, rtol=1e-5)
    assert (scores.pairs is None) == (afresh.pairs is None)
    if scores.pairs is not None and afresh.pairs is not None:
        np.testing.assert_allclose(scores.pairs, afresh.pairs, atol=1e-5, rtol=1e-5)
    assert scores.none_below == pytest.approx(afresh.none_below, abs=1e-5, nan_ok=True)
    for part in ("method", "checkpoint", "settings", "note"):
        assert getattr(scores, part) == getattr(afresh, part), part


def check_same(scores: Scores, before: Scores) -> None:
    for part in ("similarities", "probabilities", "pairs"):
        np.testing.assert_array_equal(getattr(scores, part), getattr(before, part))


@pytest.fixture(scope="module")
def shared() -> Networks:
    return networks()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in methods.build(networks()) if name != "clip"])
def test_one_change_at_a_time(shared: Networks, name: str) -> None:
    method, episode = methods.build(shared)[name], photographs()
    first = answered(method, episode)
    for what, change in CHANGES.items():
        changed = change(episode)
        try:
            check_afresh(answered(method, changed), shared, name=name, episode=changed, settings=method.Settings())
        except AssertionError as error:
            raise AssertionError(what) from error
        check_same(answered(method, episode), first)
    strict = method.Settings(none_below=0.97)  # type: ignore[call-arg]
    check_afresh(answered(method, episode, strict), shared, name=name, episode=episode, settings=strict)
    check_same(answered(method, episode), first)


@pytest.mark.slow
def test_settings_of_every_kind(shared: Networks) -> None:
    known, episode = methods.build(shared), photographs()
    for name, values in (
        ("asif", {"blend": 0.1}),
        ("compact-vlm", {"templates": "a drawing of a {}"}),
        ("compact-vlm", {"pictures": 0.9}),
        ("compact-vlm", {"pictures": 0.9}),
        ("siamese", {"variant": "faces"}),
        ("can", {"variant": "faces"}),
    ):
        settings = known[name].Settings(**values)
        before = answered(known[name], episode)
        scores = answered(known[name], episode, settings)
        check_afresh(scores, shared, name=name, episode=episode, settings=settings)
        assert not np.array_equal(scores.similarities, before.similarities), (name, values)


def altered(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Those of a checkpoint's arrays that make its answers others."""
    changes = {
        "temperature": lambda array: array * array.dtype.type(1.5),
        "anchors": lambda array: np.roll(array, 1, axis=0),
        "pictures.bias": lambda array: array + array.dtype.type(0.1),
        "map.bias": lambda array: array + array.dtype.type(0.1),
    }
    return {name: change(arrays[name]) for name, change in changes.items() if name in arrays}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "checkpoint"), CHECKPOINTS)
def test_another_version_in_use(
    shared: Networks, name: str, checkpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "checkpoints"
    shutil.copytree(layout.FOLDER, folder)
    monkeypatch.setattr(layout, "FOLDER", folder)
    method, episode = methods.build(shared)[name], photographs()
    first = answered(method, episode)
    stored = checkpoints.load(checkpoint)
    checkpoints.save(checkpoint, {**stored.arrays, **altered(stored.arrays)}, stored.card.as_dict())
    second = answered(method, episode)
    check_afresh(second, shared, name=name, episode=episode, settings=method.Settings())
    assert not np.array_equal(second.probabilities, first.probabilities)
    checkpoints.roll_back(checkpoint)
    check_same(answered(method, episode), first)


# --- what is computed, and what is kept ----------------------------------------------------------------------------


class Weighted(Nearest, HasWeights):
    """`Nearest` that knows its weights; its classifiers do not share what they have learned."""

    hashes = "first"

    def weights(self, settings: Any) -> str:
        return self.hashes

    def fit(self, episode: Episode, settings: Any, progress: Progress = quiet) -> Any:
        self.fitted += 1
        return Nearest.fit(copy.copy(self), episode, settings=settings, progress=progress)


def seen(method: Any, episode: Episode, settings: Settings | None = None) -> tuple[int, list[int]]:
    """How often a method is fitted for an episode, and of how many queries it is asked at once."""
    fitted, asked = method.fitted, len(method.asked)
    answered(method, episode, settings)
    return method.fitted - fitted, method.asked[asked:]


def test_all_that_scores_say_of_a_query_is_kept() -> None:
    arrays = {spec.name for spec in fields(Scores) if "ndarray" in str(spec.type)}
    assert arrays == {"similarities", "probabilities", "pairs"}, "what `Inductive` keeps of each query"


def test_nothing_is_computed_again_and_one_query_more_asks_one() -> None:
    method, episode = Weighted(), colours(40)
    assert seen(method, replace(episode, queries=episode.queries[:39])) == (1, [16, 23])
    assert seen(method, replace(episode, queries=episode.queries[:39])) == (0, [])
    assert seen(method, episode) == (0, [1])
    assert seen(method, replace(episode, queries=episode.queries[::-1])) == (0, [])
    assert seen(method, episode, NearestSettings(none_below=-1.0)) == (1, [16, 24])
    assert seen(method, replace(episode, support=episode.support[1:])) == (1, [16, 24])
    boxed = replace(episode.support[0], boxes=((0.0, 0.0, 0.5, 1.0),))
    assert seen(method, replace(episode, support=(boxed, *episode.support[1:]))) == (1, [16, 24])
    assert seen(method, episode) == (0, [])


def test_known_answers_come_with_the_next_new_ones() -> None:
    methods, episode = (Weighted("a"), Weighted("b")), colours(120)

    def sizes(queries: int) -> list[tuple[int, ...]]:
        part = replace(episode, queries=episode.queries[:queries])
        plans = [Plan(method, method.Settings()) for method in methods]
        batches = predict_in_batches(part, plans, progress=quiet, refused=unexpected)
        return [tuple(len(scores.similarities) for scores in batch) for batch in batches]

    assert sizes(20) == [(16,), (16, 16), (20, 20)]
    assert sizes(20) == [(20, 20)]
    assert sizes(120) == [(52, 52), (116, 116), (120, 120)]
    assert sizes(120) == [(120, 120)]


def test_a_transductive_method_answers_again_when_any_query_is_another() -> None:
    method, episode = Weighted(transductive=True), colours(20)
    assert seen(method, episode) == (1, [20])
    assert seen(method, episode) == (0, [])
    assert seen(method, replace(episode, queries=episode.queries[1:]))[1] == [19]
    assert seen(method, replace(episode, queries=episode.queries[::-1]))[1] == [20]


def test_other_weights_are_fitted_anew() -> None:
    method, episode = Weighted(), colours(4)
    seen(method, episode)
    method.hashes = "second"
    assert seen(method, episode) == (1, [4])
    assert seen(method, episode) == (0, [])


def test_methods_that_do_not_know_their_weights_or_let_a_person_choose_them_are_not_kept() -> None:
    @dataclass(frozen=True)
    class Chosen(NearestSettings):
        model: str = weights("any")

    class Choosing(Weighted):
        Settings = Chosen

    for method in (Nearest(), Choosing()):
        assert seen(method, colours(4)) == seen(method, colours(4)) == (1, [4])


def test_two_methods_of_one_kind_do_not_share() -> None:
    first, second = Weighted(), Weighted()
    assert seen(first, colours(4)) == seen(second, colours(4)) == (1, [4])


def test_a_method_that_cannot_answer_is_asked_again() -> None:
    method = Weighted(refuses_at=0)
    for _ in range(2):
        with pytest.raises(UserError, match="red"):
            predict(colours(4), [Plan(method, NearestSettings())], progress=quiet, refused=lambda *_: None)
    method.refuses_at = None
    assert seen(method, colours(4)) == (1, [4])


def test_the_latest_classifiers_are_kept() -> None:
    method, fits = Weighted(), Fits()

    def fit(number: int) -> None:
        fits(method, colours(0), NearestSettings(none_below=-number / 100))

    for number in (*range(FITTED), 0, FITTED):
        fit(number)
    assert method.fitted == FITTED + 1
    fit(0)
    assert method.fitted == FITTED + 1
    fit(1)
    assert method.fitted == FITTED + 2


def test_the_classifiers_that_are_kept_have_a_bounded_number_of_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitted, "SUPPORT", 8)
    method, fits, few = Weighted(), Fits(), colours(0)
    many = replace(few, support=few.support + few.support[:1])
    for episode, count in ((few, 1), (few, 1), (many, 2), (few, 3), (few, 3)):
        fits(method, episode, NearestSettings())
        assert method.fitted == count
    huge = replace(few, support=3 * few.support)
    for count in (4, 5):
        fits(method, huge, NearestSettings())
        assert method.fitted == count


def test_what_is_no_longer_in_use_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "FOLDER", tmp_path)
    fits, method = Fits(), Weighted()
    classifier = weakref.ref(fits(method, colours(0), NearestSettings()))
    assert classifier() is not None
    shutil.copytree(Path(layout.__file__).parents[2] / "checkpoints" / "siamese_digits", tmp_path / "siamese_digits")
    fits(Weighted(), colours(0), NearestSettings())
    gc.collect()
    assert classifier() is None


def test_a_classifier_that_was_fitted_while_another_version_came_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "FOLDER", tmp_path)

    class Slow(Weighted):
        def fit(self, episode: Episode, settings: Any, progress: Progress = quiet) -> Any:
            if not self.fitted:
                shipped = Path(layout.__file__).parents[2] / "checkpoints" / "siamese_digits"
                shutil.copytree(shipped, tmp_path / "siamese_digits")
            return super().fit(episode, settings, progress)

    method = Slow()
    assert [seen(method, colours(4))[0] for _ in range(3)] == [1, 1, 0]


def test_threads_get_their_own_answers() -> None:
    method, episode = Weighted(), colours(60)
    variants = [replace(episode, queries=episode.queries[n : n + 30]) for n in range(0, 30, 3)]
    variants += [replace(variant, support=variant.support[1:]) for variant in variants]
    expected = [Nearest().fit(each, NearestSettings()).predict(each.queries, quiet) for each in variants]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda each: answered(method, each), 3 * variants))
    for scores, afresh in zip(answers, 3 * expected, strict=True):
        np.testing.assert_array_equal(scores.probabilities, afresh.probabilities)
