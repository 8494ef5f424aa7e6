"""Flickr8k's split."""

import json
from pathlib import Path

import pytest
from PIL import Image

from fsl_demo.core.errors import UserError
from fsl_demo.datasets import flickr8k


def laid_out(root: Path) -> Path:
    folder = root / "flickr8k"
    (folder / "images").mkdir(parents=True)
    lines = []
    for number, split in enumerate(["train", "dev", "test", "train", None]):
        Image.new("RGB", (8, 8)).save(folder / "images" / f"{number}.png")
        lines.append(json.dumps({"image": f"{number}.png", "split": split, "captions": [f"caption {number}"] * 5}))
    (folder / "captions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_the_published_split(tmp_path: Path) -> None:
    laid_out(tmp_path)
    data = flickr8k.read(tmp_path)
    assert [[file.name for file in part.files] for part in (data.train, data.validation, data.test)] == [
        ["0.png", "3.png"],
        ["1.png"],
        ["2.png"],
    ]
    assert data.train.captions[1] == ["caption 3"] * 5


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="flickr8k"):
        flickr8k.read(tmp_path)
    folder = laid_out(tmp_path)
    (folder / "images" / "1.png").unlink()
    with pytest.raises(UserError, match="flickr8k"):
        flickr8k.read(tmp_path)
