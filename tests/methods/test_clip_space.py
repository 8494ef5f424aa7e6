"""CLIP as a space in which pictures and texts meet."""

from pathlib import Path

import numpy as np
import pytest

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.errors import UserError
from fsl_demo.core.spaces import ImageTextSpace
from fsl_demo.methods.clip.space import ClipSpace
from tests.backbones import tiny_clip
from tests.backbones.loaded import crops


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_clip.register(monkeypatch)


def made(architecture: str, folder: Path) -> ClipSpace:
    return ClipSpace(
        Networks(FeatureCache()), f"{architecture}:{tiny_clip.save(architecture, folder / 'mine.safetensors')}"
    )


def test_vectors_are_of_length_one_and_ensembles_are_means(tmp_path: Path) -> None:
    space: ImageTextSpace = made("tiny", tmp_path)
    pictures = space.embed(crops("cat"))
    assert pictures.shape == (4, 16) and pictures.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(pictures, axis=1), 1, atol=1e-5)
    alone = space.texts([["a cat"], ["a photo of a cat"]])
    both, none = space.texts([["a cat", "a photo of a cat"], []])
    mean = alone.mean(axis=0)
    np.testing.assert_allclose(both, mean / np.linalg.norm(mean), atol=1e-5)
    assert not none.any()
    assert space.texts([]).shape == (0, 16)


def test_evidence_is_the_cosine_of_each_position(tmp_path: Path) -> None:
    space = made("tiny", tmp_path)
    picture, directions = crops("cat")[0], space.texts([["a cat"], ["a rocket"], ["coffee"]])
    maps = space.evidence(picture, directions)
    assert maps.shape == (3, 4, 4)
    vector = space.features.maps(space.network.positions, [picture])[0, :, 1, 2]
    np.testing.assert_allclose(maps[:, 1, 2], directions @ vector / np.linalg.norm(vector), atol=1e-5)
    assert maps[0].std() > 0
    assert space.scale == pytest.approx(1 / 0.07, abs=1e-4)


def test_a_tower_without_a_heat_map_says_so(tmp_path: Path) -> None:
    space = made("tiny-pooler", tmp_path)
    with pytest.raises(UserError) as refused:
        space.evidence(crops("cat")[0], space.texts([["a cat"]]))
    assert refused.value.code == "clip_no_map"


def test_openais_tokenizer_reads_latin_script(tmp_path: Path) -> None:
    space = made("tiny", tmp_path)
    assert space.reads("un gatto") and not space.reads("貓") and not space.reads("")
    folder = tiny_clip.save_folder("tiny-foreign", tmp_path / "folder")
    assert ClipSpace(Networks(FeatureCache()), f"local-dir:{folder}").reads("貓")


def test_a_space_is_made_before_its_weights_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    space = ClipSpace(Networks(FeatureCache()))
    assert space.title == "ViT-B-32/laion2b_s34b_b79k"
    with pytest.raises(UserError) as refused:
        space.embed(crops("cat"))
    assert refused.value.code == "clip_absent"
