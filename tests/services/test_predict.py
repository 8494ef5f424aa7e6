"""Predicting batch by batch: the same scores as at once, progress over the whole job, refusals, Stop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from fsl_demo import methods
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Progress, quiet
from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.services import predict as batches
from fsl_demo.services.documents import combined_answer, predict_document
from fsl_demo.services.predict import Plan, predict, predict_in_batches
from tests.backbones.loaded import SUBJECTS, crops, networks
from tests.colours import painted
from tests.nearest import Nearest, NearestSettings

QUERIES = 3
"""Photographs that shipped methods are asked about, the first one in a batch of its own."""
COLOURS = {"red": (200, 30, 30), "blue": (30, 30, 200)}


def colours(count: int) -> Episode:
    """Two classes of two pictures, and queries of both in turns."""
    shades = list(COLOURS.values())
    support = [Example(from_image(painted(shades[n % 2], n), f"{n}.png"), n % 2) for n in range(4)]
    queries = [from_image(painted(shades[n % 2], 100 + n, 8), f"{n}.png") for n in range(count)]
    return Episode(tuple(map(ClassSpec, COLOURS)), tuple(support), tuple(queries))


def plans(*nearest: Nearest) -> list[Plan]:
    return [Plan(method, method.Settings()) for method in nearest]  # type: ignore[arg-type]


def unexpected(method: str, error: UserError) -> None:
    pytest.fail(f"{method}: {error}")


def test_batches_grow_and_the_scores_so_far_come_after_each() -> None:
    method = Nearest()
    sizes = [
        len(scores.similarities)
        for (scores,) in predict_in_batches(colours(300), plans(method), progress=quiet, refused=unexpected)
    ]
    assert sizes == [16, 48, 112, 240, 300]
    assert (method.fitted, method.asked) == (1, [16, 32, 64, 128, 60])


def test_batches_say_what_one_call_says() -> None:
    episode = colours(40)
    *_, (joined,) = predict_in_batches(episode, plans(Nearest()), progress=quiet, refused=unexpected)
    whole = Nearest().fit(episode, NearestSettings(), quiet).predict(episode.queries, quiet)
    np.testing.assert_array_equal(joined.similarities, whole.similarities)
    np.testing.assert_array_equal(joined.probabilities, whole.probabilities)
    assert joined.seconds < 50  # measured, not what each batch says, where fitting would count every time


def test_names_that_a_method_may_not_know_are_told_once() -> None:
    episode = colours(2)
    scores = Nearest().fit(episode, NearestSettings(), quiet).predict(episode.queries, quiet)
    noted = replace(scores, note={"unfamiliar": "Katze, blorp"})
    told = predict_document(episode, ["a", "b"], [scores, noted, replace(noted, method="other")])["notices"]
    assert [notice for notice in told if "knows well: Katze, blorp. Describe" in notice] == told[-1:]
    assert not any("Katze" in notice for notice in predict_document(episode, ["a", "b"], [scores]).get("notices", []))


def test_a_transductive_method_sees_all_queries_and_comes_last() -> None:
    inductive, transductive = Nearest("inductive"), Nearest("transductive", transductive=True)
    batches = list(predict_in_batches(colours(40), plans(transductive, inductive), progress=quiet, refused=unexpected))
    assert [[scores.method for scores in batch] for batch in batches] == [["inductive"], ["transductive", "inductive"]]
    assert {len(scores.similarities) for scores in batches[-1]} == {40}
    assert (transductive.asked, inductive.asked) == ([40], [16, 24])


def test_a_method_that_cannot_answer_is_reported_and_left_out() -> None:
    refused: dict[str, str] = {}

    def note(method: str, error: UserError) -> None:
        refused[method] = error.code

    early, late, fine = Nearest("early", refuses_at=0), Nearest("late", refuses_at=20), Nearest("fine")
    batches = list(predict_in_batches(colours(40), plans(early, late, fine), progress=quiet, refused=note))
    assert [[scores.method for scores in batch] for batch in batches] == [["late"], ["late", "fine"], ["fine"]]
    assert refused == {"early": "class_empty", "late": "weights_missing"}
    assert list(predict_in_batches(colours(40), plans(early), progress=quiet, refused=note)) == []
    with pytest.raises(UserError, match="early"):
        predict(colours(3), plans(early), progress=quiet, refused=note)
    with pytest.raises(UserError, match="late"):
        predict(colours(40), plans(Nearest("late", refuses_at=20)), progress=quiet, refused=note)


def test_a_method_for_which_there_is_no_memory_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    refused: list[UserError] = []
    large, small = Nearest("large"), Nearest("small")
    monkeypatch.setattr(large, "predict", full)
    scores = predict(colours(3), plans(large, small), progress=quiet, refused=lambda _, error: refused.append(error))
    assert [each.method for each in scores] == ["small"]
    assert [error.code for error in refused] == ["memory_short"]


def test_progress_counts_the_queries_of_the_whole_job_and_never_falls() -> None:
    told: list[tuple[str, int, int]] = []

    def progress(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))

    several = plans(Nearest("a"), Nearest("b"), Nearest("c", transductive=True))
    list(predict_in_batches(colours(100), several, progress=progress, refused=unexpected))
    assert {stage for stage, _, _ in told} == {"embed", "score"} and {total for _, _, total in told} == {100}
    counts = [done for _, done, _ in told]
    assert counts == sorted(counts) and (counts[0], counts[-1]) == (0, 100)
    assert 60 in counts  # two of three methods, 90 of 100 queries: no jump where a batch ends


def test_downloads_count_their_own_megabytes() -> None:
    class Fetching(Nearest):
        def fit(self, episode: Episode, settings: Any, progress: Progress) -> Nearest:
            progress("download", 3, 90)
            return super().fit(episode, settings, quiet)

    told: list[tuple[str, int, int]] = []
    predict(colours(2), plans(Fetching()), progress=lambda *step: told.append(step), refused=unexpected)
    assert told[0] == ("download", 3, 90)


def test_a_stop_keeps_the_batches_that_are_done() -> None:
    def progress(stage: str, done: int, total: int) -> None:
        if done > 20:
            raise Cancelled

    method = Nearest()
    batches = list(predict_in_batches(colours(100), plans(method), progress=progress, refused=unexpected))
    assert [len(scores.similarities) for (scores,) in batches] == [16] and method.asked == [16, 32]
    with pytest.raises(Cancelled):
        predict(colours(100), plans(method), progress=progress, refused=unexpected)


def test_no_queries_give_nothing() -> None:
    assert list(predict_in_batches(colours(0), plans(Nearest()), progress=quiet, refused=unexpected)) == []


def test_an_answer_of_methods_that_reach_differently_far() -> None:
    episode = colours(3)
    whole = Nearest().fit(episode, NearestSettings(), quiet).predict(episode.queries, quiet)
    answer = combined_answer([whole, whole.part(0, 1)], 1, episode.classes)
    assert (answer["answer"], answer["unlike"]) == ("blue", False)
    assert answer["probabilities"]["blue"] == answer["probability"] == pytest.approx(whole.probabilities[1, 1])


@pytest.fixture(scope="module")
def photographs() -> Episode:
    """Three classes of two photographs, and `QUERIES` of them."""
    support = [Example(picture, c) for c, subject in enumerate(SUBJECTS) for picture in crops(subject)[:2]]

    def turned() -> Iterator[Picture]:
        for number in range(QUERIES):
            image = crops(SUBJECTS[number % 3])[3].image()
            yield from_image(image.rotate(7 * number).crop((20, 20, 140, 120)), f"{number}.png")

    specs = tuple(ClassSpec(name, (f"a photo of a {name}",)) for name in SUBJECTS)
    return Episode(specs, tuple(support), tuple(turned()))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        name
        for name, method in methods.build(networks()).items()
        if not method.card.transductive and name not in ("prefix", "clip")  # one query at a time; weights not shipped
    ],
)
def test_shipped_methods_judge_each_query_by_itself(
    name: str, photographs: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "FIRST_BATCH", 1)
    plan = Plan(method := methods.build(networks())[name], method.Settings())
    *_, (joined,) = predict_in_batches(photographs, [plan], progress=quiet, refused=unexpected)
    fresh = methods.build(networks())[name]
    whole = fresh.fit(photographs, fresh.Settings(), quiet).predict(photographs.queries, quiet)
    np.testing.assert_allclose(joined.similarities, whole.similarities, atol=1e-5)
    np.testing.assert_allclose(joined.probabilities, whole.probabilities, atol=1e-4)
    assert [joined.unlike(query) for query in range(QUERIES)] == [whole.unlike(query) for query in range(QUERIES)]
    assert (joined.pairs is None) == (whole.pairs is None)
    if joined.pairs is not None and whole.pairs is not None:
        np.testing.assert_allclose(joined.pairs, whole.pairs, atol=1e-5)
    assert replace(joined, seconds=0).settings == whole.settings
