"""The page's document: edits, and its way to JSON and to a saved episode and back."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from fsl_demo.core.episodes import Scores
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.regions import MAX_BOXES, Box, RegionLabel
from fsl_demo.ui import marks, stored_document
from fsl_demo.ui.document import NONE, ClassRow, Document, GivenLabel
from fsl_demo.ui.history import Before, History
from fsl_demo.ui.result import Result
from fsl_demo.ui.saved_episode import from_episode, to_episode

PICTURES = {p.sha256: p for p in (from_image(Image.new("RGB", (2, 2), (i, i, i)), f"{i}.png") for i in range(6))}
A, B, C, D, E, F = PICTURES
LEFT: Box = (0.0, 0.0, 0.5, 1.0)
SMALL: Box = (0.1, 0.25, 0.3, 1 / 3)
BALL = RegionLabel(SMALL, "a red ball, 紅", "Ada")
DARK = RegionLabel(LEFT, "Dark", source="accepted")


def picture(sha256: str) -> Picture:
    return PICTURES[sha256]


def example() -> Document:
    document = Document("Greys", [ClassRow("dark", "a dark grey\nblack", [A, B]), ClassRow("light", "", [C])], [D, E])
    keys = [row.key for row in document.classes]
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
    pairs = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], np.float32)
    scores = Scores(
        "prototype",
        "abc",
        settings={"none_below": 0.5},
        seconds=0.1,
        similarities=probabilities,
        probabilities=probabilities,
        none_below=0.85,
        pairs=pairs,
    )
    document.settings = {"prototype": {"none_below": 0.5}}
    document.results = [Result(scores, keys, queries=[D, E], support=[A, B, C])]
    document.labels[D] = GivenLabel(keys[0], keys[0], source="accepted", annotator="Ada", seconds=1.5)
    document.labels[E] = GivenLabel(NONE, keys[1], source="corrected", annotator="Ada", seconds=2.5)
    document.paths[D] = ["x/d.png", "y/d.png"]
    document.scored = document.evidence()
    return document


def test_json_round_trip() -> None:
    document = example()
    data, results = (json.loads(json.dumps(part)) for part in (document.to_json(), document.results_json()))
    again = stored_document.read(data, results)
    assert again.to_json() == document.to_json() and again.results_json() == document.results_json()
    assert again.results[0].scores.pairs.tolist() == document.results[0].scores.pairs.tolist()  # type: ignore[union-attr]
    assert not again.outdated
    assert stored_document.read(data).results == []


def test_an_attribute_that_a_later_version_added_is_left_alone() -> None:
    data = example().to_json() | {"of a later version": 1}
    assert stored_document.read(data).title == "Greys"


def test_episode_round_trip() -> None:
    document = example()
    again = from_episode(to_episode(document, picture), "id")
    assert [(r.name, r.description, r.pictures) for r in again.classes] == [
        (r.name, r.description, r.pictures) for r in document.classes
    ]
    light = again.classes[1].key
    assert again.labels[E] == GivenLabel(NONE, light, source="corrected", annotator="Ada", seconds=2.5)
    assert again.settings == {"prototype": {"none_below": 0.5}}
    assert again.results[0].answer(D) == again.classes[0].key
    assert again.results[0].answer(E) == light and again.results[0].scores.unlike(1)
    assert again.episode_id == "id" and not again.outdated and not again.unsaved


def marked() -> Document:
    """Two boxes on a support picture, and two regions of a query."""
    document = example()
    marks.add(document.boxes, A, [LEFT, SMALL])
    marks.add(document.regions, D, [BALL, DARK])
    return document


def test_boxes_and_regions_come_back_from_json_and_from_an_episode() -> None:
    document = marked()
    data = json.loads(json.dumps(document.to_json()))
    for again in (stored_document.read(data), from_episode(to_episode(document, picture)), document.copy()):
        assert again.boxes == {A: (LEFT, SMALL)} and again.regions == {D: (BALL, DARK)}
        assert not again.unreadable
    labelled = to_episode(document, picture)
    assert [example.boxes for example in labelled.episode.support] == [(LEFT, SMALL), (), ()]
    assert labelled.regions == {0: (BALL, DARK)}


def test_boxes_and_regions_are_undone_one_by_one() -> None:
    document, history = marked(), History()
    edits: list[Callable[[], None]] = [
        lambda: marks.add(document.boxes, C, [LEFT]),
        lambda: marks.replace(document.boxes, A, before=LEFT, after=None),
        lambda: marks.replace(document.regions, D, before=BALL, after=RegionLabel(BALL.box, "a balloon")),
        lambda: marks.replace(document.regions, D, before=DARK, after=None),
        lambda: document.remove_queries([D]),
        lambda: document.remove_class(document.classes[0].key),
        document.clear,
    ]
    states = []
    for edit in edits:
        before = Before.of(document)
        states.append(json.dumps(document.to_json()))
        edit()
        history.push(json.loads(json.dumps(before.step(document))))
    assert document.boxes == {} and document.regions == {}
    stored, kept = stored_document.read_steps(history.steps, document)
    assert kept == len(edits) and not document.unreadable
    history.steps = stored
    for state in reversed(states):
        assert history.take_back(document)
        assert json.loads(json.dumps(document.to_json())) == json.loads(state)


def test_boxes_outdate_results_and_regions_do_not() -> None:
    document = example()
    marks.add(document.regions, D, [BALL])
    assert not document.outdated
    marks.add(document.boxes, A, [LEFT])
    assert document.outdated
    document.scored = document.evidence()
    assert not stored_document.read(json.loads(json.dumps(document.to_json()))).outdated
    before = document.evidence()
    marks.replace(document.boxes, A, before=LEFT, after=None)
    assert document.evidence() != before


def test_what_is_marked_moves_with_a_picture() -> None:
    document = marked()
    dark, light = (row.key for row in document.classes)
    document.move_picture(dark, A, light)
    assert document.boxes == {A: (LEFT, SMALL)}
    document.move_picture(light, A, "queries")
    assert document.boxes == {} and document.regions[A] == (RegionLabel(LEFT, "light"), RegionLabel(SMALL, "light"))
    document.move_picture("queries", D, dark)
    assert document.boxes == {D: (DARK.box,)} and D not in document.regions
    document.exchange({D: E})
    assert document.boxes == {}


def test_marks_that_cannot_be_made_are_told() -> None:
    document = marked()
    with pytest.raises(UserError) as gone:
        marks.replace(document.boxes, C, before=LEFT, after=None)
    assert gone.value.code == "mark_gone"
    with pytest.raises(UserError) as many:
        marks.add(document.boxes, A, [(0.0, 0.0, 1.0, (n + 1) / 1001) for n in range(MAX_BOXES)])
    assert many.value.code == "boxes_many"
    assert document.boxes == {A: (LEFT, SMALL)}


def test_a_copy_is_a_new_unsaved_episode() -> None:
    document = example()
    document.episode_id = "id"
    again = document.copy()
    assert (again.episode_id, again.unsaved, again.outdated) == ("", True, False)
    again.classes[0].pictures.append(F)
    again.labels.clear()
    assert document.classes[0].pictures == [A, B] and len(document.labels) == 2


def test_only_changes_of_the_evidence_outdate_results() -> None:
    document = example()
    document.title = "Other"
    document.add_queries([F])
    document.add_class()
    assert not document.outdated
    document.classes[1].description = "white"
    assert document.outdated
    document.classes[1].description = ""
    assert not document.outdated
    document.settings = {"prototype": {"none_below": 0.6}}
    assert document.outdated


def test_a_step_is_what_changed_and_nothing_else() -> None:
    document = example()
    before, given = Before.of(document), dict(document.labels)
    document.labels[D] = GivenLabel(NONE)
    del document.labels[E]
    step = before.step(document)
    assert step == {"labels": {D: vars(given[D]), E: vars(given[E])}}
    history = History()
    history.push(json.loads(json.dumps(step)))
    assert history.take_back(document) and document.labels == given
    assert not history.take_back(document)


def test_steps_of_one_batch_are_one_and_others_are_not() -> None:
    history = History()
    for batch in ("a", "a", "", "", "a", "b", "b"):
        history.push({"title": "x"}, batch)
    assert len(history.steps) == 5


def test_a_picture_has_one_class() -> None:
    document = example()
    dark, light = document.classes
    document.add_pictures(light.key, [A])
    assert dark.pictures == [B] and light.pictures == [C, A]


def test_pictures_that_take_the_place_of_others_keep_labels_and_paths() -> None:
    document = example()
    document.exchange({D: F, A: B})
    assert document.queries == [F, E] and document.classes[0].pictures == [B]
    assert document.labels[F].answer == document.classes[0].key and document.paths == {F: ["x/d.png", "y/d.png"]}


def test_blank_rows_do_not_count() -> None:
    document = example()
    document.add_class()
    assert len(document.rows()) == 2
    assert [spec.descriptions for spec in document.episode(picture).classes] == [("a dark grey", "black"), ()]


def test_results_of_other_queries_are_not_saved() -> None:
    document = example()
    assert len(to_episode(document, picture).runs) == 1
    document.add_queries([F])
    assert not to_episode(document, picture).runs


def test_results_that_are_out_of_date_are_not_saved() -> None:
    document = example()
    document.classes[0].name = "black"
    assert not to_episode(document, picture).runs and len(to_episode(document, picture).labels) == 2
