"""Typed settings: what a person can set, what is allowed, and what it is called.

Page, command line, API and store read every value through `Setting.parse`.

    @dataclass(frozen=True)
    class KnnSettings(Settings):
        neighbours: int = whole_number(3, low=1, high=20, label="Neighbours", help="Support pictures that vote.")
        vote: str | None = choice(("equal", "by distance"), label="Vote", help="What a neighbour's vote counts.")
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, replace
from typing import Any, ClassVar, Self

from fsl_demo.core.errors import UserError

Value = float | int | str
"""What a setting can be set to."""
LONGEST = 100_000
"""Characters of a text."""
SHOWN = 40
"""Characters of a refused value that its message repeats."""


@dataclass(frozen=True, kw_only=True)
class Setting(ABC):
    """One setting.

    Attributes:
        label: the name on the page; where the page's language has no translation, this is shown.
        help: a sentence.
        name: the field's name, which is also the label of a setting without one.
        default: None where the method chooses by itself until somebody sets it.
    """

    label: str = ""
    help: str = ""
    name: str = ""
    default: Value | None = None
    kind: ClassVar[str]

    def parse(self, given: object, name: str = "", required: bool = False) -> Value | None:
        """A value from the page, the command line, the API or the store; None leaves it to the default.

        Args:
            name: what a refusal calls the setting.
            required: an empty text is no value either; otherwise it stands for the default.

        Raises:
            UserError: `setting_bad`.
        """
        if given is None or (isinstance(given, str) and not given.strip() and not required):
            return None
        return self._parse(given, name or self.label or self.name)

    @abstractmethod
    def allowed(self) -> str:
        """What it can be set to, in a few words."""

    @abstractmethod
    def _parse(self, given: object, name: str) -> Value | None: ...


@dataclass(frozen=True, kw_only=True)
class Slider(Setting):
    """A number from `low` to `high`; `step` is how far apart the places of the slider are."""

    low: float
    high: float
    step: float
    kind: ClassVar[str] = "slider"

    def allowed(self) -> str:
        return f"{self.low:g} to {self.high:g}"

    def _parse(self, given: object, name: str) -> float:
        number = _number(given)
        if not self.low <= number <= self.high:
            raise _refused(given, name, "reason_number", low=f"{self.low:g}", high=f"{self.high:g}")
        return number


@dataclass(frozen=True, kw_only=True)
class WholeNumber(Setting):
    """A whole number from `low` to `high`."""

    low: int
    high: int
    kind: ClassVar[str] = "whole_number"

    def allowed(self) -> str:
        return f"{self.low} to {self.high}, whole"

    def _parse(self, given: object, name: str) -> int:
        number = _number(given)
        if not (self.low <= number <= self.high and number.is_integer()):
            raise _refused(given, name, "reason_whole_number", low=self.low, high=self.high)
        return int(number)


@dataclass(frozen=True, kw_only=True)
class Choice(Setting):
    """One of several words. `choices` may be a function, which is called whenever somebody looks."""

    choices: Iterable[str] | Callable[[], Iterable[str]]
    kind: ClassVar[str] = "choice"

    def known(self) -> tuple[str, ...]:
        """The choices that there are now."""
        return tuple(self.choices() if callable(self.choices) else self.choices)

    def allowed(self) -> str:
        return ", ".join(self.known())

    def _parse(self, given: object, name: str) -> str:
        if not isinstance(given, str) or given not in self.known():
            raise _refused(given, name, "reason_choice", known=self.allowed())
        return given


@dataclass(frozen=True, kw_only=True)
class Text(Setting):
    """A text; `example` is shown where nothing was typed. What it has to say, the method checks."""

    example: str = ""
    kind: ClassVar[str] = "text"

    def allowed(self) -> str:
        return "text"

    def _parse(self, given: object, name: str) -> str | None:
        if not isinstance(given, str) or len(given) > LONGEST:
            raise _refused(given, name, "reason_text", limit=LONGEST)
        return given.strip()


@dataclass(frozen=True, kw_only=True)
class Lines(Text):
    """A text of several lines; setting it to the usual ones leaves it to the method.

    Attributes:
        usual: the lines that are used until somebody sets others.
        check: raises `UserError` for a text that the method would refuse.
    """

    usual: tuple[str, ...] = ()
    check: Callable[[str], object] = len
    kind: ClassVar[str] = "lines"

    def _parse(self, given: object, name: str) -> str | None:
        text = super()._parse(given, name)
        lines = tuple(line.strip() for line in (text or "").splitlines() if line.strip())
        return None if lines == self.usual else text


@dataclass(frozen=True, kw_only=True)
class Weights(Text):
    """The name of weights that a person chooses; the page shows whether they are there, and offers a download."""

    kind: ClassVar[str] = "weights"


@dataclass(frozen=True)
class Settings:
    """Base of every method's settings: a frozen dataclass whose fields are made by the functions below."""

    @classmethod
    def controls(cls) -> tuple[Setting, ...]:
        """Every setting, with the name and the default of its field."""
        return tuple(
            replace(spec.metadata["setting"], name=spec.name, default=None if spec.default is MISSING else spec.default)
            for spec in dataclasses.fields(cls)
        )

    @classmethod
    def parse(cls, name: str, given: object, of: str = "", required: bool = False) -> Value | None:
        """The value of one setting; see `Setting.parse`.

        Args:
            of: id of the method, for the message.

        Raises:
            UserError: `setting_bad`.
        """
        known, path = {control.name: control for control in cls.controls()}, f"{of}.{name}" if of else name
        if name not in known:
            raise _refused(given, path[: 2 * SHOWN], "reason_setting", method=of, known=", ".join(known))
        return known[name].parse(given, path, required)

    @classmethod
    def read(cls, given: Mapping[str, object], of: str = "", required: bool = False) -> Self:
        """Settings from values by name, each checked; those left out, or empty and not required, keep their default.

        Args:
            of: id of the method, for the message.

        Raises:
            UserError: `setting_bad`.
        """
        parsed = {name: cls.parse(name, given=value, of=of, required=required) for name, value in given.items()}
        return cls(**{name: value for name, value in parsed.items() if value is not None})

    @classmethod
    def split(cls, given: Mapping[str, object], of: str = "") -> tuple[dict[str, Value], list[UserError]]:
        """The values of a record that can still be used, and what is wrong with each of the others."""
        usable: dict[str, Value] = {}
        faults: list[UserError] = []
        for name, value in given.items():
            try:
                parsed = cls.parse(name, value, of)
            except UserError as error:
                faults.append(error)
            else:
                usable |= {} if parsed is None else {name: parsed}
        return usable, faults


def slider(default: float | None, *, low: float, high: float, step: float, label: str = "", help: str = "") -> Any:
    """A field that a slider sets; see `Slider`."""
    return _field(default, Slider(low=low, high=high, step=step, label=label, help=help))


def whole_number(default: int | None, *, low: int, high: int, label: str = "", help: str = "") -> Any:
    """A field for a whole number; see `WholeNumber`."""
    return _field(default, WholeNumber(low=low, high=high, label=label, help=help))


def choice(
    choices: Iterable[str] | Callable[[], Iterable[str]],
    default: str | None = None,
    *,
    label: str = "",
    help: str = "",
) -> Any:
    """A field with a menu; see `Choice`. Without a default the method chooses."""
    return _field(default, Choice(choices=choices, label=label, help=help))


def text(default: str | None = None, *, example: str = "", label: str = "", help: str = "") -> Any:
    """A field for a text; see `Text`."""
    return _field(default, Text(example=example or default or "", label=label, help=help))


def lines(usual: tuple[str, ...], check: Callable[[str], object] = len, *, label: str = "", help: str = "") -> Any:
    """A field for several lines of text, None for the usual ones; see `Lines`."""
    return _field(None, Lines(usual=usual, check=check, example=usual[0] if usual else "", label=label, help=help))


def weights(default: str, *, label: str = "", help: str = "") -> Any:
    """A field that names weights; see `Weights`."""
    return _field(default, Weights(example=default, label=label, help=help))


def none_below(low: float = 0.0, high: float = 1.0, step: float = 0.01) -> Any:
    """The field that every method has: the similarity under which a query is unlike the examples."""
    return slider(
        None,
        low=low,
        high=high,
        step=step,
        label="“Unlike your examples” below similarity",
        help="Similarity below which no class fits.",
    )


def _field(default: Value | None, setting: Setting) -> Any:
    return field(default=default, metadata={"setting": setting})


def _number(given: object) -> float:
    """As a number; NaN, which is in no range, for whatever is none."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return math.nan
    try:
        return float(given)
    except (ValueError, OverflowError):
        return math.nan


def _refused(given: object, name: str, code: str, **params: object) -> UserError:
    return UserError("setting_bad", name=name, value=str(given)[:SHOWN], reason=UserError(code, **params))
