"""What a receipt says, in English, by key; the page has these texts in its languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Say = Callable[..., str]
"""Gives the text of a key, filled in with what is passed by name."""

TEXTS = {
    "verdict.better": "{after} is better: {difference} points of right answers.",
    "verdict.worse": "{after} is worse: {difference} points of right answers. Stay with {before}.",
    "verdict.unclear": "It cannot be told whether {after} is better: {difference} points of right answers. Stay with"
    " {before}.",
    "verdict.unchanged": "No picture is answered better or worse by {after}. Stay with {before}.",
    "verdict.few": "{pictures} test pictures are too few to tell whether {after} is better: it takes {fewest}."
    " Stay with {before}, and add some.",
    "verdict.none": "The test part does not have two classes with two different pictures, so nothing could be asked."
    " Stay with {before}, and add some.",
    "receipt.more": "If the difference is as large as it seems, which nobody knows yet, about {more} further test"
    " pictures would tell, four times out of five.",
    "receipt.more_most": "The difference seems so small that more than {most} further test pictures would be needed to"
    " tell.",
    "receipt.title": "Receipt of {after}",
    "receipt.head": "{before} against {after}",
    "receipt.asked": "Both versions of {method} answered the same queries: {episodes} episodes of {way} classes with"
    " {shot} support picture a class, drawn from the test part of {collection}, which neither training nor validation"
    " read. Of near-duplicates, one picture is asked.",
    "receipt.before": "before",
    "receipt.after": "after",
    "receipt.difference": "difference in points (95 % interval)",
    "receipt.right_answers": "right answers, {answers} about {pictures} pictures",
    "receipt.calibration": "calibration error (ECE)",
    "receipt.mcnemar": "Pictures that most answers put right only after: {gained}; only before: {lost}. McNemar’s exact"
    " test: p = {p}.",
    "receipt.by_class": "By class",
    "receipt.class": "class",
    "receipt.pictures": "pictures",
    "receipt.answers": "answers",
    "receipt.elsewhere": "What was forgotten elsewhere",
    "receipt.data": "test data",
    "receipt.not_measured": "not measured: its pictures are not here",
    "receipt.not_yet": "Not measured yet.",
    "receipt.changed": "Answers that changed ({n})",
    "receipt.is": "is {name}",
    "receipt.episode": "episode {n}",
    "receipt.right": "right",
    "receipt.wrong": "wrong",
    "receipt.unlike": "unlike the examples",
    "receipt.on_query": "what the answer rests on, on the query",
    "receipt.on_support": "what the answer rests on, on a support picture",
    "receipt.of": "What this is of",
    "receipt.collection": "collection",
    "receipt.command": "command",
}


def english(key: str, **params: Any) -> str:
    """A `Say` for the command line."""
    return TEXTS[key].format(**params)
