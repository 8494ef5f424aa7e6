"""What went wrong, in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

MESSAGES = json.loads(Path(__file__).with_name("messages.json").read_text(encoding="utf-8"))


class UserError(Exception):
    """Something that a person can put right; `code` names it, `params` fill its message."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code, self.params = code, params

    def __str__(self) -> str:
        return str(MESSAGES[self.code]).format(**self.params)
