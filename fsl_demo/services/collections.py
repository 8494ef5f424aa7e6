"""What comes into a named collection: pictures of episodes, searches, folders and archives, with their labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from fsl_demo.core.collections import CollectedPicture, CollectionLabel
from fsl_demo.core.episodes import Progress, ordered_unique
from fsl_demo.core.errors import Report, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.store import Workspace

Collected = Mapping[Picture, Sequence[CollectionLabel]]
"""Pictures, each with what people said of it, the newest first."""


def of_episode(workspace: Workspace, episode_id: str) -> Collected:
    """The pictures of a saved episode, with the class of those that support one and the labels of the queries.

    Raises:
        UserError: `episode_missing`.
    """
    episode = workspace.episode(episode_id).episode
    labels = workspace.collections.episode_labels(episode=episode_id)
    pictures = ordered_unique([*(example.picture for example in episode.support), *episode.queries])
    return {picture: labels.get(picture.sha256, ()) for picture in pictures}


def of_pictures(workspace: Workspace, hashes: Sequence[str]) -> Collected:
    """Stored pictures, as a search finds them, with what saved episodes say of them.

    Raises:
        UserError: `picture_not_stored`.
    """
    labels = workspace.collections.episode_labels(hashes)
    return {workspace.picture(sha256): labels.get(sha256, ()) for sha256 in dict.fromkeys(hashes)}


def everything(workspace: Workspace) -> Collected:
    """Every picture that can be searched, with what saved episodes say of it."""
    labels = workspace.collections.episode_labels()
    return {member.picture: labels.get(member.picture.sha256, ()) for member in workspace.collection()}


def of_files(
    path: Path,
    keep: Callable[[bytes | Path, str], Picture],
    annotator: str,
    progress: Progress,
    report: Report,
) -> Collected:
    """The pictures of a folder or an archive; class folders give labels. Or the one picture.

    Args:
        keep: stores the picture of a file of that name.
        progress: its stage is "read".
        report: told of what is left out and what is put together.

    Raises:
        UserError: when the folder or archive as a whole is refused; `archive_no_pictures`.
    """
    from fsl_demo.datasets.archives import is_zip, other_archive
    from fsl_demo.datasets.class_folders import ClassLayout, class_layout, is_picture, natural
    from fsl_demo.datasets.class_pictures import each_picture
    from fsl_demo.datasets.file_source import open_source

    if path.is_file() and not is_zip(path) and not other_archive(path):
        return {keep(path, path.name): ()}
    collected: dict[Picture, tuple[CollectionLabel, ...]] = {}
    with open_source(path) as source:
        layout = class_layout(source.files)
        if not layout.classes:
            layout = ClassLayout({"": sorted(filter(is_picture, source.files), key=natural)}, layout.told)
        for told in (*source.left_out, *layout.told):
            report(told)
        total = sum(map(len, layout.classes.values()))
        for done, read in enumerate(each_picture(layout, partial(source.picture, ingest=keep))):
            progress("read", done, total)
            if read.error is not None:
                report(read.error)
            elif read.picture is not None:
                label = CollectionLabel(read.class_name, annotator, source="imported")
                collected[read.picture] = (label,) if read.class_name else ()
    if not collected:
        raise UserError("archive_no_pictures", file=path.name)
    return collected


def matching(pictures: Iterable[CollectedPicture], names: Sequence[str]) -> list[str]:
    """Hashes of the pictures that are named, by hash or by file name.

    Raises:
        UserError: `collection_picture_unknown`.
    """
    known: dict[str, list[str]] = {}
    for collected in pictures:
        known.setdefault(collected.picture.name, []).append(collected.picture.sha256)
        known.setdefault(collected.picture.sha256, []).append(collected.picture.sha256)
    for name in names:
        if name not in known:
            raise UserError("collection_picture_unknown", file=name)
    return list(dict.fromkeys(sha256 for name in names for sha256 in known[name]))


def together(sources: Iterable[Collected]) -> Collected:
    """Several sources as one; what each says of a picture comes before what the ones before it say."""
    collected: dict[Picture, tuple[CollectionLabel, ...]] = {}
    for source in sources:
        for picture, labels in source.items():
            collected[picture] = (*labels, *collected.get(picture, ()))
    return collected
