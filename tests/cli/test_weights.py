"""`weights`: what there is, what can be had, and whether it is right."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from fsl_demo import runtime
from fsl_demo.backbones.clip.names import DEFAULT, OFFERS, folder
from tests import serving
from tests.backbones import tiny_clip
from tests.cli.conftest import Call
from tests.serving import Answer, Site

SAFE = "/somebody/tiny/resolve/main/open_clip_model.safetensors"


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(runtime, "_device", "cpu")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tiny_clip.register(monkeypatch, {"tiny": {"plain": {"hf_hub": "somebody/tiny/"}}})
    with serving.hub(monkeypatch) as site:
        yield site


def test_the_list_says_what_is_here(call: Call, hub: Site) -> None:
    file = folder() / f"{DEFAULT}.safetensors"
    file.parent.mkdir(parents=True)
    file.touch()
    listing = call("weights", "list", "--format", "json").json()
    assert listing["folder"] == str(folder())
    assert {weights["name"] for weights in listing["weights"] if weights["here"]} == {DEFAULT}
    table = call("weights", "list").out
    assert all(offer.name in table for offer in OFFERS)
    assert "605 MB" in table and "see its page" in table
    assert not hub.asked


def test_download_then_check(call: Call, hub: Site, tmp_path: Path) -> None:
    hub.answers[SAFE] = Answer(tiny_clip.save("tiny", tmp_path / "theirs.safetensors").read_bytes())
    outcome = call("weights", "download", "tiny/plain")
    assert (outcome.code, outcome.out.strip()) == (0, str(folder() / "tiny" / "plain.safetensors"))
    assert "downloading megabytes" in outcome.err
    report = call("weights", "check", "tiny/plain", "--device", "cpu", "--format", "json").json()
    assert (report["activation"], report["vectors"], report["heat_maps"]) == ("GELU", 16, True)
    assert report["pictures"]["resize_mode"] == "squash"
    assert "GELU" in call("weights", "check", "tiny/plain", "--device", "cpu").out


def test_a_file_without_a_hash_is_taken_on_trust_only(call: Call, hub: Site, tmp_path: Path) -> None:
    data = tiny_clip.save("tiny", tmp_path / "theirs.safetensors").read_bytes()
    hub.answers[SAFE] = Answer(data, named=False)
    refused = call("weights", "download", "tiny/plain")
    assert refused.code == 1 and "--sha256" in refused.err and not list(folder().rglob("*.*"))
    assert call("weights", "download", "tiny/plain", "--sha256", "nonsense").code == 1
    assert call("weights", "download", "tiny/plain", "--sha256", hashlib.sha256(data).hexdigest().upper()).code == 0
    next(folder().rglob("*.safetensors")).unlink()
    assert call("weights", "download", "tiny/plain", "--trust").code == 0


def test_a_break_off_says_so_and_leaves_nothing(call: Call, hub: Site) -> None:
    hub.answers[SAFE] = Answer(b"half", promised=8)
    outcome = call("weights", "download", "tiny/plain")
    assert outcome.code == 1 and "broke off" in outcome.err
    assert not list(folder().rglob("*.*"))


def test_absent_and_wrong_weights_are_named(call: Call, hub: Site, tmp_path: Path) -> None:
    outcome = call("weights", "check", DEFAULT)
    assert outcome.code == 1 and "605 MB" in outcome.err and "MIT" in outcome.err
    file = tiny_clip.save("tiny", tmp_path / "mine.pt")
    outcome = call("weights", "check", f"tiny-deeper:{file}")
    assert outcome.code == 1 and "tiny-deeper" in outcome.err
    assert not hub.asked
