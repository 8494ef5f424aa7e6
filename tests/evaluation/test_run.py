"""Evaluation: the same episodes for all, chance for the ignorant, leave one out, heat maps."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fsl_demo.core.capabilities import Classifies
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Explanation, Focus, Layer, Progress, Scores, quiet
from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.evaluation import heatmaps
from fsl_demo.evaluation.heatmaps import blank, blanking
from fsl_demo.evaluation.leave_one_out import leave_one_out
from fsl_demo.evaluation.run import evaluate
from fsl_demo.evaluation.sampling import Sampling
from fsl_demo.methods.asif import Asif, AsifSettings
from fsl_demo.methods.prototype import Prototype, PrototypeSettings
from tests.backbones.loaded import SUBJECTS, crops, networks


class Oracle(Classifies[PrototypeSettings]):
    """Knows how red pictures are; `blind`, it says the same of every picture."""

    Settings = PrototypeSettings

    def __init__(self, name: str, blind: bool = False) -> None:
        self.card = MethodCard(
            name,
            name,
            paper="",
            checkpoint="none",
            needs_pictures=True,
            reads_text=False,
            transductive=False,
            explains=("query",),
            cost=0,
        )  # type: ignore[misc]
        self.blind = blind

    def fit(self, episode: Episode, settings: Any, progress: Progress) -> "Oracle":
        red = [_red(example.picture) for example in episode.support]
        owners = [example.class_index for example in episode.support]
        self.levels = np.array([np.mean([r for r, o in zip(red, owners, strict=True) if o == c]) for c in range(3)])
        return self

    def predict(self, queries: Sequence[Picture], progress: Progress) -> Scores:
        closeness = np.stack([-np.abs(self.levels - _red(query)) / 20 for query in queries]).astype(np.float32)
        closeness *= not self.blind
        weights = np.exp(closeness)
        return Scores(
            self.card.id,
            "",
            settings={},
            seconds=0.0,
            similarities=closeness,
            probabilities=weights / weights.sum(axis=1, keepdims=True),
            none_below=-99.0,
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        red = np.asarray(query.image(), np.float32)[..., 0]
        cells = red.reshape(5, red.shape[0] // 5, 5, red.shape[1] // 5).mean(axis=(1, 3)) / 255
        return Explanation(self.card.id, class_index, (Layer(query, "query", cells),))


def _brightest(picture: Picture) -> int:
    return int(np.asarray(picture.image())[..., 0].max())


def _red(picture: Picture) -> float:
    return float(np.asarray(picture.image())[..., 0].mean())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    folder, classes = tmp_path_factory.mktemp("photographs"), dict[str, list[Path]]()
    for subject in SUBJECTS:
        for picture in crops(subject):
            classes.setdefault(subject, []).append(folder / picture.name)
            picture.image().save(folder / picture.name)
    return classes


def test_a_constant_model_scores_exactly_chance(files: dict[str, list[Path]]) -> None:
    report = evaluate([Oracle("blind", blind=True)], files, Sampling(way=3, shot=1, queries=2, episodes=7))
    (figures,) = report.figures
    assert figures.accuracy == pytest.approx(1 / 3) and figures.ece == pytest.approx(0, abs=1e-6)
    assert figures.low == pytest.approx(figures.high) == pytest.approx(1 / 3)


def test_methods_meet_the_same_episodes_and_are_compared_in_pairs(files: dict[str, list[Path]]) -> None:
    methods = [Oracle("one"), Oracle("same"), Oracle("blind", blind=True)]
    report = evaluate(methods, files, Sampling(way=3, shot=1, queries=2, episodes=5))
    first, same, blind = report.figures
    assert (first.difference, same.difference) == (None, 0) and same.difference_low == same.difference_high == 0
    assert blind.difference == pytest.approx(blind.accuracy - first.accuracy)
    assert json.loads(json.dumps(report.as_dict()))["figures"][0]["method"] == "one"
    assert "| same |" in report.markdown() and "chance 33.3%" in report.markdown()


@pytest.mark.slow
def test_one_episode_has_an_interval_over_its_queries(files: dict[str, list[Path]]) -> None:
    shared = networks()
    (figures,) = evaluate([Asif(shared)], files, Sampling(way=0, shot=0, queries=0, episodes=1)).figures
    assert figures.accuracy == 1 and figures.low == pytest.approx(0.7575, abs=1e-3)
    assert shared.features.embedded["efficientnet_lite0"] == 12


def test_one_episode_pairs_methods_by_query(files: dict[str, list[Path]]) -> None:
    methods = [Oracle("one"), Oracle("same"), Oracle("blind", blind=True)]
    first, same, blind = evaluate(methods, files, Sampling(way=3, shot=1, queries=0, episodes=1)).figures
    assert first.difference is None and same.difference == same.difference_low == same.difference_high == 0
    assert first.accuracy == pytest.approx(8 / 9) and blind.accuracy == pytest.approx(1 / 3)
    reach = 1.959964 * (1 / 3) / np.sqrt(9)  # of eight differences of -2/3 and one of +1/3
    interval = (blind.difference, blind.difference_low, blind.difference_high)
    assert interval == pytest.approx((-5 / 9, -5 / 9 - reach, -5 / 9 + reach))


def test_methods_are_given_their_settings(files: dict[str, list[Path]]) -> None:
    class Minded(Oracle):
        def fit(self, episode: Episode, settings: Any, progress: Progress) -> "Oracle":
            self.blind = settings.none_below == 0.5
            return super().fit(episode, settings, progress)

    methods, given = [Minded("seeing"), Minded("blind")], {"blind": PrototypeSettings(none_below=0.5)}
    seeing, blind = evaluate(methods, files, Sampling(3, 1, queries=2, episodes=2), settings=given).figures
    assert seeing.accuracy > 0.8 and blind.accuracy == pytest.approx(1 / 3)


def test_evaluation_can_be_stopped(files: dict[str, list[Path]]) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        evaluate([Oracle("one")], files, Sampling(way=3, shot=1, queries=1, episodes=5), progress=stop)


def test_a_support_set_is_judged_by_leaving_one_out() -> None:
    support = [Example(picture, c) for c, subject in enumerate(SUBJECTS) for picture in crops(subject)[:3]]
    support.append(Example(crops("cat")[3], 1))
    task = Episode(tuple(ClassSpec(name) for name in SUBJECTS), tuple(support))
    report = leave_one_out(Prototype(networks()), task, PrototypeSettings())
    assert report.suspects() == [9] and report.accuracy == pytest.approx(0.9) and report.low < 0.9 < report.high
    with pytest.raises(UserError, match="cat"):
        leave_one_out(Prototype(networks()), Episode(task.classes, (support[0], *support[3:6])), PrototypeSettings())


def test_blanking_paints_the_marked_positions_over() -> None:
    picture = crops("coffee")[0]
    order = np.arange(25)
    painted = np.asarray(blank(picture, (0.25, 0.0, 0.75, 1.0), shape=(5, 5), order=order).image())
    changed = (painted != np.asarray(picture.image())).any(axis=2)
    left, right, height = round(0.25 * picture.width), round(0.75 * picture.width), round(picture.height / 5)
    assert changed[:height, left:right].mean() > 0.9
    assert not changed[height:].any() and not changed[:, :left].any() and not changed[:, right:].any()


def test_a_map_of_what_counts_beats_chance_and_one_of_nothing_does_not(tmp_path: Path) -> None:
    class Lost(Oracle):
        def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
            noise = np.random.default_rng(int(query.sha256[:8], 16)).random((5, 5)).astype(np.float32)
            return Explanation(self.card.id, class_index, (Layer(query, "query", noise),))

    random, files = np.random.default_rng(0), dict[str, list[Path]]()
    for level, name in enumerate("abcde"):
        for number in range(12):
            pixels = np.zeros((20, 20, 3), np.uint8)
            pixels[..., 0] = 30 * level
            row, column = 4 * random.integers(0, 5, 2)
            pixels[row : row + 4, column : column + 4, 0] = 255
            files.setdefault(name, []).append(tmp_path / f"{name}{number}.png")
            Image.fromarray(pixels).save(files[name][-1])

    class Levels(Oracle):
        def fit(self, episode: Episode, settings: Any, progress: Progress) -> "Oracle":
            self.gain = settings.none_below or 1.0
            return self

        def predict(self, queries: Sequence[Picture], progress: Progress) -> Scores:
            brightest = self.gain * np.array([[_brightest(query)] * 5 for query in queries], np.float32)
            return Scores(
                "levels",
                "",
                settings={},
                seconds=0.0,
                similarities=brightest,
                probabilities=np.full(brightest.shape, 0.2, np.float32),
                none_below=0.0,
            )

    class LostLevels(Lost, Levels):
        pass

    report = blanking(Levels("levels"), files, queries=30)
    assert report.over_random.low > 0 and report.over_other.low > 0 and report.queries == 30
    assert "+" in report.markdown() and report.as_dict()["method"] == "levels"
    halved = blanking(Levels("levels"), files, queries=30, settings=PrototypeSettings(none_below=0.5))
    assert halved.top.mean == pytest.approx(report.top.mean / 2)
    lost = blanking(Levels("levels"), files, queries=30, explainer=LostLevels("lost"))
    assert lost.over_random.low < 0 < lost.over_random.high


def test_shuffled_weights_keep_their_values_and_lose_their_sense() -> None:
    trained, shuffled = networks(), heatmaps.shuffled()
    before = trained.features.maps(trained.pictures, crops("cat")[:1])
    after = shuffled.features.maps(shuffled.pictures, crops("cat")[:1])
    assert not np.allclose(before, after, atol=0.1) and np.isfinite(after).all() and after.max() > 0
    np.testing.assert_allclose(
        np.sort(trained.pictures.classifier().ravel()), np.sort(shuffled.pictures.classifier().ravel())
    )
    task = Episode(tuple(ClassSpec(name) for name in SUBJECTS), (), crops("cat")[:1])
    assert Asif(shuffled).fit(task, AsifSettings(), quiet).predict(task.queries, quiet).similarities.shape == (1, 3)
