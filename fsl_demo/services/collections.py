"""What comes into a named collection: pictures of episodes, searches, folders and archives, with their labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.core.collections import CollectedPicture, CollectionLabel
from fsl_demo.core.episodes import Progress, ordered_unique
from fsl_demo.core.errors import Report, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.store import Workspace

if TYPE_CHECKING:
    from fsl_demo.datasets.file_source import FileSource
    from fsl_demo.store.exchange.classified_reading import Word

Collected = Mapping[Picture, Sequence[CollectionLabel]]
"""Pictures, each with what people said of it, the newest first."""
Keep = Callable[[bytes | Path, str], Picture]
"""Stores the picture of a file of that name."""


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
    keep: Keep,
    annotator: str,
    progress: Progress,
    report: Report,
    known: Iterable[Picture] = (),
) -> Collected:
    """The pictures of a folder, an archive or a file of labels, with their classes. Or the one picture.

    Args:
        keep: stores the picture of a file of that name.
        annotator: whose labels these are, where the file does not say.
        progress: its stage is "read".
        report: told of what is left out and what is put together.
        known: pictures that labels may be of, by hash, where the file does not hold them.

    Raises:
        UserError: when the folder or archive as a whole is refused; `archive_no_pictures`.
    """
    from fsl_demo.datasets.file_source import SINGLE, is_archive, open_with_labels
    from fsl_demo.store.exchange.annotations import AnnotationFiles
    from fsl_demo.store.exchange.classified_reading import WordReader, read_labels

    single = path.suffix.lower() in SINGLE
    if path.is_file() and not single and not is_archive(path):
        return {keep(path, path.name): ()}
    with open_with_labels(path) as source:
        labels = read_labels(AnnotationFiles(source, report))
        if labels is not None:
            reader = WordReader(source, keep, find=_by_hash(known), progress=progress, report=report)
            collected = _of_words(reader.words(labels), annotator)
        else:
            collected = _of_folders(source, keep, annotator, progress=progress, report=report)
    if not collected:
        raise UserError("archive_no_pictures", file=path.name)
    return collected


def _of_words(words: Iterable[Word], annotator: str) -> Collected:
    """What words say; of a picture the later ones come first."""
    from fsl_demo.store.exchange.classified import NONE

    collected: dict[Picture, tuple[CollectionLabel, ...]] = {}
    for word in words:
        before = collected.setdefault(word.picture, ())
        if word.label:
            name = None if word.label == NONE else word.label
            label = CollectionLabel(name, word.annotator or annotator, source="imported")
            collected[word.picture] = (label, *before)
    return collected


def _by_hash(known: Iterable[Picture]) -> Callable[[str], Picture | None]:
    """What finds a picture by its hash, or by the beginning of it that is in names of files."""
    by_hash = {key: picture for picture in known for key in (picture.sha256, picture.sha256[:12])}
    return by_hash.get


def _of_folders(
    source: FileSource,
    keep: Keep,
    annotator: str,
    progress: Progress,
    report: Report,
) -> Collected:
    """The pictures of class folders; without those, every picture, with no class."""
    from fsl_demo.datasets.class_folders import ClassLayout, class_layout, is_picture, natural
    from fsl_demo.datasets.class_pictures import each_picture
    from fsl_demo.store.exchange.classified import check_label

    layout = class_layout(source.files)
    if not layout.classes:
        layout = ClassLayout({"": sorted(filter(is_picture, source.files), key=natural)}, layout.told)
    for told in (*source.left_out, *layout.told):
        report(told)
    for name in list(layout.classes):
        try:
            check_label(name)
        except UserError as error:
            report(error)
            del layout.classes[name]
    total = sum(map(len, layout.classes.values()))
    collected: dict[Picture, tuple[CollectionLabel, ...]] = {}
    for done, read in enumerate(each_picture(layout, partial(source.picture, ingest=keep))):
        progress("read", done, total)
        if read.error is not None:
            report(read.error)
        elif read.picture is not None:
            label = CollectionLabel(read.class_name, annotator, source="imported")
            collected[read.picture] = (label,) if read.class_name else ()
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
