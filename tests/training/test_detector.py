"""What the detector is taught: boxes move with their pictures, texts and backgrounds are asked where they are known."""

from pathlib import Path

import numpy as np
import pytest
import torch

from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.region_network import RegionNetwork
from fsl_demo.training.objectives import detector
from fsl_demo.training.objectives.detector import NOTHING, DetectorObjective, Things
from fsl_demo.training.scenes import PADDING, SIDE, SOMETHING, Scene, bare

TEXTS = {"cat": 0, "red ball": 1}


def scene(boxes: list[tuple[float, ...]], label: int, texts: list[tuple[str, ...]], complete: bool) -> Scene:
    return Scene(
        file=Path("picture.png"),
        size=(352, 264),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        labels=np.full(len(boxes), label),
        texts=tuple(texts),
        complete=complete,
    )


SCENES = [
    scene([(0.25, 0.25, 0.5, 0.75)], 8, [("cat",)], complete=True),
    scene([(0.5, 0.5, 0.75, 1.0), (0.0, 0.0, 0.3, 0.3)], SOMETHING, [("red ball",), ()], complete=False),
    scene([], 0, [], complete=True),
]
EXTENTS = np.tile(np.array([[352, 264]], np.float32), (len(SCENES), 1))


def objective() -> DetectorObjective:
    torch.manual_seed(0)
    things = Things.of(SCENES, extents=EXTENTS, numbers=TEXTS)
    return DetectorObjective(
        RegionNetwork(EfficientNetLite2.blank()), things, vectors=np.eye(2, 384, dtype=np.float32), batch=2
    )


def pictures() -> torch.Tensor:
    """Black pictures on a grey canvas; what the first box holds is white."""
    images = np.full((len(SCENES), SIDE, SIDE, 3), PADDING, np.uint8)
    images[:, :264, :352] = 0
    for image, of_picture in zip(images, SCENES, strict=True):
        for left, top, right, bottom in of_picture.boxes[:1] * (352, 264, 352, 264):
            image[round(top) : round(bottom), round(left) : round(right)] = 255
    return torch.from_numpy(images)


def test_boxes_move_with_what_they_hold() -> None:
    module, checked = objective(), 0
    for seed in range(6):
        torch.manual_seed(seed)
        images, targets = module._changed(pictures(), torch.arange(len(SCENES)))
        for image, target in zip(images[:2], targets[:2], strict=True):
            for left, top, right, bottom in target["boxes"][:1].round().int().tolist():
                if target["texts"][0] == NOTHING:
                    continue  # the white box was cut off
                inside = image[0, top + 3 : bottom - 3, left + 3 : right - 3]
                around = image[0].clone()
                around[max(top - 3, 0) : bottom + 3, max(left - 3, 0) : right + 3] = image[0].min()
                assert inside.min() > around.max()
                checked += 1
    assert checked >= 6


def test_what_is_hardly_seen_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector, "LEAST_SIDE", 10_000)
    _, targets = objective()._changed(pictures(), torch.arange(len(SCENES)))
    assert [len(target["boxes"]) for target in targets] == [0, 0, 0]


def test_texts_of_a_thing_are_drawn_and_nothing_where_it_has_none() -> None:
    things = Things.of(SCENES, extents=EXTENTS, numbers=TEXTS)
    assert set(things.texts[0, 0]) == {0} and set(things.texts[1, 0]) == {1}
    assert set(things.texts[1, 1]) == {NOTHING} and set(things.texts[2].ravel()) == {NOTHING}
    np.testing.assert_allclose(things.boxes[0, 0], [88, 66, 176, 198])


def test_a_step_lowers_the_loss_and_teaches_all_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector, "CANVAS", 128)
    module = objective()
    module.train()
    optimiser = torch.optim.SGD([value for value in module.parameters() if value.requires_grad], 1e-3)
    rows, losses = torch.arange(len(SCENES)), []
    for _ in range(2):
        torch.manual_seed(1)
        loss = module(pictures(), rows)
        losses.append(float(loss.detach()))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses[1] < losses[0]
    network = module.network
    for head in (network.classes, network.things, network.boxes, network.words, network.whole):
        assert head.weight.grad is not None and float(head.weight.grad.abs().max()) > 0
    assert network.trunk.stem[0].weight.grad is None and network.trunk.blocks[6][0].conv_pw.weight.grad is not None


def test_an_epoch_has_all_complete_pictures_and_as_many_others() -> None:
    module = objective()
    module.batch = 1
    drawn = [int(row) for batch in module.batches(np.arange(3), seed=0, epoch=0) for row in batch]
    assert sorted(drawn) == [0, 1, 2]
    orders = {tuple(int(rows[0]) for rows in module.batches(np.arange(3), seed=0, epoch=epoch)) for epoch in range(9)}
    assert len(orders) > 2


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [("a dog", "dog"), ("an old man", "old man"), ("another dog", "another dog"), ("the", "the")],
)
def test_articles_go(phrase: str, expected: str) -> None:
    assert bare(phrase) == expected
