"""Names of CLIP weights, and where they are looked for."""

from pathlib import Path

import pytest

from fsl_demo.backbones.clip.names import OFFERS, ClipName, folder, offer
from fsl_demo.core.errors import UserError
from tests.backbones import tiny_clip


@pytest.mark.parametrize(
    ("text", "architecture", "tag", "path"),
    [
        ("ViT-B-32/laion2b_s34b_b79k", "ViT-B-32", "laion2b_s34b_b79k", None),
        (" ViT-B-32/LAION2B-s34b_b79k ", "ViT-B-32", "laion2b_s34b_b79k", None),
        ("ViT-B-32:/a b/c:d.pt", "ViT-B-32", "", Path("/a b/c:d.pt")),
        ("RN50/openai:mine.bin", "RN50", "openai", Path("mine.bin")),
        ("local-dir:/models/mine", "", "", Path("/models/mine")),
    ],
)
def test_names_are_taken_apart(text: str, architecture: str, tag: str, path: Path | None) -> None:
    assert ClipName.parse(text) == ClipName(architecture, tag, path)
    assert ClipName.parse(str(ClipName.parse(text))) == ClipName.parse(text)


@pytest.mark.parametrize(
    "text", ["", "ViT-B-32", "x/..", "/etc/passwd", "ViT-B-32/", "ViT-B-32:", "local-dir:", "a/b/c", "../x"]
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(UserError) as refused:
        ClipName.parse(text)
    assert refused.value.code == "clip_name"


def test_downloaded_weights_are_found_by_any_suffix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    name = ClipName.parse("RN50/v1.5")
    assert name.local_path() is None
    for suffix in (".pt", ".bin", ".safetensors"):
        file = folder() / "RN50" / f"v1.5{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        assert name.local_path() == file


@pytest.mark.parametrize("path", ["/no/such", "/" + "x" * 900, "~nobody-of-this-name/x", "a\0b", "."])
def test_files_that_are_not_there(path: str) -> None:
    assert ClipName.parse(f"RN50:{path}").local_path() is None
    assert (ClipName.parse(f"local-dir:{path}").local_path() is None) == (path != ".")


def test_offers_are_open_clips_and_need_no_tokenizer_of_their_own() -> None:
    open_clip = tiny_clip.library()
    for offered in OFFERS:
        name = ClipName.parse(offered.name)
        known = open_clip.get_pretrained_cfg(name.architecture, name.tag)
        config = open_clip.get_model_config(name.architecture)
        assert known["hf_hub"] and "hf_tokenizer_name" not in config["text_cfg"]
        assert bool(known.get("quick_gelu")) == bool(config.get("quick_gelu"))
        assert offer(name) is offered
    assert offer(ClipName.parse("RN50-quickgelu/openai")).megabytes is None
