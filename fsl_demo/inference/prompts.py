"""What stands for a class in a text encoder: its name in prompt templates, and its descriptions (Radford et al. 2021).

A template has one `{}`, which the name takes the place of. The ones that are used unless somebody types others are
open_clip's simple ones, after the paper's appendix.
"""

from __future__ import annotations

from fsl_demo.core.episodes import ClassSpec
from fsl_demo.core.errors import UserError

LONGEST, MOST = 200, 40


def default_templates() -> tuple[str, ...]:
    """open_clip's seven simple templates; as they stand here, they need no import of seconds."""
    return (
        "itap of a {}.",
        "a bad photo of the {}.",
        "a origami {}.",
        "a photo of the large {}.",
        "a {} in a video game.",
        "art of the {}.",
        "a photo of the small {}.",
    )


def templates(typed: str | None) -> tuple[str, ...]:
    """The templates that somebody typed, one a line, or else the default ones.

    Raises:
        UserError: `template_bad` for a line without exactly one {}, or a long one; `templates_many`.
    """
    lines = tuple(dict.fromkeys(" ".join(line.split()) for line in (typed or "").splitlines() if line.strip()))
    if len(lines) > MOST:
        raise UserError("templates_many", count=len(lines), limit=MOST)
    for line in lines:
        if line.count("{}") != 1 or len(line) > LONGEST:
            raise UserError("template_bad", template=line[:40], limit=LONGEST)
    return lines or default_templates()


def prompts(spec: ClassSpec, lines: tuple[str, ...], definitions: tuple[str, ...] = ()) -> tuple[list[str], list[str]]:
    """The sentences of a class: its name in each template, and each description after the name.

    Args:
        definitions: stand in where the person wrote no description.
    """
    name = _spoken(spec)
    return [line.replace("{}", name) for line in lines], [
        f"{name}: {text}" for text in spec.descriptions or definitions
    ]


def balanced(named: list[str], described: list[str]) -> list[str]:
    """One ensemble in which what comes from the name counts as much as what comes from descriptions."""
    if not named or not described:
        return named or described
    return named * len(described) + described * len(named)


def phrasing(spec: ClassSpec, sentence: str) -> str:
    """The description in a sentence of `prompts`."""
    return sentence.removeprefix(f"{_spoken(spec)}: ")


def _spoken(spec: ClassSpec) -> str:
    return " ".join(spec.name.replace("_", " ").split())
