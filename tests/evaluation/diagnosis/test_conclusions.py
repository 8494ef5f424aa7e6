"""What is concluded of labelled pictures with something wrong in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fsl_demo.core.episodes import ClassSpec, Episode, Example
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.evaluation.diagnosis.conclusions import Answers, Seen, conclude
from fsl_demo.evaluation.diagnosis.diagnosis import Diagnosis
from fsl_demo.evaluation.diagnosis.findings import ClassScore, Duplicates, Influence, PoorPicture, WrongLabel
from fsl_demo.evaluation.diagnosis.means import Labelled, Means
from fsl_demo.evaluation.diagnosis.quality import Look
from fsl_demo.inference.vectors import l2_normalize

NAMES = ("ant", "bee", "cow")
GOOD = Look(spread=0.8, light=0.9, sharpness=0.3, side=160)


def picture(number: int) -> Picture:
    return from_image(Image.new("RGB", (4, 4), (number % 256, number // 256, 7)), f"{number}.png")


class Made:
    """A support set of three classes, and queries, as vectors around the classes' centres."""

    def __init__(self, shots: int = 5, queries: tuple[int, ...] = ()) -> None:
        self.random = np.random.default_rng(3)
        self.centres = l2_normalize(self.random.normal(size=(3, 24)))
        self.owners = np.repeat(range(3), shots)
        self.truths: list[int | None] = list(queries)
        self.vectors = self._around(self.owners)
        self.queries = self._around(np.array(queries, int))
        self.groups = np.arange(len(self.owners) + len(queries))
        self.looks = [GOOD] * len(self.owners)

    def _around(self, owners: np.ndarray) -> np.ndarray:
        return l2_normalize(self.centres[owners] + 0.1 * self.random.normal(size=(len(owners), 24)))

    def diagnosis(self, temperature: float = 20.0) -> Diagnosis:
        support = tuple(Example(picture(number), int(owner)) for number, owner in enumerate(self.owners))
        queries = tuple(picture(1_000 + number) for number in range(len(self.truths)))
        episode = Episode(tuple(map(ClassSpec, NAMES)), support, queries)
        labelled = Labelled(
            self.vectors,
            self.vectors,
            owners=self.owners,
            groups=self.groups[: len(support)],
            classes=3,
            usual=0.3,
        )
        seen = Seen(episode, truths=tuple(self.truths), looks=tuple(self.looks), groups=self.groups)
        answers = Answers(Means(labelled), temperature=temperature, queries=self.queries, method="prototype")
        return conclude(seen, answers)


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    diagnosis = Made(queries=(0, 1, 2)).diagnosis()
    assert diagnosis.findings == () and diagnosis.untold == () and diagnosis.leaks == ()
    assert (diagnosis.pictures, diagnosis.queries) == (15, 3)
    assert diagnosis.overall is not None and diagnosis.overall.mean == 1
    assert [(score.label, score.right, score.total) for score in diagnosis.scores] == [(name, 5, 5) for name in NAMES]


def test_a_wrong_label_names_the_class_that_it_looks_to_be_of() -> None:
    made = Made()
    made.owners[0] = 1
    (finding, *others) = made.diagnosis().findings
    assert isinstance(finding, WrongLabel) and not others
    assert (finding.picture, finding.label, finding.suspected) == (picture(0), "bee", "ant")
    assert finding.other - finding.own > 0.3


def test_labels_of_few_pictures_are_not_doubted_and_that_is_said() -> None:
    made = Made(shots=3)
    made.owners[0] = 1
    diagnosis = made.diagnosis()
    assert not [finding for finding in diagnosis.findings if isinstance(finding, WrongLabel)]
    assert [reason.code for reason in diagnosis.untold] == ["untold_few_labels"]


@pytest.mark.parametrize(
    ("first", "second", "contradicts", "leaks", "classes"),
    [(0, 1, False, False, ("ant",)), (0, 5, True, False, ("ant", "bee")), (0, 15, False, True, ("ant",))],
)
def test_near_duplicates_say_across_what_they_are(
    first: int, second: int, contradicts: bool, leaks: bool, classes: tuple[str, ...]
) -> None:
    made = Made(queries=(0, 1))
    made.groups[second] = made.groups[first]
    diagnosis = made.diagnosis()
    (finding,) = [finding for finding in diagnosis.findings if isinstance(finding, Duplicates)]
    assert (finding.contradicts, finding.leaks, finding.classes) == (contradicts, leaks, classes)
    assert len(finding.copies) == 2 and not finding.exact
    assert {leak.of for leak in diagnosis.leaks} == ({"queries"} if leaks else {"held_out"})


def test_the_score_without_leaked_pictures_is_the_honest_one() -> None:
    """A picture that only its copy puts into its class seems right until both are held out."""
    made = Made(shots=4)
    made.vectors[0] = made.vectors[1] = l2_normalize(made.centres[0] + 1.2 * made.centres[2])
    made.groups[1] = made.groups[0]
    (leak,) = made.diagnosis().leaks
    assert leak.pictures == 2
    assert leak.honest.mean == pytest.approx(10 / 12) and leak.seeming.mean > leak.honest.mean


def test_a_picture_without_which_more_is_right_is_found() -> None:
    made = Made(shots=2, queries=(0,) * 6)
    made.vectors[1] = made.centres[2]  # an ant that looks like a cow
    made.queries = l2_normalize(0.55 * made.centres[0] + 0.45 * made.centres[1] + 0 * made.queries)
    made.vectors[2:4] = made.centres[1]
    effects = [finding for finding in made.diagnosis().findings if isinstance(finding, Influence)]
    assert [effect.picture for effect in effects] == [picture(1)]
    assert effects[0].gain >= 2
    assert {(flip.before, flip.after) for flip in effects[0].flips if flip.query} == {("bee", "ant")}


def test_a_class_that_is_told_less_well_than_the_rest_is_weak() -> None:
    made = Made(shots=8)
    made.vectors[8:12] = made._around(np.full(4, 2))
    diagnosis = made.diagnosis()
    weak = [finding for finding in diagnosis.findings if isinstance(finding, ClassScore)]
    assert [(score.label, score.taken_for) for score in weak] == [("bee", "cow")]


def test_poor_pictures_are_told_with_their_fault() -> None:
    made = Made()
    made.looks[2] = replace(GOOD, light=0.05)
    made.looks[3] = replace(GOOD, spread=0.01)
    made.looks[4] = replace(GOOD, sharpness=0.01)
    made.looks[5] = replace(GOOD, side=20)
    poor = [finding for finding in made.diagnosis().findings if isinstance(finding, PoorPicture)]
    assert {(finding.picture, finding.fault) for finding in poor} == {
        (picture(2), "dark"),
        (picture(3), "uniform"),
        (picture(4), "blurred"),
        (picture(5), "tiny"),
    }


def test_what_is_marked_as_right_does_not_come_again_but_for_another_class() -> None:
    made = Made()
    made.owners[0] = 1
    diagnosis = made.diagnosis()
    assert len(diagnosis.open(())) == 1
    assert diagnosis.open({diagnosis.findings[0].key}) == []
    made.owners[0] = 2
    assert len(made.diagnosis().open({diagnosis.findings[0].key})) == 1


def test_all_pictures_the_same() -> None:
    made = Made()
    made.vectors[:] = made.vectors[0]
    made.groups[:] = 0
    diagnosis = made.diagnosis()
    assert diagnosis.overall is None
    assert {finding.kind for finding in diagnosis.findings} == {"duplicates", "weak_class"}
