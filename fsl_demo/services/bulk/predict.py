"""Which class each picture is of: the columns of `predict --format csv`, and the probability of every class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pickle import PicklingError
from typing import Any

import pyarrow
from PIL import Image

from fsl_demo.core.classifiers import Classifier
from fsl_demo.core.episodes import Episode, Progress, join, quiet
from fsl_demo.core.errors import Notice, Report, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.services import reading
from fsl_demo.services.bulk.request import support_of
from fsl_demo.services.bulk.sending import packed, unpacked
from fsl_demo.services.bulk.task import Recipe, Row, probe
from fsl_demo.services.documents import combined_answers, prediction, untold
from fsl_demo.services.predict import Plan, Refused, plans_of
from fsl_demo.services.registry import Installed


class Predict:
    """Classifiers that were fitted once.

    Args:
        report: told of what answers cannot say.

    Raises:
        UserError: why the first method cannot answer, when none can; `no_methods`.
    """

    verb = "predict"

    def __init__(
        self, episode: Episode, plans: Sequence[Plan], progress: Progress, refused: Refused, report: Report
    ) -> None:
        self._classes, self._report = episode.classes, report
        self._told: set[str] = set()
        self._classifiers: dict[str, Classifier] = {}
        refusals: list[UserError] = []
        methods = []
        for plan in plans:
            card = plan.method.card
            try:
                if card.transductive:
                    raise UserError("bulk_transductive", method=card.title)
                classifier = plan.method.fit(episode, plan.settings, progress)
                checkpoint = classifier.predict([probe()], quiet).checkpoint
            except UserError as error:
                refusals.append(error)
                refused(card.id, error)
                continue
            self._classifiers[card.id] = classifier
            methods.append({"id": card.id, "checkpoint": checkpoint, "settings": asdict(plan.settings)})
        if not methods:
            raise refusals[0] if refusals else UserError("no_methods")
        self.depends: Mapping[str, Any] = {"support": support_of(episode), "methods": methods}
        self.about: Mapping[str, Any] = {"classes": [spec.name for spec in episode.classes]}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_report": None}

    def arrived(self, report: Report) -> Predict:
        """The same in a process to which it was sent, with its networks loaded.

        Args:
            report: as of `Predict`.

        Raises:
            UserError: `ray_differ` where answers come of other weights; what is wrong with those that are here.
        """
        self._report = report
        for classifier, method in zip(self._classifiers.values(), self.depends["methods"], strict=True):
            if classifier.predict([probe()], quiet).checkpoint != method["checkpoint"]:
                raise UserError("ray_differ")
        return self

    def columns(self) -> list[pyarrow.Field]:
        number = pyarrow.float64()
        answer = [("answer", pyarrow.string()), ("probability", number), ("unlike", pyarrow.bool_())]
        each = [
            (name + ending, kind)
            for name in self._classifiers
            for (_, kind), ending in zip(answer, ("", ".probability", ".unlike"), strict=True)
        ]
        return [pyarrow.field(*column) for column in (*answer, ("probabilities", pyarrow.list_(number)), *each)]

    def answer(self, chunks: Iterable[Sequence[Picture]]) -> list[Row]:
        by_chunk = [[classifier.predict(chunk, quiet) for classifier in self._classifiers.values()] for chunk in chunks]
        if not by_chunk:
            return []
        scores = [join(column) for column in zip(*by_chunk, strict=True)]
        answers = combined_answers(scores, self._classes)
        for notice in untold(answers, scores):
            if str(notice) not in self._told:
                self._told.add(str(notice))
                self._report(notice)
        rows: list[Row] = []
        for query, answer in enumerate(answers):
            row: Row = {**answer, "probabilities": list(answer["probabilities"].values())}
            for name, method in zip(self._classifiers, scores, strict=True):
                answered = prediction(method, query, self._classes)
                row |= {
                    name: answered["label"],
                    f"{name}.probability": answered["probability"],
                    f"{name}.unlike": answered["unlike"],
                }
            rows.append(row)
        return rows


@dataclass(frozen=True)
class PredictRecipe:
    """
    Attributes:
        episode: classes and support set, with the pictures in memory.
        methods: ids; None for those that suit the pictures.
        settings: assignments, as of `reading.settings`.
        use_region: as of `predict.plans_of`.
    """

    episode: Episode
    methods: Sequence[str] | None = None
    settings: Sequence[str] = ()
    use_region: bool = False

    @classmethod
    def of(cls, episode: Episode, **options: Any) -> PredictRecipe:
        """A recipe that can be sent away: the pictures' own sources may be open files."""
        support = tuple(replace(example, picture=_at_hand(example.picture)) for example in episode.support)
        return cls(replace(episode, support=support), **options)

    def fitted(self, installed: Installed, progress: Progress, report: Report) -> Recipe:
        """Fit all methods once; arguments and errors as of `make`.

        Returns:
            This recipe, by which each worker fits, where a method's classifier holds what cannot be sent.
        """
        made = self.make(installed, progress, report)
        try:
            return FittedRecipe(packed(made, installed))
        except (PicklingError, TypeError, AttributeError):  # what `pickle` raises
            return self

    def make(self, registry: Registry, progress: Progress, report: Report) -> Predict:
        """As of `Recipe`. A method that was not asked for by name and cannot answer is passed over."""
        plans = plans_of(
            registry,
            self.methods,
            pictures=[example.picture for example in self.episode.support],
            settings=reading.settings(registry, self.settings),
            use_region=self.use_region,
        )

        def refused(method: str, error: UserError) -> None:
            report(error if self.methods else Notice(error.code, **error.params))

        return Predict(self.episode, plans, progress=progress, refused=refused, report=report)


@dataclass(frozen=True)
class FittedRecipe:
    """Classifiers that were fitted in another process of the same run.

    Attributes:
        task: as `sending.packed` gives it.
    """

    task: bytes

    def make(self, registry: Registry, progress: Progress, report: Report) -> Predict:
        """As of `Recipe`.

        Raises:
            UserError: as of `Predict.arrived`.
        """
        assert isinstance(registry, Installed)
        made: Predict = unpacked(self.task, registry)
        return made.arrived(report)


def _at_hand(picture: Picture) -> Picture:
    return replace(picture, source=partial(_same, picture.image()))


def _same(image: Image.Image) -> Image.Image:
    return image
