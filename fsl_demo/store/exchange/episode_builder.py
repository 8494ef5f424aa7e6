"""An episode, made of a table's pictures one by one."""

from __future__ import annotations

from fsl_demo.core.episodes import ClassSpec, Episode, Example, Label, LabelledEpisode, check_texts, class_key
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Box, RegionLabel
from fsl_demo.store.exchange.classified import NONE


class EpisodeBuilder:
    """An episode, made of a table's pictures one by one. Its classes are those that are named, in order."""

    def __init__(self) -> None:
        self._classes: dict[str, ClassSpec] = {}
        self._support: list[Example] = []
        self._queries: list[Picture] = []
        self._labels: dict[int, Label] = {}
        self._regions: dict[int, tuple[RegionLabel, ...]] = {}

    @property
    def pictures(self) -> int:
        """How many it has."""
        return len(self._support) + len(self._queries)

    def add_support(self, picture: Picture, class_name: str, boxes: tuple[Box, ...] = ()) -> None:
        self._support.append(Example(picture, self._class(class_name), boxes))

    def add_query(
        self, picture: Picture, label: str, annotator: str = "", regions: tuple[RegionLabel, ...] = ()
    ) -> None:
        """Add a query; its label names a class, is NONE, or "" for none."""
        position = len(self._queries)
        if label:
            none = label == NONE and class_key(NONE) not in self._classes
            self._labels[position] = Label(None if none else self._class(label), annotator)
        if regions:
            self._regions[position] = regions
        self._queries.append(picture)

    def episode(self, title: str) -> LabelledEpisode:
        episode = Episode(tuple(self._classes.values()), tuple(self._support), tuple(self._queries))
        return LabelledEpisode(episode, title, labels=self._labels, regions=self._regions)

    def _class(self, name: str) -> int:
        spec = ClassSpec(name)
        check_texts(spec)
        self._classes.setdefault(class_key(name), spec)
        return list(self._classes).index(class_key(name))
