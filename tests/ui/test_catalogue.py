"""Every text exists in both languages, and every text that is asked for exists."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest
from fsl_demo.ui.catalogue import LANGUAGES, TEXTS, text, translations
from fsl_demo.ui.errors_zh import ERRORS_ZH

from fsl_demo import methods
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.errors import MESSAGES
from fsl_demo.store.exchange import FORMATS
from fsl_demo.ui import examples

SOURCES = "\n".join(
    file.read_text(encoding="utf-8") for file in (Path(__file__).parents[2] / "fsl_demo/ui").glob("*.py")
)


def parameters(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_both_languages_take_the_same_parameters() -> None:
    for key, (english, chinese) in TEXTS.items():
        assert english and chinese, key
        assert parameters(english) == parameters(chinese), key


def test_every_error_is_translated() -> None:
    assert set(ERRORS_ZH) == set(MESSAGES)
    for code, template in MESSAGES.items():
        assert parameters(template) == parameters(ERRORS_ZH[code]), code


def test_every_text_asked_for_is_there() -> None:
    asked = set(re.findall(r"(?:view|self\.view)\.(?:t|say)\(\s*\"([a-z_.]+)\"", SOURCES))
    asked |= set(re.findall(r"i18n\(\"([a-z_]+)\"\)", SOURCES))
    assert len(asked) > 80
    assert asked <= set(TEXTS), asked - set(TEXTS)


def test_texts_of_methods_settings_and_formats() -> None:
    for name, method in methods.build(Networks(FeatureCache())).items():
        assert f"method.{name}" in TEXTS
        for setting in fields(method.Settings):
            assert f"setting.{setting.name}" in TEXTS
    for name in FORMATS:
        assert f"format.{name}" in TEXTS
    for recipe in examples.recipes():
        assert set(recipe.title) == set(recipe.hint) == set(LANGUAGES)


def test_component_labels_have_no_dots() -> None:
    for labels in translations().values():
        assert labels and not any("." in key for key in labels)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        text("en", "no_such_text")
