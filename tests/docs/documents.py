"""The documents, and the parts of Markdown that the tests read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_FENCE = re.compile(r"^( *)```(\S*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the last line of prose before it."""

    language: str
    text: str
    before: str


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a document, in order."""
    listed = []
    for match in _FENCE.finditer(text):
        lines = text[: match.start()].rstrip().splitlines()
        listed.append(Block(match[2], match[3], lines[-1] if lines else ""))
    return listed


def prose(text: str) -> str:
    """A document without its fenced blocks."""
    return _FENCE.sub("", text)


def sections(text: str) -> dict[str, str]:
    """What stands under each heading, up to the next one, without fenced blocks."""
    parts = _HEADING.split(prose(text))
    return {parts[place + 1].strip(): parts[place + 2] for place in range(1, len(parts), 3)}


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings: lower case, spaces as hyphens, without punctuation; repeats are numbered."""
    anchors: set[str] = set()
    for _, heading in _HEADING.findall(prose(text)):
        plain = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        name, number = plain, 0
        while name in anchors:
            number += 1
            name = f"{plain}-{number}"
        anchors.add(name)
    return anchors
