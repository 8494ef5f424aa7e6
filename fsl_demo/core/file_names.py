"""Names that other programs take as they are meant: class names as folder names, and cells of tables."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import unquote

MAX_LENGTH = 120
"""Longest folder name, in bytes of UTF-8."""

_UNSAFE = re.compile(r'[%<>:"/\\|?*\x00-\x1f\x7f]|^[. ]|[. ]$')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?|__macosx", re.IGNORECASE)
_EMPTY = "%"
_FORMULA = frozenset("=+-@")
_JOINERS = "\u200c\u200d"
"""Letters of some scripts, and parts of emoji, that are not printable by themselves."""


def plain(text: str) -> str:
    """The text without what UTF-8 cannot hold (file names that are not UTF-8 carry lone surrogates)."""
    return text.encode("utf-8", "replace").decode("utf-8")


def folder_name(class_name: str) -> str:
    """A folder name for a class. What a file system may refuse is percent-encoded.

    A name too long for a folder is cut and ends in a hash: told apart from others, but not reversible.
    """
    name = _UNSAFE.sub(_encode, plain(class_name))
    if _RESERVED.fullmatch(name):
        name = f"%{ord(name[0]):02X}{name[1:]}"
    data = name.encode()
    if len(data) > MAX_LENGTH:
        tail = "~" + hashlib.sha256(data).hexdigest()[:8]
        name = data[: MAX_LENGTH - len(tail)].decode(errors="ignore") + tail
    return name or _EMPTY


def class_name(folder: str) -> str:
    """The class whose folder this is. A folder that `folder_name` would not make is called as it is."""
    folder = plain(folder)
    name = "" if folder == _EMPTY else unquote(folder)
    return name if folder_name(name) == folder else folder


def visible(text: str) -> str:
    """The text on one line, with escapes for what a terminal would obey or hide."""
    return "".join(letter if is_visible(letter) else letter.encode("unicode_escape").decode() for letter in text)


def is_visible(letter: str) -> bool:
    """Whether a terminal shows the letter and does nothing else."""
    return letter.isprintable() or letter in _JOINERS or unicodedata.category(letter) == "Zs"


def safe_cell(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if _is_formula(cell) else cell


def plain_cell(cell: str) -> str:
    """What `safe_cell` was given."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell) else cell


def _is_formula(cell: str) -> bool:
    """Whether it begins as one, in whatever width, behind quotes and spaces; quotes before it change nothing."""
    text = cell.lstrip("'")
    first = text.strip("' \u00a0\u3000")[:1]
    return text[:1] in ("\t", "\r", "\n") or unicodedata.normalize("NFKC", first)[:1] in _FORMULA


def _encode(match: re.Match[str]) -> str:
    return f"%{ord(match.group()):02X}"
