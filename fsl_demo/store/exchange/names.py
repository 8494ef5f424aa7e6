"""Class names as folder names that every file system takes, and back."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote

from fsl_demo.store.connection import plain

MAX_LENGTH = 120
"""Longest folder name, in bytes of UTF-8."""

_UNSAFE = re.compile(r'[%<>:"/\\|?*\x00-\x1f\x7f]|^[. ]|[. ]$')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?|__macosx", re.IGNORECASE)
_EMPTY = "%"


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


def _encode(match: re.Match[str]) -> str:
    return f"%{ord(match.group()):02X}"
