"""What pages that show a draft have on view, in one language, with the version at which each part last changed.

A page says which version it has, and gets what is newer; so an answer holds what changed and nothing else, whoever
changed it, and a page that missed an answer misses nothing.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ID_LENGTH = 16
"""Of a picture's hash, this much tells the queries of one draft apart."""


@dataclass(frozen=True)
class _Entry:
    version: int
    value: Any


class Board:
    """Parts by name (HTML, or data under "data:NAME"), rows of queries by id, and the order of the queries.

    What is put in must not be changed afterwards.
    """

    def __init__(self) -> None:
        self._epoch = secrets.token_hex(4)
        self._version = 0
        self._parts: dict[str, _Entry] = {}
        self._rows: dict[str, _Entry] = {}
        self._order = _Entry(0, [])
        self._lock = threading.Lock()

    @property
    def at(self) -> str:
        """What a page that has everything says that it has."""
        return f"{self._epoch}:{self._version}"

    def newest(self, first: str, second: str) -> str:
        """The later of two versions of this board; one of another board is as good as none."""
        return max((first, second), key=self._number)

    def _number(self, at: str) -> int:
        epoch, _, number = at.partition(":")
        return int(number) if epoch == self._epoch and number.isdecimal() else -1

    def put_parts(self, parts: Mapping[str, Any]) -> None:
        """Take over parts; others stay."""
        with self._lock:
            self._put(self._parts, parts)

    def replace_parts(self, parts: Mapping[str, Any]) -> None:
        """Take over parts; others are forgotten."""
        with self._lock:
            for name in self._parts.keys() - parts.keys():
                del self._parts[name]
            self._put(self._parts, parts)

    def replace_rows(self, rows: Mapping[str, Any], order: Sequence[str]) -> None:
        with self._lock:
            for name in self._rows.keys() - rows.keys():
                del self._rows[name]
            self._put(self._rows, rows)
            ids = list(order)
            if ids != self._order.value:
                self._version += 1
                self._order = _Entry(self._version, ids)

    def since(self, at: str) -> dict[str, Any]:
        """What is newer than what a page has; everything where it has something of another time, or nothing."""
        with self._lock:
            known = self._number(at)
            changes: dict[str, Any] = {
                "at": self.at,
                "since": at if known >= 0 else "",
                "whole": known < 0,
                "parts": {name: part.value for name, part in self._parts.items() if part.version > known},
                "rows": {name: row.value for name, row in self._rows.items() if row.version > known},
            }
            if self._order.version > known:
                changes["order"] = self._order.value
            return changes

    def _put(self, entries: dict[str, _Entry], values: Mapping[str, Any]) -> None:
        changed = False
        for name, value in values.items():
            known = entries.get(name)
            if known is None or known.value != value:
                if not changed:
                    self._version, changed = self._version + 1, True
                entries[name] = _Entry(self._version, value)
