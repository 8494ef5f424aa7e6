"""What can be changed on the Workbench, and the drafts that can be opened there."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from fsl_demo.core.errors import UserError
from fsl_demo.ui import examples, prompting, settings
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import Document
from fsl_demo.ui.drafts import Drafts, OpenDraft
from fsl_demo.ui.fields import Key, Name, Sha, Text
from fsl_demo.ui.proposals import chosen_methods
from fsl_demo.ui.requests import Edit, Opening
from fsl_demo.ui.uploads import add_classes, move, place

Placed = Annotated[list[tuple[Sha, Text]], Field(max_length=100_000)]
"""Pictures, each with the path of the file that it came from."""


class SetTitle(Edit):
    title: Name

    def apply(self, context: Context) -> None:
        context.document.title = self.title


class Rename(Edit):
    key: Key
    name: Text

    def apply(self, context: Context) -> None:
        if row := context.document.row(self.key):
            row.name = self.name


class Redescribe(Edit):
    key: Key
    description: Text

    def apply(self, context: Context) -> None:
        if row := context.document.row(self.key):
            row.description = self.description


class AddClass(Edit):
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]

    def apply(self, context: Context) -> None:
        if context.document.row(self.key) is None:
            context.document.add_class(key=self.key)


class RemoveClass(Edit):
    key: Key

    def apply(self, context: Context) -> None:
        context.document.remove_class(self.key)


class AddPictures(Edit):
    """Uploaded pictures go into a class, or among the queries."""

    target: Key
    pictures: Placed

    def apply(self, context: Context) -> None:
        place(context, self.target, self.pictures)


class AddClassPictures(Edit):
    """Uploaded pictures go into the classes that their folders name; those of no folder are queries."""

    pictures: Annotated[list[tuple[Name, Sha, Text]], Field(max_length=100_000)]

    def apply(self, context: Context) -> None:
        add_classes(context, self.pictures)


class RemovePicture(Edit):
    source: Key
    sha: Sha

    def apply(self, context: Context) -> None:
        context.document.remove_picture(self.source, self.sha)


class MovePicture(Edit):
    source: Key
    sha: Sha
    target: Key

    def apply(self, context: Context) -> None:
        if self.target != "queries" and context.document.row(self.target) is None:
            raise UserError("class_gone")
        move(context, self.source, sha=self.sha, target=self.target)


class TickMethod(Edit):
    method: Name
    ticked: bool

    def apply(self, context: Context) -> None:
        ticked = set(chosen_methods(context)) - {self.method} | ({self.method} if self.ticked else set())
        context.document.methods = [name for name in context.methods if name in ticked]


class ProposeMethods(Edit):
    """Back to the methods that the page proposes."""

    def apply(self, context: Context) -> None:
        context.document.methods = None


class SetSetting(Edit):
    """Set a method's setting; "" leaves the choice to the method."""

    method: Name
    name: Name
    value: Text

    def apply(self, context: Context) -> None:
        settings.write(context, self.method, name=self.name, value=self.value)


class ChooseCaptioner(Edit):
    captioner: Name

    def apply(self, context: Context) -> None:
        if self.captioner in context.captioners:
            context.document.captioner = self.captioner
            context.draft.captions.clear()


class Define(Edit):
    """Put a method's dictionary definitions into a class's description, where they can be edited."""

    key: Key
    method: Name

    def apply(self, context: Context) -> None:
        prompting.define(context, self.key, self.method)


class Clear(Edit):
    def apply(self, context: Context) -> None:
        context.document.clear()


class ForgetUnreadable(Edit):
    """Take what cannot be shown out of the draft."""

    def apply(self, context: Context) -> None:
        context.document.unreadable = []


class Undo(Edit):
    undoable: ClassVar[bool] = False

    def apply(self, context: Context) -> None:
        context.draft.undo(context.document)


EDITS = (
    *(SetTitle, Rename, Redescribe, AddClass, RemoveClass, AddPictures, AddClassPictures, RemovePicture, MovePicture),
    *(TickMethod, ProposeMethods, SetSetting, ChooseCaptioner, Define, Clear, ForgetUnreadable, Undo),
)


class New(Opening):
    def open(self, context: Context, drafts: Drafts) -> OpenDraft:
        return drafts.start(Document(), context.account)


class Duplicate(Opening):
    def open(self, context: Context, drafts: Drafts) -> OpenDraft:
        return drafts.start(context.document.copy(), context.account)


class OpenExample(Opening):
    example: Name

    def open(self, context: Context, drafts: Drafts) -> OpenDraft:
        document = examples.build(self.example, context.language.code, context.keep)
        return drafts.start(document, context.account)


class Latest(Opening):
    """The draft that a page showed last, or a new one where it is gone."""

    def open(self, context: Context, drafts: Drafts) -> OpenDraft:
        return context.draft
