"""N-way K-shot episodes, drawn with a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from fsl_demo.core.errors import UserError

Item = TypeVar("Item")


@dataclass(frozen=True)
class Sampling:
    """How episodes are drawn.

    Attributes:
        way: classes an episode; 0 takes all.
        shot: support pictures a class; 0 for zero-shot.
        queries: a class; 0 takes all pictures that are left.
        episodes: how many; fewer are the first of more.
        seed: the same one gives the same episodes.
        within: the classes of an episode are of one group: "Greek" of "Greek/character01".
    """

    way: int = 5
    shot: int = 1
    queries: int = 15
    episodes: int = 600
    seed: int = 0
    within: bool = False

    def sampler(self, items: Mapping[str, Iterable[Item]]) -> EpisodeSampler[Item]:
        """
        Raises:
            UserError: `setting_bad`, naming what there is too little of.
        """
        group = {"group": _group} if self.within else {}
        return EpisodeSampler(items, way=self.way, shot=self.shot, queries=self.queries, seed=self.seed, **group)


def _group(name: str) -> str:
    return name.split("/")[0]


@dataclass(frozen=True)
class Drawn(Generic[Item]):
    """One episode: class names, and the support and query items of each class."""

    names: tuple[str, ...]
    support: tuple[tuple[Item, ...], ...]
    queries: tuple[tuple[Item, ...], ...]


class EpisodeSampler(Generic[Item]):
    """Draws classes, then different support and query items of each.

    Args:
        items: by class name: files, pictures, row numbers.
        way: classes an episode; 0 takes all.
        shot: support items a class.
        queries: query items a class; 0 takes all that are left.
        seed: the same one gives the same episodes.
        group: from a class name to its group; the classes of an episode are then of one group, which has enough.

    Raises:
        UserError: `setting_bad`, naming what there is too little of.
    """

    def __init__(
        self,
        items: Mapping[str, Iterable[Item]],
        way: int = 5,
        shot: int = 1,
        queries: int = 15,
        seed: int = 0,
        group: Callable[[str], str] = lambda name: "",
    ) -> None:
        self.items = {name: list(members) for name, members in items.items()}
        self.way, self.shot, self.queries, self.seed = way or len(items), shot, queries, seed
        for name, value, least in (("way", self.way, 2), ("shot", shot, 0), ("queries", queries, 0)):
            if value < least:
                raise UserError("setting_bad", name=name, value=value, reason=f"It is at least {least}.")
        if self.way > len(items):
            raise UserError("setting_bad", name="way", value=way, reason=f"There are {len(items)} classes.")
        needed = shot + max(queries, 1)
        for name, members in self.items.items():
            if len(members) < needed:
                reason = f"“{name}” has {len(members)} pictures, and {queries} queries a class are to be left."
                raise UserError("setting_bad", name="shot", value=shot, reason=reason)

        groups: dict[str, list[str]] = {}
        for name in self.items:
            groups.setdefault(group(name), []).append(name)
        self._groups = [names for names in groups.values() if len(names) >= self.way]
        if not self._groups:
            raise UserError("setting_bad", name="way", value=way, reason="No group has so many classes.")

    def draw(self, episodes: int) -> Iterator[Drawn[Item]]:
        """So many episodes, always the same ones."""
        random = np.random.default_rng(self.seed)
        for _ in range(episodes):
            names = self._groups[random.integers(len(self._groups))] if len(self._groups) > 1 else self._groups[0]
            chosen = [names[i] for i in random.choice(len(names), self.way, replace=False)]
            shuffled = [[self.items[name][i] for i in random.permutation(len(self.items[name]))] for name in chosen]
            end = self.shot + self.queries if self.queries else None
            yield Drawn(
                tuple(chosen),
                tuple(tuple(members[: self.shot]) for members in shuffled),
                tuple(tuple(members[self.shot : end]) for members in shuffled),
            )
