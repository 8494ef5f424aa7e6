"""What an event has to tell the person."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from fsl_demo.errors import UserError
from fsl_demo.ui.html import View, esc, notice

MAX_NOTICES = 5


class Said:
    """Collects what to tell the person; as a context it turns errors into sentences instead of raising them."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.lines: list[str] = []
        self.kind = "error"
        self.message = ""

    def __enter__(self) -> Said:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, UserError):
            self.lines.append(self.view.error(error))
            return True
        if isinstance(error, Exception):
            logging.getLogger(__name__).exception("unexpected", exc_info=error)
            self.lines.append(self.view.say("unexpected", error=f"{type(error).__name__}: {error}"))
            return True
        return False

    def add(self, errors: Iterable[UserError]) -> None:
        self.lines += [self.view.error(error) for error in errors]

    def inform(self, message: str) -> None:
        self.message = message

    def html(self) -> str:
        if self.lines:
            shown = self.message + "".join(f"<p>{esc(line)}</p>" for line in self.lines[:MAX_NOTICES])
            more = len(self.lines) - MAX_NOTICES
            return notice(shown + (f"<p>{self.view.t('and_more', n=more)}</p>" if more > 0 else ""), self.kind)
        return notice(self.message, "done") if self.message else ""
