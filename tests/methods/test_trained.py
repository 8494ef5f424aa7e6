"""The methods with networks trained here: variants, pairs, attention and places, on digits that scikit-learn ships."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from fsl_demo import methods
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.trained import TrainedNetwork
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Focus, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.inference.variants import Variant, choose, looks_like
from fsl_demo.layers.cbam import CBAM
from fsl_demo.methods.can.method import Can, CanTransductive
from fsl_demo.methods.can.space import CrossSpace
from fsl_demo.methods.s3net import S3Net
from fsl_demo.methods.siamese import Siamese
from fsl_demo.methods.siamese_cbam import SiameseCbam

pytestmark = pytest.mark.slow

TRAINED: Any = pytest.mark.parametrize("make", [Siamese, SiameseCbam, S3Net, Can, CanTransductive])


@cache
def digits() -> dict[int, list[Picture]]:
    """Real handwritten digits, dark on light, 64 x 64."""
    data = load_digits()
    return {
        digit: [
            from_image(Image.fromarray((255 - image * 15.9).astype(np.uint8)).resize((64, 64)).convert("RGB"), f"{i}")
            for i, image in enumerate(data.images[data.target == digit][:12])
        ]
        for digit in range(10)
    }


@cache
def networks() -> Networks:
    return Networks(FeatureCache())


def episode(shots: int, chosen: tuple[int, ...] = (0, 3, 6, 7), queries: int = 3) -> Episode:
    return Episode(
        tuple(ClassSpec(f"digit {digit}") for digit in chosen),
        tuple(Example(picture, i) for i, digit in enumerate(chosen) for picture in digits()[digit][:shots]),
        tuple(picture for digit in chosen for picture in digits()[digit][-queries:]),
    )


@pytest.mark.parametrize("make", [Siamese, SiameseCbam, S3Net])
@pytest.mark.parametrize("shots", [1, 4])
def test_digits_are_told_apart(make: Any, shots: int) -> None:
    task = episode(shots)
    scores = make(networks()).fit(task, make.Settings(), quiet).predict(task.queries, quiet)
    right = scores.probabilities.argmax(axis=1) == np.repeat(range(4), 3)
    assert right.mean() >= (0.7 if shots == 1 else 0.85)


@TRAINED
def test_scores_are_what_the_contract_says(make: Any) -> None:
    task = episode(2)
    scores = make(networks()).fit(task, make.Settings(), quiet).predict(task.queries, quiet)
    assert scores.method == make.card.id and scores.pairs is not None and scores.pairs.shape == (12, 8)
    assert scores.note["reason"] in ("only", "held_out") and scores.note["variant"]
    assert (np.abs(scores.similarities) <= 1.0001).all() and (np.abs(scores.pairs) <= 1.0001).all()


def test_a_support_picture_is_its_own_nearest() -> None:
    task = episode(2)
    scores = Siamese(networks()).fit(task, Siamese.Settings(), quiet).predict([task.support[3].picture], quiet)
    assert scores.pairs is not None and scores.pairs[0].argmax() == 3
    assert scores.pairs[0, 3] == pytest.approx(1.0, abs=1e-4)


def test_the_variant_that_gets_held_out_pictures_right_is_taken() -> None:
    scores = Siamese(networks()).fit(episode(4), Siamese.Settings(), quiet).predict(episode(4).queries, quiet)
    accuracies = scores.note["accuracy"]
    assert scores.note["reason"] == "held_out" and scores.note["variant"] in ("digits", "characters")
    assert accuracies[scores.note["variant"]] == max(accuracies.values()) > accuracies["photographs"]


def test_a_variant_can_be_asked_for_and_one_shot_goes_by_looks() -> None:
    made = Siamese(networks())
    asked = made.fit(episode(2), Siamese.Settings(variant="faces"), quiet).predict(episode(2).queries, quiet)
    assert asked.note == {"variant": "faces", "reason": "asked"}
    looks = made.fit(episode(1), Siamese.Settings(), quiet).predict(episode(1).queries, quiet)
    assert looks.note == {"variant": "characters", "reason": "looks"}


def test_who_is_not_proposed_is_never_taken_unasked() -> None:
    variants = (Variant("digits", "good", proposed=False), Variant("faces", "bad"), Variant("characters", "worse"))
    truth = np.repeat(range(4), 2)

    def held_out(checkpoint: str, progress: object) -> np.ndarray:
        return np.eye(4)[truth if checkpoint != "worse" else (truth + 1) % 4]

    taken, note = choose(variants, None, episode=episode(2), held_out=held_out)
    assert taken.checkpoint == "bad" and note["accuracy"] == {"faces": 1.0, "characters": 0.0}
    assert choose(variants, "digits", episode=episode(2), held_out=held_out)[0].checkpoint == "good"


def test_kinds_of_pictures_are_told_by_their_looks() -> None:
    from skimage.data import astronaut, coffee

    face, cup = (from_image(Image.fromarray(array), "") for array in (astronaut()[0:220, 115:335], coffee()))
    assert looks_like(digits()[3]) == "characters"
    assert looks_like([face]) == "faces"
    assert looks_like([cup]) == "photographs"


def test_attention_of_cbam_comes_with_its_strongest_channels() -> None:
    task = episode(2)
    explanation = SiameseCbam(networks()).fit(task, SiameseCbam.Settings(), quiet).explain(task.queries[0], 0)
    assert [layer.kind for layer in explanation.layers] == ["attention", "attention"]
    for layer in explanation.layers:
        assert layer.map is not None and 0 <= layer.map.min() < layer.map.max() <= 1
        weights = [value for _, value in layer.channels]
        assert len(weights) == 6 and weights == sorted(weights, reverse=True) and 0 < weights[-1] <= weights[0] < 1


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("checkpoint", ["siamese_cbam_characters", "s3net_characters"])
def test_evidence_is_what_a_cosine_loses_when_a_position_is_weakened(checkpoint: str, mirrored: bool) -> None:
    network = TrainedNetwork(checkpoint)
    network.architecture = replace(network.architecture, mirrored=mirrored)
    random = np.random.default_rng(0)
    picture = from_image(Image.fromarray(random.integers(0, 256, (28, 28, 3), np.uint8)), "noise, which has no ties")
    directions = random.normal(size=(2, network.channels)).astype(np.float32)
    evidence = network.evidence(picture, directions)
    embedder, less = network.load(), 1e-3
    image = network.recipe.tensor(network.prepare(picture)[None])
    attention = [module for module in embedder.modules() if isinstance(module, CBAM)]
    block = (attention or list(embedder.backbone.children()))[-2]
    for row, column in ((0, 0), (1, 1), (2, 0)):

        def weaken(_: Any, __: Any, passed: torch.Tensor, row: int = row, column: int = column) -> torch.Tensor:
            passed = passed.clone()
            passed[0, :, row, column] *= 1 - less
            if mirrored:
                passed[1, :, row, passed.shape[3] - 1 - column] *= 1 - less
            return passed

        with torch.inference_mode():
            kept = embedder(image)[0]
            with block.register_forward_hook(weaken):
                lost = kept - embedder(image)[0]
        assert evidence[:, row, column] == pytest.approx((directions @ lost.numpy()) / less, rel=0.02, abs=2e-3)


def test_gains_of_attention_are_what_a_similarity_has_beyond_the_plain_maps() -> None:
    space = CrossSpace(networks(), "can_faces")
    random = np.random.default_rng(0)
    classes, query = random.normal(size=(3, 384, 5, 5)), random.normal(size=(384, 5, 5))
    classes, query = classes.astype(np.float32), query.astype(np.float32)
    attended = space.network.attention()(torch.from_numpy(classes), torch.from_numpy(query[None]))
    on_class, on_query = space.gains(classes, query)
    for number in range(3):
        pooled = [maps[0, number].mean(-1).detach().numpy() for maps in (attended.classes, attended.queries)]
        lengths = np.linalg.norm(pooled[0]) * np.linalg.norm(pooled[1])
        for gains, plain, other in ((on_query, query, pooled[0]), (on_class, classes[number], pooled[1])):
            without = float(plain.mean((1, 2)) @ other / lengths)
            similarity = float(space.similarities(classes, query[None])[0, number])
            assert without + gains[number].sum() == pytest.approx(similarity, abs=1e-5)


def test_a_held_out_picture_is_compared_with_its_class_without_it() -> None:
    task = episode(3, (0, 3))
    task = replace(task, support=task.support[:-1])
    fitted = Can(networks()).fit(task, Can.Settings(variant="faces"), quiet)
    held_out = np.log(fitted.held_out() + 1e-12)
    for row in range(len(task.support)):
        others = np.delete(np.arange(len(task.support)), row)
        maps = np.stack([fitted.support[others][fitted.owners[others] == index].mean(axis=0) for index in range(2)])
        similarities = fitted.space.similarities(maps, fitted.support[row][None])[0]
        gap = fitted.temperature * (similarities[1] - similarities[0])
        assert held_out[row, 1] - held_out[row, 0] == pytest.approx(gap, abs=1e-3)


def test_cross_attention_of_a_pair_and_of_a_place() -> None:
    task = episode(2)
    fitted = Can(networks()).fit(task, Can.Settings(), quiet)
    for index in range(4):
        query, support = fitted.explain(task.queries[0], index).layers
        assert (query.role, query.kind, support.role) == ("query", "cross", "support")
        assert support.picture in [e.picture for e in task.support if e.class_index == index]
    focus = Focus(task.support[5].picture, (0.9, 0.1), "support")
    query, support = fitted.explain(task.queries[0], 2, focus).layers
    assert support.picture == task.support[5].picture and query.kind == support.kind == "point"
    assert support.map is not None and query.map is not None
    assert support.map.sum() == 1 and support.map[0, -1] == 1
    assert query.map.min() == 0 and query.map.max() == 1


def test_transductive_answers_depend_on_the_other_queries() -> None:
    task = episode(1)
    alone, together = (
        make(networks()).fit(task, make.Settings(), quiet).predict(task.queries, quiet).similarities
        for make in (Can, CanTransductive)
    )
    assert not np.allclose(alone, together) and alone.shape == together.shape
    assert CanTransductive.card.transductive and not Can.card.transductive


def test_pairs_are_verified() -> None:
    for make in (Siamese, Can):
        scores = make(networks()).verify(digits()[3][:2], [digits()[3][0], digits()[7][0]])
        assert scores[0] == pytest.approx(1.0, abs=1e-3) and scores[1] < scores[0]


def test_a_checkpoint_is_a_method_by_itself() -> None:
    made = methods.of_checkpoint("siamese_digits", networks())
    assert made.card.id == "siamese_digits"
    scores = made.fit(episode(2), made.Settings(), quiet).predict(episode(2).queries, quiet)
    assert scores.method == "siamese_digits" and scores.note["reason"] == "only"
    with pytest.raises(UserError, match="not installed"):
        methods.of_checkpoint("nobody", networks())
    with pytest.raises(UserError, match="how its network is built"):
        methods.of_checkpoint("lite0_minilm", networks())


@TRAINED
def test_a_class_without_pictures_is_refused(make: Any) -> None:
    task = Episode((ClassSpec("a"), ClassSpec("b")), (Example(digits()[0][0], 0),), ())
    with pytest.raises(UserError, match="has no pictures"):
        make(networks()).fit(task, make.Settings(), quiet)
