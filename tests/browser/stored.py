"""Drafts that are put into a workspace directly, so that a test begins where it has something to say."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from fsl_demo.core.episodes import Scores
from fsl_demo.core.pictures import from_image
from fsl_demo.store import DraftRevision, Workspace
from fsl_demo.ui.document import ClassRow, Document
from fsl_demo.ui.result import Result
from tests.colours import painted

NAMES = (
    *("apple", "birch", "cedar", "daisy", "elder", "fern", "grape", "hazel", "iris", "juniper"),
    *("kale", "lemon", "maple", "nettle", "olive", "pine", "quince", "rose", "sage", "thyme"),
)
SIDE = 16


@dataclass(frozen=True)
class Stored:
    """A draft in a workspace.

    Attributes:
        keys: of its classes, in order.
        truth: the class key of each query, by hash, in the order of the queries.
    """

    id: str
    keys: list[str]
    truth: dict[str, str]


def colour(index: int, ways: int) -> tuple[int, int, int]:
    """The colour of a class: far from the others'."""
    angle = 2 * np.pi * index / ways
    red, green, blue = (int(128 + 100 * np.cos(angle + shift)) for shift in (0.0, 2.1, 4.2))
    return red, green, blue


def draft(
    workspace: Workspace,
    ways: int = 6,
    queries: int = 30,
    shots: int = 2,
    methods: Sequence[str] = ("prototype",),
    none_below: float = 0.0,
) -> Stored:
    """A draft of generated pictures, query `n` being of class `n % ways`, with what the methods said of them.

    The nth method is sure of everything but every tenth query, wrong about every (20 + n)th, and finds every fiftieth
    unlike the examples; none where `none_below` is NaN.
    """
    wanted = [(c, c * 1000 + shot) for c in range(ways) for shot in range(shots)]
    wanted += [(n % ways, 100_000 + n) for n in range(queries)]
    pictures = [from_image(painted(colour(c, ways), seed, SIDE), f"{NAMES[c]}-{seed}.png") for c, seed in wanted]
    with ThreadPoolExecutor(4) as pool:
        hashes = [picture.sha256 for picture in pool.map(workspace.add_picture, pictures)]
    support, asked = hashes[: ways * shots], hashes[ways * shots :]
    rows = [ClassRow(NAMES[c], "", support[c * shots : (c + 1) * shots], key=f"{c:08x}") for c in range(ways)]
    document = Document("Colours", rows, asked, methods=list(methods) or None)
    document.results = [
        _result(method, number, rows=rows, queries=asked, support=support, none_below=none_below)
        for number, method in enumerate(methods)
        if queries
    ]
    document.scored = document.evidence()
    stored = workspace.drafts.create(DraftRevision(document.to_json(), document.results_json()))
    return Stored(stored.id, [row.key for row in rows], {sha: rows[n % ways].key for n, sha in enumerate(asked)})


def _result(
    method: str, number: int, rows: list[ClassRow], queries: list[str], support: list[str], none_below: float
) -> Result:
    ways, places = len(rows), np.arange(len(queries))
    best = places % ways
    best = np.where(places % (20 + number) == 19, (best + 1) % ways, best)
    sure = np.where(places % 10 == 9, 0.55, 0.97 - 0.0001 * (places % 50)).astype(np.float32)
    probabilities = np.repeat(((1 - sure) / (ways - 1))[:, None], ways, axis=1)
    probabilities[places, best] = sure
    similarities = np.where((places % 50 == 40)[:, None], probabilities - 1, probabilities)
    scores = Scores(
        method,
        "-",
        settings={},
        seconds=0.5,
        similarities=similarities,
        probabilities=probabilities,
        none_below=none_below,
    )
    names = [row.name for row in rows]
    return Result(
        scores,
        [row.key for row in rows],
        queries=queries,
        support=support,
        device="cpu",
        names=names,
        descriptions=[""] * ways,
    )
