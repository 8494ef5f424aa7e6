"""Weights never go with another preprocessing, activation or architecture than their own, and never without asking."""

import errno
import hashlib
from pathlib import Path

import pytest
import torch

from fsl_demo.backbones.clip.files import locate
from fsl_demo.backbones.clip.names import ClipName, folder
from fsl_demo.core.errors import UserError
from tests.backbones import tiny_clip

TAGS = {"tiny": {"plain": {}, "quick": {"quick_gelu": True}}, "tiny-quickgelu": {"quick": {"quick_gelu": True}}}


@pytest.fixture(autouse=True)
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tiny_clip.register(monkeypatch, TAGS)


def refused(name: str | ClipName) -> UserError:
    with pytest.raises(UserError) as error:
        locate(ClipName.parse(str(name)))
    assert str(error.value)
    return error.value


def written(file: Path, text: bytes = b"weights") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text)
    return file


def test_downloaded_weights_bring_their_recipe() -> None:
    file = written(folder() / "tiny" / "plain.safetensors")
    located = locate(ClipName.parse("tiny/plain"))
    assert (located.model, located.file, located.archive) == ("tiny", file, False)
    assert located.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert located.recipe == tiny_clip.RECIPE


def test_absent_weights_are_named_with_size_and_licence() -> None:
    error = refused("ViT-B-32/laion2b_s34b_b79k")
    assert error.code == "clip_absent"
    for part in ("ViT-B-32/laion2b_s34b_b79k", "605 MB", "MIT", "weights download", ":/path/to/file"):
        assert part in str(error)
    assert "? MB" in str(refused("tiny/plain"))


@pytest.mark.parametrize(
    ("name", "code", "part"),
    [
        ("gigantic/openai", "clip_architecture", "coca_base"),
        ("tinny:/x.pt", "clip_architecture", "tiny"),
        ("tiny/nothing", "clip_tag", "plain"),
        ("tiny/plain:/no/file.pt", "clip_file_missing", "/no/file.pt"),
        ("local-dir:/no/folder", "clip_folder", "/no/folder"),
    ],
)
def test_what_is_not_there(name: str, code: str, part: str) -> None:
    error = refused(name)
    assert error.code == code and part in str(error)


@pytest.mark.parametrize(
    ("wrong", "right"), [("tiny/quick", "tiny-quickgelu/quick"), ("tiny-quickgelu/plain", "tiny/plain")]
)
def test_a_mismatched_activation_is_caught_by_tag(wrong: str, right: str, tmp_path: Path) -> None:
    assert refused(wrong).params["right"] == ClipName.parse(right)
    file = written(tmp_path / "mine.pt")
    assert refused(f"{wrong}:{file}").params["right"] == ClipName.parse(f"{right}:{file}")


def test_published_files_are_recognised_by_their_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path / "mine.pt")
    sha256 = hashlib.sha256(b"weights").hexdigest()
    for url in (f"https://somewhere/{sha256}/T.pt", f"https://somewhere/t-{sha256[:8]}.pt"):
        published = {"quick": {"quick_gelu": True, "url": url, "resize_mode": "longest"}, "plain": {}}
        tiny_clip.register(monkeypatch, {"tiny": published, "tiny-quickgelu": published})
        assert refused(f"tiny:{file}").code == "clip_quick_gelu"
        assert locate(ClipName.parse(f"tiny-quickgelu:{file}")).recipe["resize_mode"] == "longest"
        other = refused(f"tiny-resnet:{file}")
        assert other.code == "clip_other_architecture" and "tiny/quick" in str(other)
    assert refused(f"tiny:{written(tmp_path / 'other.pt', b'others')}").code == "clip_preprocessing"


def test_where_recipes_differ_the_tag_has_to_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path / "mine.pt")
    tiny_clip.register(monkeypatch, {"tiny": {"plain": {}, "whole": {"resize_mode": "longest"}}})
    assert refused(f"tiny:{file}").code == "clip_preprocessing"
    assert locate(ClipName.parse(f"tiny/whole:{file}")).recipe["resize_mode"] == "longest"
    assert locate(ClipName.parse(f"tiny-resnet:{file}")).recipe == {}


def test_a_folder_speaks_for_itself(tmp_path: Path) -> None:
    place = tiny_clip.save_folder("tiny", tmp_path / "mine")
    located = locate(ClipName.parse(f"local-dir:{place}"))
    assert located.recipe == tiny_clip.RECIPE | {key: list(tiny_clip.RECIPE[key]) for key in ("mean", "std")}
    assert located.config["embed_dim"] == 16
    again = locate(ClipName.parse(f"local-dir:{tiny_clip.save_folder('tiny', tmp_path / 'quick', quick_gelu=True)}"))
    assert again.sha256 != located.sha256
    (place / "open_clip_model.safetensors").unlink()
    assert "no weights" in str(refused(f"local-dir:{place}"))
    (place / "open_clip_config.json").write_text("{}")
    assert refused(f"local-dir:{place}").code == "clip_folder"


def test_a_foreign_tokenizer_has_to_lie_in_a_folder(tmp_path: Path) -> None:
    error = refused(f"tiny-foreign:{written(tmp_path / 'mine.pt')}")
    assert error.code == "clip_tokenizer" and "somebody/else" in str(error)


def test_a_file_that_is_no_file_or_breaks_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(f"tiny:{tmp_path}").code == "clip_file_missing"
    file = written(tmp_path / "mine.pt", b"PK\x05\x06" + b"\xff" * 18)
    assert refused(f"tiny:{file}").code == "clip_damaged"

    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    error = refused(f"tiny:{file}")
    assert error.code == "clip_damaged" and "Permission denied" in str(error)


def test_programs_of_strangers_are_not_opened(tmp_path: Path) -> None:
    torch.jit.script(torch.nn.Linear(2, 2)).save(tmp_path / "program.pt")
    assert refused(f"tiny:{tmp_path / 'program.pt'}").code == "clip_archive"
    torch.save({"weight": torch.zeros(2)}, tmp_path / "weights.pt")
    assert not locate(ClipName.parse(f"tiny:{tmp_path / 'weights.pt'}")).archive
