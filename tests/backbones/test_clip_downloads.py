"""Weights are fetched from where open_clip's table says, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fsl_demo.backbones.clip.downloads import addresses, download
from fsl_demo.backbones.clip.model import Clip
from fsl_demo.backbones.clip.names import OFFERS, ClipName, folder
from fsl_demo.core.errors import UserError
from tests import serving
from tests.backbones import tiny_clip
from tests.serving import Answer, Site

SAFE = "/somebody/tiny/resolve/main/open_clip_model.safetensors"
OTHER = "/somebody/tiny/resolve/main/open_clip_pytorch_model.bin"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tags = {"plain": {"hf_hub": "somebody/tiny/"}, "named": {"hf_hub": "somebody/tiny/my.bin"}, "nowhere": {}}
    tiny_clip.register(monkeypatch, {"tiny": tags})
    with serving.hub(monkeypatch) as site:
        yield site


def test_downloaded_weights_are_used_and_not_fetched_again(hub: Site, tmp_path: Path) -> None:
    hub.answers[SAFE] = Answer(tiny_clip.save("tiny", tmp_path / "theirs.safetensors").read_bytes())
    file = download(ClipName.parse("tiny/plain"))
    assert file == folder() / "tiny" / "plain.safetensors"
    assert Clip("tiny/plain").files.file == file
    assert Clip("tiny/plain").encode(["a cat"]).shape == (1, 16)
    assert download(ClipName.parse("tiny/plain")) == file
    assert hub.asked == [SAFE]


def test_the_other_format_is_second(hub: Site, tmp_path: Path) -> None:
    hub.answers[OTHER] = Answer(tiny_clip.save("tiny", tmp_path / "theirs.bin").read_bytes())
    assert download(ClipName.parse("tiny/plain")).name == "plain.bin"
    assert hub.asked == [SAFE, OTHER]
    Clip("tiny/plain").load()


@pytest.mark.parametrize("name", ["tiny/plain", "tiny/nowhere", "tiny:/no/such.pt"])
def test_what_nobody_offers(name: str, hub: Site) -> None:
    with pytest.raises(UserError) as refused:
        download(ClipName.parse(name))
    assert refused.value.code == "download_none"


def test_what_could_not_be_used_is_not_even_fetched(hub: Site) -> None:
    refusals = {
        "tiny-quickgelu/plain": "clip_quick_gelu",
        "tiny/other": "clip_tag",
        "tiny-foreign/plain": "clip_tokenizer",
        "tinny/plain": "clip_architecture",
    }
    for name, code in refusals.items():
        with pytest.raises(UserError) as refused:
            download(ClipName.parse(name))
        assert refused.value.code == code
    assert not hub.asked


def test_addresses_follow_open_clips_table(hub: Site) -> None:
    named = [url.rpartition("/")[2] for url in addresses(ClipName.parse("tiny/named"))]
    assert named == ["my.safetensors", "my.bin"]
    for offer in OFFERS:
        first = addresses(ClipName.parse(offer.name))[0]
        assert first.startswith(hub.address) and first.endswith(".safetensors")
