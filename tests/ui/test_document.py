"""The page's document: edits, undo, and its way to JSON and to a saved episode and back."""

from __future__ import annotations

import json

import numpy as np
from PIL import Image

from fsl_demo.episodes import Scores
from fsl_demo.pictures import Picture, from_image
from fsl_demo.ui.document import NONE, ClassRow, Document, GivenLabel, Result

PICTURES = {p.sha256: p for p in (from_image(Image.new("RGB", (2, 2), (i, i, i)), f"{i}.png") for i in range(6))}
A, B, C, D, E, F = PICTURES


def picture(sha256: str) -> Picture:
    return PICTURES[sha256]


def example() -> Document:
    document = Document("Greys", [ClassRow("dark", "a dark grey\nblack", [A, B]), ClassRow("light", "", [C])], [D, E])
    keys = [row.key for row in document.classes]
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
    pairs = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], np.float32)
    scores = Scores("prototype", "abc", {"none_below": 0.5}, 0.1, probabilities, probabilities, 0.85, pairs)
    document.results = [Result(scores, keys, [D, E], [A, B, C])]
    document.label(D, GivenLabel(keys[0], keys[0], "accepted", "Ada", 1.5))
    document.label(E, GivenLabel(NONE, keys[1], "corrected", "Ada", 2.5))
    return document


def test_json_round_trip() -> None:
    document = example()
    document.remember()
    again = Document.from_json(json.loads(json.dumps(document.to_json())))
    assert again.to_json() == document.to_json()
    assert again.results[0].scores.pairs.tolist() == document.results[0].scores.pairs.tolist()  # type: ignore[union-attr]


def test_episode_round_trip() -> None:
    document = example()
    again = Document.from_labelled(document.labelled(picture), "id")
    assert [(r.name, r.description, r.pictures) for r in again.classes] == [
        (r.name, r.description, r.pictures) for r in document.classes
    ]
    light = again.classes[1].key
    assert again.labels[E] == GivenLabel(NONE, light, "corrected", "Ada", 2.5)
    assert again.settings == {"prototype": {"none_below": 0.5}}
    assert again.results[0].answer(D) == again.classes[0].key
    assert again.results[0].answer(E) == NONE


def test_only_changes_of_the_evidence_outdate_results() -> None:
    document = example()
    document.write_fields({"title": "Other"})
    document.add_queries([F])
    document.add_class()
    assert not document.outdated
    document.write_fields({f"description:{document.classes[1].key}": "white"})
    assert document.outdated


def test_undo_of_an_edit_makes_results_outdated_only_if_they_are() -> None:
    document = example()
    document.remember()
    document.remove_picture("queries", E)
    assert E not in document.labels
    document.take_back()
    assert document.queries == [D, E] and E in document.labels and not document.outdated


def test_a_picture_has_one_class() -> None:
    document = example()
    dark, light = document.classes
    document.add_pictures(light.key, [A])
    assert dark.pictures == [B] and light.pictures == [C, A]


def test_joining_the_support_set() -> None:
    document = example()
    document.join_support(D)
    assert document.queries == [E]
    assert document.classes[0].pictures == [A, B, D]
    assert document.outdated


def test_blank_rows_do_not_count() -> None:
    document = example()
    document.add_class()
    assert len(document.rows()) == 2
    assert [spec.descriptions for spec in document.episode(picture).classes] == [("a dark grey", "black"), ()]


def test_results_of_other_queries_are_not_saved() -> None:
    document = example()
    document.add_queries([F])
    assert not document.labelled(picture).runs


def test_undo_is_bounded_and_ends() -> None:
    document = example()
    for _ in range(50):
        document.remember()
    assert len(document.undo) == 20
    while document.take_back():
        pass
    assert not document.undo
