"""What every handler and renderer of the page is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsl_demo.core.accounts import Account, Role
from fsl_demo.core.capabilities import Captioner, Method
from fsl_demo.core.collections import CollectedPicture
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.services.review import access
from fsl_demo.store import Workspace
from fsl_demo.ui import templating
from fsl_demo.ui.templating import Macros
from fsl_demo.ui.texts import Language

if TYPE_CHECKING:
    from fsl_demo.ui.document import Document
    from fsl_demo.ui.drafts import OpenDraft
    from fsl_demo.ui.page import Page

MAX_NOTICES = 5


@dataclass
class Notices:
    """What to tell the person after a request: sentences, and whether they are good news."""

    errors: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def to_json(self, language: Language) -> list[dict[str, str]]:
        """As the page shows them, each with its kind: "error" or "done"."""
        shown = [{"kind": "error", "text": text} for text in self.errors[:MAX_NOTICES]]
        if len(self.errors) > MAX_NOTICES:
            more = language.say("and_more", n=len(self.errors) - MAX_NOTICES)
            shown.append({"kind": "error", "text": more})
        return [*shown, *({"kind": "done", "text": text} for text in self.messages)]


@dataclass(frozen=True)
class Asker:
    """Who asks, and in which language.

    Attributes:
        account: None is the person at the machine itself, who may do everything.
    """

    language: Language
    account: Account | None = None


@dataclass(frozen=True)
class Context:
    """One request, or one rendering: the draft, the language, and what to tell the person afterwards.

    Attributes:
        account: who asks; None is the person at the machine itself, who may do everything.
    """

    page: Page
    draft: OpenDraft
    language: Language
    notices: Notices = field(default_factory=Notices)
    account: Account | None = None

    @property
    def workspace(self) -> Workspace:
        return self.page.workspace

    @property
    def registry(self) -> Registry:
        return self.page.registry

    @property
    def methods(self) -> dict[str, Method]:
        return self.registry.methods

    @property
    def document(self) -> Document:
        return self.draft.document

    def say(self, key: str, **params: Any) -> str:
        """Text of the language, not escaped."""
        return self.language.say(key, **params)

    def text(self, key: str, otherwise: str, **params: Any) -> str:
        """The text called `key`, or what is said where no language has it."""
        return self.say(key, **params) if self.language.has(key) else otherwise

    def tell(self, key: str, **params: Any) -> None:
        """Tell the person something good when the request is answered."""
        self.notices.messages.append(self.say(key, **params))

    @property
    def captioners(self) -> Mapping[str, Captioner]:
        return self.registry.captioners

    def refuse(self, errors: Iterable[UserError]) -> None:
        """Tell the person what was left out and why."""
        self.notices.errors += [self.language.error(error) for error in errors]

    def unexpected(self, error: Exception) -> str:
        """A sentence on an error that nobody foresaw."""
        return self.say("unexpected", error=f"{type(error).__name__}: {error}")

    def render(self, template: str, **values: Any) -> str:
        """A template's HTML; whatever is put in is escaped unless it is HTML of a template.

        Args:
            template: name of the file, or "FILE#MACRO" for one macro of it, called with the values by name.
        """
        file, _, macro = template.partition("#")
        if macro:
            return self._macros.render(file, macro, **values)
        return templating.render(file, context=self, t=self.say, **values)

    @cached_property
    def _macros(self) -> Macros:
        return Macros(context=self, t=self.say)

    def variant(self, name: str) -> str:
        """What a variant is called: a checkpoint that somebody trained has its own name."""
        return self.text(f"variant.{name}", name)

    def title(self, method: str) -> str:
        """What a method is called; one that is not here has its id."""
        return self.methods[method].card.title if method in self.methods else method

    def picture(self, sha256: str) -> Picture:
        """A stored picture that the draft's owner may see.

        Raises:
            UserError: `picture_not_stored`.
        """
        self.check_seen(sha256)
        return self.workspace.picture(sha256)

    def check_seen(self, sha256: str) -> None:
        """Raise `picture_not_stored` for a picture that the draft's owner may not see."""
        if self.draft.account is not None:
            self.names([sha256])

    def labelled(self, collection: str) -> list[CollectedPicture]:
        """The pictures of a collection that people have said something of, and that can be read.

        Raises:
            UserError: `collection_missing`.
        """
        return access.labelled_pictures(self.workspace, collection)

    def names(self, hashes: Sequence[str]) -> dict[str, str]:
        """The names of stored pictures, all of which the draft's owner may see.

        Raises:
            UserError: `picture_not_stored`.
        """
        owner, stored = self.draft.account, self.workspace.names(hashes)
        seen = stored.keys() if owner is None else self.workspace.accounts.visible(owner, hashes)
        for sha in hashes:
            if sha not in stored or sha not in seen:
                raise UserError("picture_not_stored", sha256=sha)
        return stored

    def keep(self, picture: Picture) -> Picture:
        """Keep a picture that was made for the draft's owner."""
        return self._owned(self.workspace.add_picture(picture))

    def ingest(self, source: bytes | Path, name: str) -> Picture:
        """Keep the picture of a file that the draft's owner brought.

        Raises:
            UserError: `picture_*`.
        """
        return self._owned(self.workspace.ingest(source, name))

    def _owned(self, kept: Picture) -> Picture:
        if self.draft.account is not None:
            self.workspace.accounts.own(self.draft.account, [kept.sha256])
        return kept

    def require(self, role: Role) -> None:
        """Raise `role_needed` where whoever asks has not got a role."""
        if self.account is not None:
            self.account.require(role)

    def annotator(self, typed: str) -> str:
        """Whose labels these are: the account's, or the name that the person at the machine typed."""
        return typed if self.account is None else self.account.name

    @property
    def exports(self) -> Path:
        """Where files for download are written: each account has a folder of its own."""
        return self.page.exports(self.draft.account)

    def present(self, hashes: Iterable[str]) -> list[Picture]:
        """The pictures that can be read; the person is told of the others."""
        wanted = list(hashes)
        lost = self.workspace.lost(wanted)
        self.refuse(lost.values())
        return [self.picture(sha256) for sha256 in wanted if sha256 not in lost]

    def class_name(self, key: str) -> str:
        """What a class key is called on the page."""
        from fsl_demo.ui.document import NONE

        if key == NONE:
            return self.say("none")
        return self.document.class_names().get(key) or self.say("removed_class")
