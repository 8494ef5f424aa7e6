"""From captioned pictures to a captioner and its figures, with another causal language model, by the command line."""

import json
from pathlib import Path

import pytest

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.registry import Registry
from fsl_demo.evaluation import doubt
from fsl_demo.services import reading
from fsl_demo.training.objectives import captioner, language_model
from fsl_demo.training.tasks.captioner import CAPTIONERS
from tests.backbones.loaded import SUBJECTS, crops
from tests.backbones.small_language import small_gpt2
from tests.cli.conftest import Call
from tests.dictated import Dictated

SAID = {"cat": "A grey cat looks up .", "coffee": "A cup of hot coffee .", "rocket": "One rocket rises at night ."}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve pictures as Flickr8k has them: six to train, three to validate, three to test."""
    monkeypatch.setattr(captioner, "BATCH", 6)
    monkeypatch.setattr(language_model, "BATCH", 6)
    folder = tmp_path / "data" / "flickr8k"
    (folder / "images").mkdir(parents=True)
    lines = []
    for subject in SUBJECTS:
        for picture, split in zip(crops(subject), ("train", "train", "dev", "test"), strict=True):
            picture.image().save(folder / "images" / picture.name)
            lines.append(json.dumps({"image": picture.name, "split": split, "captions": [SAID[subject]] * 5}))
    (folder / "captions.jsonl").write_text("\n".join(lines))
    return folder.parent


@pytest.fixture
def gpt2(tmp_path: Path) -> Path:
    return small_gpt2(tmp_path / "made" / "gpt2", 48, 6)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["prefix", "gated"])
def test_a_captioner_on_another_language_model(call: Call, root: Path, gpt2: Path, tmp_path: Path, method: str) -> None:
    places = ("--root", root, "--runs", tmp_path / "runs", "--out", tmp_path / "made")
    outcome = call("train", method, "--data", "flickr8k", "--language-model", gpt2, "--epochs", "1", *places)
    assert outcome.code == 0, outcome.err
    made = tmp_path / "made" / f"{method}_captions"
    card = json.loads((made / "card.json").read_text())
    assert card["language_model"]["name"] == gpt2.name and card["pictures"] == {"train": 6, "validation": 3}
    describer = CAPTIONERS[method](Networks(FeatureCache()), made)
    ((best, *_),) = describer.describe(crops("cat")[3:])
    assert best.text
    assert len(describer.words(crops("cat")[3], "a grey cat")) == 3


def test_a_language_model_of_ones_own(call: Call, root: Path, tmp_path: Path) -> None:
    places = ("--root", root, "--runs", tmp_path / "runs", "--out", tmp_path / "made")
    outcome = call("train", "language-model", "--data", "flickr8k", "--epochs", "1", *places)
    assert outcome.code == 0, outcome.err
    card = json.loads((tmp_path / "made" / "caption_lm" / "card.json").read_text())
    assert card["figures"]["validation"]["perplexity"] > 1


@pytest.mark.slow
def test_captions_are_measured_on_the_test_pictures(call: Call, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pycocoevalcap")
    monkeypatch.setattr(doubt, "EACH", 5)  # pictures of a kind
    outcome = call("evaluate", "--data", "flickr8k", "--root", root, "--captioners", "prefix", "--format", "json")
    assert outcome.code == 0, outcome.err
    captions, doubted = outcome.json()
    assert captions["pictures"] == 3 and captions["captioner"] == "prefix" and len(captions["bleu"]) == 4
    assert set(doubted["others"]) == {"digits", "textures", "noise", "all"}


def test_captions_are_measured_by_what_they_name_and_mention(
    call: Call, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentences = {f"{name}-{n}.png": (f"a {name} near a dog",) for name in ("cat", "coffee") for n in range(4)}
    monkeypatch.setattr(reading, "registry", lambda *_: Registry(captioners=[Dictated(sentences=sentences)]))
    for name in ("cat", "coffee"):
        (tmp_path / "classes" / name).mkdir(parents=True)
        for picture in crops(name):
            picture.image().save(tmp_path / "classes" / name / picture.name)
    options = ("--captioners", "dictated", "--format", "json")
    (named,) = call("evaluate", "--data", tmp_path / "classes", "--queries", "2", *options).json()
    assert named["pictures"] == 4 and named["named"]["mean"] == 1 and named["words"] == 5
    images = [{"id": n, "file_name": f"cat/cat-{n}.png", "width": 64, "height": 64, "split": "test"} for n in range(4)]
    annotations = [{"image_id": n, "category_id": 8 if n else 12} for n in range(4)]
    written = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 8, "name": "cat"}, {"id": 12, "name": "dog"}],
    }
    (tmp_path / "classes").rename(tmp_path / "voc2007")
    (tmp_path / "voc2007" / "annotations.json").write_text(json.dumps(written))
    (figures,) = call("evaluate", "--data", "voc2007", "--root", tmp_path, "--queries", "0", *options).json()
    assert figures["pictures"] == 4 and figures["instances"]["mean"] == 0.5 and figures["recall"]["mean"] == 1
    outcome = call("evaluate", "--data", "voc2007", "--root", tmp_path / "nowhere", *options)
    assert outcome.code == 1 and "voc2007" in outcome.err


def test_what_cannot_be_asked_of_captioners_is_said(call: Call, root: Path, tmp_path: Path) -> None:
    for arguments, expected in (
        (("train", "prefix", "--data", "mnist"), "learns from flickr8k"),
        (("train", "gated", "--data", "flickr8k", "--root", tmp_path), "not in"),
        (("train", "prefix", "--data", "flickr8k", "--root", root, "--language-model", tmp_path), "not installed"),
        (("train", "compact-vlm", "--data", "flickr8k", "--language-model", tmp_path), "Only captioners"),
        (("train", "siamese", "--data", "mnist", "--language-model", tmp_path), "Only captioners"),
        (("evaluate", "--data", "flickr8k", "--root", root, "--captioners", "nobody"), "nobody"),
    ):
        outcome = call(*arguments)
        assert outcome.code == 1 and expected in outcome.err, outcome.err
