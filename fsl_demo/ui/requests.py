"""What a page can ask for, declared once: edits, panels, data, jobs and openings.

Each is a pydantic model with the fields that it needs; the browser's list of them is generated from here, and whatever
does not fit is refused where it comes in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from fsl_demo.core.accounts import Role
from fsl_demo.core.errors import UserError
from fsl_demo.ui.context import Context
from fsl_demo.ui.drafts import Drafts, OpenDraft
from fsl_demo.ui.fields import Key


class Request(BaseModel):
    """Something that a page asks for; its name is the class's in snake case."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    role: ClassVar[Role] = "annotator"
    """Of whoever may ask."""

    @classmethod
    def request_name(cls) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class Edit(Request):
    """A change of the document, which the page queues, sends in order and sends again after a break.

    Attributes:
        batch: edits of one batch that follow each other are undone in one step.
    """

    undoable: ClassVar[bool] = True
    batch: Key = ""

    def apply(self, context: Context) -> None:
        """Change `context.document`; runs while the draft is locked, so it must be quick.

        Raises:
            UserError: why it cannot be done; the document is then as it was.
        """
        raise NotImplementedError


class Panel(Request):
    """A part of the page that is fetched when it is looked at; reading it changes nothing."""

    def html(self, context: Context) -> str:
        raise NotImplementedError


class Data(Request):
    """What a script of the page reads; reading it changes nothing."""

    def values(self, context: Context) -> Any:
        """What JSON can hold."""
        raise NotImplementedError


class JobRequest(Request):
    """Long work."""

    title: ClassVar[str]
    """Key of a text that says what it is."""
    long: ClassVar[bool] = False
    """Whether it may take minutes, so that one at a time is enough."""

    def work(self, context: Context) -> Callable[[Any], None]:
        """Check the request, and give what a `Job` carries out.

        Raises:
            UserError: why it cannot begin.
        """
        raise NotImplementedError


class Opening(Request):
    """Another draft takes the place of the one on view."""

    def open(self, context: Context, drafts: Drafts) -> OpenDraft:
        raise NotImplementedError


@dataclass(frozen=True)
class Tab:
    """A tab of the page.

    Attributes:
        id: of its element.
        label: key of its label's text; where no language has it, it is the label itself.
        template: of the element's first HTML; "tab.html" is a place for the part that is called like the tab.
        requests: what can be asked for in it.
        parts: what it shows of the document, by name; see `Board`.
    """

    id: str
    label: str
    template: str
    requests: tuple[type[Request], ...]
    parts: Callable[[Context], dict[str, Any]]


KINDS: dict[str, type[Request]] = {
    "edits": Edit,
    "panels": Panel,
    "data": Data,
    "jobs": JobRequest,
    "openings": Opening,
}


class RequestRegistry:
    """The requests of all tabs, by kind and name."""

    def __init__(self, tabs: Iterable[Tab]) -> None:
        self.by_kind: dict[str, dict[str, type[Request]]] = {kind: {} for kind in KINDS}
        for tab in tabs:
            for request in tab.requests:
                kind = next(kind for kind, base in KINDS.items() if issubclass(request, base))
                self.by_kind[kind][request.request_name()] = request

    def parse(self, kind: str, name: str, values: Any) -> Any:
        """The request of that name.

        Raises:
            UserError: `request_bad`.
        """
        request = self.by_kind[kind].get(name)
        if request is None:
            raise UserError("request_bad", name=name[:40], reason="unknown")
        try:
            return TypeAdapter(request).validate_python(values)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise UserError("request_bad", name=name, reason=f"{place}: {first['msg']}"[:200]) from error

    def script(self) -> str:
        """An ES module that exports, for each kind, the fields of each request by its name."""
        fields = {
            kind: {name: list(request.model_fields) for name, request in requests.items()}
            for kind, requests in self.by_kind.items()
        }
        return "".join(f"export const {kind} = {json.dumps(names)};\n" for kind, names in fields.items())
