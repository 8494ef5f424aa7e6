"""Which recipe belongs to a method, a data set and a network."""

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.training.recipes import RECIPES, recipe

PHOTOGRAPHS = RECIPES["siamese", "cifar_fs", "efficientnet_lite0"].architecture


def test_a_backbone_with_a_recipe_of_its_own_has_that() -> None:
    own, frozen = recipe("can", "cifar_fs", 100), recipe("can", "cifar_fs", 100, backbone="efficientnet_lite0")
    assert (own.architecture.backbone, own.architecture.preprocessing) == ("resnet12", "rgb32")
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
