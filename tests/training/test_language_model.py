"""Training the small language model: what it reads, and that it learns."""

from pathlib import Path

import numpy as np
import pytest
import torch

from fsl_demo.datasets.made_up_names import made_up_names
from fsl_demo.training.data import Arrays
from fsl_demo.training.events import silent
from fsl_demo.training.loop import Training
from fsl_demo.training.objectives import language_model
from fsl_demo.training.objectives.language_model import (
    IGNORED,
    LanguageModelObjective,
    likelihood,
    longer_words,
    tokenizer,
)
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from tests.backbones.small_language import ARCHITECTURE

CAPTIONS = [[[10 * picture + number + 5, 3, 4] for number in range(5)] for picture in range(6)]
KEYWORDS = [[[150 + picture], [160 + picture, 170]] for picture in range(6)]
NAMES, STEM = [[201, 202], [203]], [101, 102]


def objective() -> LanguageModelObjective:
    torch.manual_seed(0)
    return LanguageModelObjective(ARCHITECTURE, CAPTIONS, keywords=KEYWORDS, names=NAMES, stem=STEM)


def test_words_of_a_picture_go_before_its_captions_and_need_not_be_foretold() -> None:
    module = objective()
    for _ in range(30):
        text, wanted = module.described(2)
        captions = [text[-8:-4], text[-4:]]
        assert all(caption[:-1] in CAPTIONS[2] and caption[-1] == 0 for caption in captions)
        assert captions[0] != captions[1] and wanted[-8:] == text[-8:]
        before = text[:-8]
        assert wanted[:-8] == [IGNORED] * len(before) and before[0] == 0
        assert len(before) == 1 or before[-1] == 0
        assert set(before) <= {0, 152, 162, 170}


def test_a_name_is_foretold_only_where_it_was_heard() -> None:
    module = objective()
    for _ in range(50):
        text, wanted = module.named([0, 1, 2])
        assert len(text) == len(wanted)
        heard: dict[tuple[int, ...], int] = {}
        position = 1
        while position < len(text):
            caption, rest = text[position : position + 3], text[position + 3 :]
            picture = next(number for number, texts in enumerate(CAPTIONS) if caption in texts)
            assert rest[0] == 0 and rest[1:3] == STEM
            end = rest.index(0, 1)
            told = wanted[position + 6 : position + 3 + end]
            assert (told == rest[3:end]) if picture in heard.values() else (told == [IGNORED] * (end - 3))
            heard[tuple(caption)] = picture
            position += 3 + end + 1
        assert 2 <= len(set(heard.values())) <= 3


@pytest.mark.slow
def test_it_learns_what_captions_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_model, "BATCH", 6)
    module = objective()
    before = likelihood(module, CAPTIONS)
    setup = Setup(
        module,
        Arrays.numbered(np.arange(6)),
        Schedule(epochs=100, rate=1e-2, decay=0.0),
        validate=lambda m: Figures(likelihood(m, CAPTIONS), likelihood(m, CAPTIONS)),
        augment=lambda inputs: inputs,
        setting={},
    )
    loop = Training(setup, tmp_path)
    loop.run(silent)
    assert before < 0.01 and loop.history.best > 0.25


def test_any_word_can_be_spelled() -> None:
    tokens = tokenizer(["a dog runs", "a dog sits"], 280)
    assert tokens.decode(tokens.encode(" a zebra").ids) == " a zebra"
    assert len(tokens.encode(" dog").ids) == 1


def test_made_up_names_are_different_words() -> None:
    names = made_up_names(500)
    assert len(set(names)) == 500 and names == made_up_names(500) and names != made_up_names(500, 1)
    assert all(name.isalpha() and len(name) >= 4 for name in names)


def test_longer_words_once_each() -> None:
    assert longer_words(["A dog runs, a Dog jumps !", "the dog runs fast"]) == ["runs", "jumps", "fast"]
