"""Which recipe belongs to a method, a data set and a network."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fsl_demo.backbones.architecture import Architecture
from fsl_demo.backbones.embedder import Embedder
from fsl_demo.core.errors import UserError
from fsl_demo.training.objectives.metric import Sampling, Siamese
from fsl_demo.training.recipes import RECIPES, recipe

PHOTOGRAPHS = RECIPES["siamese", "cifar_fs", "efficientnet_lite0"].architecture


def test_a_backbone_with_a_recipe_of_its_own_has_that() -> None:
    own, frozen = recipe("can", "cifar_fs", 100), recipe("can", "cifar_fs", 100, backbone="efficientnet_lite0")
    assert (own.architecture.backbone, own.architecture.preprocessing) == ("narrow-resnet12", "rgb32")
    assert (frozen.architecture.backbone, frozen.architecture.preprocessing) == ("efficientnet_lite0", "lite0-maps")


def test_another_backbone_takes_its_place_in_the_recipe() -> None:
    other = recipe("siamese", "omniglot", 100, backbone="twin")
    assert other.architecture.backbone == "twin"
    assert other.schedule == recipe("siamese", "omniglot", 100).schedule


def test_a_checkpoint_brings_its_architecture_and_its_recipe() -> None:
    chosen = recipe("can", "cifar_fs", pictures=100, start=PHOTOGRAPHS)
    assert chosen.architecture == PHOTOGRAPHS and chosen.options == {"frozen": True}
    assert recipe("siamese", "pets", pictures=30, start=PHOTOGRAPHS).known


def test_what_there_is_no_recipe_for_is_said() -> None:
    with pytest.raises(UserError, match="--from CHECKPOINT"):
        recipe("s3net", "cifar_fs", 100)


def test_a_checkpoint_takes_no_other_backbone() -> None:
    with pytest.raises(UserError, match="has efficientnet_lite0"):
        recipe("can", "cifar_fs", pictures=100, start=PHOTOGRAPHS, backbone="resnet12")


def test_with_twins_a_class_has_its_only_picture_twice_in_a_batch() -> None:
    labels = np.array([0, 0, 1, 2, 2, 2, 3])
    sampling, embedder = Sampling(size=9, together=2), Embedder(Architecture("twin", "ink28", 8))
    for twins, expected in ((False, [0, 1, 2, 3, 4, 5, 6]), (True, [0, 1, 2, 2, 3, 4, 5, 6, 6])):
        objective = Siamese(embedder, classes=4, sampling=replace(sampling, size=len(expected)), twins=twins)
        (batch,) = objective.batches(labels, seed=0, epoch=0)
        assert sorted(batch) == expected


def test_each_member_has_losses_of_its_own() -> None:
    torch.manual_seed(0)
    embedder = Embedder(Architecture("twin", "ink28", 8, members=2))
    objective = Siamese(embedder, classes=3, sampling=Sampling(size=6), softmax=(1.0, 16.0, 0.1))
    images, labels = torch.randn(6, 1, 28, 28), torch.tensor([0, 0, 1, 1, 2, 2])
    objective(images, labels).backward()
    weights = [module.weight for module in objective.softmax]
    assert [weight.shape for weight in weights] == [(3, 4), (3, 4)]
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in weights)
