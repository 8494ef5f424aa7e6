"""The texts of the page: one TOML file a language in `locales/`; a text that is missing there is shown in English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request

from fsl_demo.core.errors import MESSAGES, UserError
from fsl_demo.services.receipt_texts import TEXTS

LOCALES = Path(__file__).parent / "locales"
DEFAULT = "en"


@dataclass(frozen=True)
class Language:
    """The texts of one language.

    Attributes:
        code: BCP 47, as in the file's name.
        name: what its speakers call it, for the menu.
        texts: by key; those of errors are "error.CODE".
    """

    code: str
    name: str
    texts: Mapping[str, str]

    def say(self, key: str, **params: Any) -> str:
        """The text called `key`, filled in, not escaped.

        Raises:
            KeyError: for a key that no language has.
        """
        return self.texts[key].format(**params)

    def has(self, key: str) -> bool:
        return key in self.texts

    def error(self, error: UserError) -> str:
        """The message of an error; a parameter that is an error itself becomes its own message."""
        params = {name: self.error(of) if isinstance(of, UserError) else of for name, of in error.params.items()}
        return self.say(f"error.{error.code}", **params)


@cache
def languages(folder: Path = LOCALES) -> dict[str, Language]:
    """Every language by code, English first."""
    errors = {f"error.{code}": message for code, message in MESSAGES.items()}
    english = {**errors, **TEXTS, **_read(folder / f"{DEFAULT}.toml")}
    others = sorted(file for file in folder.glob("*.toml") if file.stem != DEFAULT)
    read = {DEFAULT: english} | {file.stem: {**english, **_read(file)} for file in others}
    return {code: Language(code, texts["language_name"], texts) for code, texts in read.items()}


def wanted(cookie: str, accepted: str) -> Language:
    """The language that a person chose, or else the first that the browser accepts and there is.

    Args:
        cookie: code of a language, or "".
        accepted: an Accept-Language header.
    """
    known = languages()
    for tag in (cookie, *(part.split(";")[0].strip() for part in accepted.split(","))):
        for code, language in known.items():
            if tag and tag.lower().split("-")[0] == code.lower().split("-")[0]:
                return language
    return known[DEFAULT]


def language_of(request: Request) -> Language:
    """The language of whoever asks."""
    return wanted(request.cookies.get("fsl_language", ""), request.headers.get("accept-language", ""))


def _read(file: Path) -> dict[str, str]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
