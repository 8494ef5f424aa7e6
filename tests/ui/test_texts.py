"""Every text exists in every language, and every text that is asked for exists."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from fsl_demo import methods
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.errors import MESSAGES, UserError
from fsl_demo.core.regions import RegionSource
from fsl_demo.store.exchange import FORMATS
from fsl_demo.ui import diagnosis, examples, measured, shell, texts
from fsl_demo.ui.requests import JobRequest
from fsl_demo.ui.tabs import TABS
from fsl_demo.ui.texts import LOCALES, languages, wanted

UI = Path(texts.__file__).parent
ROOT = UI.parent
ENGLISH, OTHERS = languages()["en"], [code for code in languages() if code != "en"]


def read(*patterns: str, folder: Path = UI) -> str:
    files = sorted(file for pattern in patterns for file in folder.rglob(pattern) if "vendor" not in file.parts)
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


PYTHON, SCRIPT = read("*.py") + read("receipt*.py", folder=ROOT / "services"), read("*.js")
TEMPLATES = read("*.html") + read("*.html", folder=ROOT / "services")


def parameters(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_translated_with_the_same_parameters(code: str) -> None:
    own = texts._read(LOCALES / f"{code}.toml")
    assert set(own) == set(ENGLISH.texts)  # errors too
    for key, text in own.items():
        assert text, key
        assert parameters(text) == parameters(ENGLISH.texts[key]), key


def test_errors_are_in_the_language() -> None:
    assert {key.removeprefix("error.") for key in ENGLISH.texts if key.startswith("error.")} == set(MESSAGES)
    error = UserError("class_name_twice", name="貓")
    assert ENGLISH.error(error) == str(error)
    assert "貓" in languages()["zh-TW"].error(error) != str(error)


def test_every_text_that_is_asked_for_is_there() -> None:
    asked = set(re.findall(r"\b(?:say|tell)\(\s*\"([a-z_.]+)\"", PYTHON))
    asked |= set(re.findall(r"(?<![\w.])t\(\"([a-z_.]+)\"", TEMPLATES))
    asked |= set(re.findall(r"(?<![\w.])(?:t|texts)\(\"([a-z_.]+)\"", SCRIPT))
    asked |= set(re.findall(r"Outcome\(\"([a-z_.]+)\"", PYTHON))
    asked |= set(re.findall(r"picker\([^,]+, \"([a-z_.]+)\"", TEMPLATES))
    asked = {key for key in asked if not key.endswith((".", "_"))}
    assert len(asked) > 150
    assert asked <= set(ENGLISH.texts), asked - set(ENGLISH.texts)


def test_keys_that_are_made_of_parts_are_there() -> None:
    made = {key for tab in TABS for key in (tab.label,)}
    made |= {request.title for tab in TABS for request in tab.requests if issubclass(request, JobRequest)}
    made |= {f"format.{name}" for name in FORMATS} | {"import"}
    made |= {f"figure.{figure.what}" for method in measured._figures() for figure in measured.measured(method)}
    stages = re.findall(r"(?:progress|scoring|fitting)\(\"([a-z]+)\"", read("*.py", folder=ROOT))
    made |= {f"stage.{stage}" for stage in stages} - {"stage.sort", "stage.undo"}  # those are the command line's
    made |= {f"map.{kind}" for kind in ("evidence", "attention", "cross", "point", "phrase")}
    made |= {f"map_hint.{kind}" for kind in ("evidence", "attention", "cross", "point", "phrase")}
    made |= {f"moved_{what}" for what in ("name", "description", "support", "boxes", "region_on", "region_off")}
    made |= {f"region_source.{source}" for source in (*get_args(RegionSource), "proposed")}
    made |= {f"finding_kind.{kind}" for kind in diagnosis.KINDS}
    assert len(stages) > 5 and made <= set(ENGLISH.texts), made - set(ENGLISH.texts)


def test_texts_of_methods_settings_and_examples() -> None:
    for name, method in methods.build(Networks(FeatureCache())).items():
        for key in (f"method.{name}", f"plain.{name}", f"good.{name}"):
            assert ENGLISH.has(key), key
        for setting in fields(method.Settings):
            assert ENGLISH.has(f"setting.{setting.name}")
    for recipe in examples.recipes():
        assert set(recipe.title) == set(recipe.hint) == set(languages())


def test_no_text_is_left_that_nobody_asks_for() -> None:
    sources = PYTHON + TEMPLATES + SCRIPT
    made = tuple(set(re.findall(r"\"([a-z_]+[._])\" ~", TEMPLATES)) | set(re.findall(r"f\"([a-z_]+[._])\{", PYTHON)))
    made += tuple(re.findall(r"`([a-z_]+\.)\$\{", SCRIPT))
    made += ("error.", "figure.", "stage.")
    unused = [
        key
        for key in ENGLISH.texts
        if not key.startswith(made) and not re.search(f"[\"']{re.escape(key)}[\"']", sources) and key != "language_name"
    ]
    assert unused == []


def test_labels_of_tabs_are_translated_by_gradio() -> None:
    labels = shell.i18n().translations
    assert set(labels) == set(languages())
    for code, of_tabs in labels.items():
        assert of_tabs == {tab.label: languages()[code].say(tab.label) for tab in TABS}
        assert not any("." in key for key in of_tabs)


def test_a_language_is_one_file_and_what_it_lacks_is_shown_in_english(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('language_name = "EN"\nundo = "Undo"\nsaved = "Saved in {place}."\n')
    (tmp_path / "de.toml").write_text('language_name = "DE"\nundo = "Zurück"\n"error.one_class" = "Nur eine Klasse."\n')
    known = languages(tmp_path)
    assert list(known) == ["en", "de"] and known["de"].name == "DE"
    assert (known["de"].say("undo"), known["de"].say("saved", place="/x")) == ("Zurück", "Saved in /x.")
    assert known["de"].error(UserError("one_class")) == "Nur eine Klasse."
    assert known["de"].error(UserError("no_queries")) == str(UserError("no_queries"))
    assert known["de"].has("saved") and not known["de"].has("no_such_text")


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        ENGLISH.say("no_such_text")


@pytest.mark.parametrize(
    ("cookie", "accepted", "code"),
    [
        ("", "", "en"),
        ("zh-TW", "en", "zh-TW"),
        ("", "zh-Hant-TW,zh;q=0.9,en;q=0.8", "zh-TW"),
        ("", "fr, en;q=0.8, zh;q=0.1", "en"),
        ("", "fr,zh;q=0.5", "zh-TW"),
        ("xx", "fr", "en"),
        ("en", "zh-TW", "en"),
    ],
)
def test_which_language_is_wanted(cookie: str, accepted: str, code: str) -> None:
    assert wanted(cookie, accepted).code == code
