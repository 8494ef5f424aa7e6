"""What changes named collections: pictures come and go, names change, a deletion is undone."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from fsl_demo.core.accounts import Role
from fsl_demo.core.collections import CollectionLabel
from fsl_demo.core.pictures import Picture
from fsl_demo.services import collections
from fsl_demo.services.collections import Collected
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import Name, Sha, Shas
from fsl_demo.ui.requests import Edit

Ids = Annotated[list[Name], Field(max_length=10_000)]
Uploaded = Annotated[list[tuple[Name, Sha]], Field(max_length=100_000)]
"""Names of classes, "" for none, and pictures."""


class _Put(Edit):
    """Put pictures into a collection, which is made where there is none of that name."""

    undoable: ClassVar[bool] = False
    collection: Name

    def collected(self, context: Context) -> Collected:
        raise NotImplementedError

    def apply(self, context: Context) -> None:
        added = context.workspace.collections.add(self.collection, self.collected(context), new=True)
        context.tell("collections.added", n=added, name=self.collection)


class CollectPictures(_Put):
    """Pictures that a search found, with what saved episodes say of them."""

    pictures: Shas

    def collected(self, context: Context) -> Collected:
        context.names(self.pictures)
        return collections.of_pictures(context.workspace, self.pictures)


class CollectEpisodes(_Put):
    """The pictures of saved episodes, with their labels."""

    episodes: Ids

    def collected(self, context: Context) -> Collected:
        return collections.together(collections.of_episode(context.workspace, episode) for episode in self.episodes)


class CollectEverything(_Put):
    """All pictures that can be searched, with their labels."""

    def collected(self, context: Context) -> Collected:
        return collections.everything(context.workspace)


class CollectUploads(_Put):
    """Uploaded pictures, with the classes of their folders."""

    pictures: Uploaded
    annotator: Name = ""

    def collected(self, context: Context) -> Collected:
        context.names([sha for _, sha in self.pictures])
        annotator = context.annotator(self.annotator)
        collected: dict[Picture, tuple[CollectionLabel, ...]] = {}
        for name, sha in self.pictures:
            label = CollectionLabel(name, annotator, source="imported")
            collected[context.workspace.picture(sha)] = (label,) if name else ()
        return collected


class CreateCollection(Edit):
    undoable: ClassVar[bool] = False
    collection: Name

    def apply(self, context: Context) -> None:
        context.workspace.collections.create(self.collection)


class RenameCollection(Edit):
    undoable: ClassVar[bool] = False
    role: ClassVar[Role] = "reviewer"
    collection: Name
    name: Name

    def apply(self, context: Context) -> None:
        context.workspace.collections.rename(self.collection, self.name)


class DeleteCollection(Edit):
    undoable: ClassVar[bool] = False
    role: ClassVar[Role] = "reviewer"
    collection: Name

    def apply(self, context: Context) -> None:
        context.workspace.collections.delete(self.collection)


class RestoreCollection(Edit):
    undoable: ClassVar[bool] = False
    role: ClassVar[Role] = "reviewer"
    collection: Name

    def apply(self, context: Context) -> None:
        context.workspace.collections.restore(self.collection)


class RemoveFromCollection(Edit):
    undoable: ClassVar[bool] = False
    role: ClassVar[Role] = "reviewer"
    collection: Name
    pictures: Shas

    def apply(self, context: Context) -> None:
        context.workspace.collections.remove(self.collection, self.pictures)


class PutBackIntoCollection(Edit):
    """Undo `RemoveFromCollection`: the pictures come back with the labels that they had there."""

    undoable: ClassVar[bool] = False
    role: ClassVar[Role] = "reviewer"
    collection: Name
    pictures: Shas

    def apply(self, context: Context) -> None:
        context.names(self.pictures)
        pictures = {context.workspace.picture(sha): () for sha in self.pictures}
        context.workspace.collections.add(self.collection, pictures)


EDITS: tuple[type[Edit], ...] = (
    CollectPictures,
    CollectEpisodes,
    CollectEverything,
    CollectUploads,
    CreateCollection,
    RenameCollection,
    DeleteCollection,
    RestoreCollection,
    RemoveFromCollection,
    PutBackIntoCollection,
)
