"""Pictures described a few at a time, so that what is there can be kept and the work can be stopped in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fsl_demo.core.capabilities import Captioner
from fsl_demo.core.episodes import Caption, Described, Progress, ordered_unique, quiet, within
from fsl_demo.core.errors import Report, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.services.documents import CaptionDocument, caption_documents
from fsl_demo.store import Workspace

AT_ONCE = 5
"""Pictures that are described together: what is lost, at most, when somebody stops."""
READ = 500
"""Pictures of the gallery that are looked up together."""


def describe(
    captioner: Captioner, pictures: Sequence[Picture], progress: Progress = quiet
) -> Iterator[dict[Picture, tuple[Caption, ...]]]:
    """Yield what a captioner says of the pictures, some at a time.

    Args:
        progress: its stages are "weights" and "describe".

    Raises:
        UserError: `weights_missing`, `weights_differ`.
    """
    wanted = ordered_unique(pictures)
    for start in range(0, len(wanted), AT_ONCE):

        def inner(stage: str, done: int, total: int, start: int = start) -> None:
            if stage == "weights":
                progress(stage, done, total)
            else:
                progress("describe", start, len(wanted))

        inner("describe", 0, 0)
        part = wanted[start : start + AT_ONCE]
        yield dict(zip(part, captioner.describe(part, inner), strict=True))


def describe_new(
    workspace: Workspace, captioner: Captioner, pictures: Sequence[Picture], progress: Progress = quiet
) -> None:
    """Describe those stored pictures that these weights have not described yet, and keep what they say.

    Raises:
        UserError: `weights_missing`, `weights_differ`, and why the workspace cannot be written.
    """
    name, weights = captioner.card.id, captioner.weights
    known = workspace.described(name, weights, [picture.sha256 for picture in pictures])
    new = [picture for picture in pictures if picture.sha256 not in known]
    for part in describe(captioner, new, progress):
        workspace.put_captions(
            {picture.sha256: Described(name, weights, captions) for picture, captions in part.items()}
        )


def describe_gallery(workspace: Workspace, captioner: Captioner, progress: Progress, report: Report) -> None:
    """Describe those pictures of the gallery that these weights have not described yet, and keep what they say.

    Args:
        report: told of pictures that cannot be read, which are passed over.

    Raises:
        UserError: as of `describe_new`.
    """
    gallery, name, weights = workspace.gallery, captioner.card.id, captioner.weights
    done, total, last = 0, gallery.count_undescribed(name, weights), None
    while waiting := gallery.undescribed(name, weights, before=last, limit=READ):
        last = waiting[-1][0]
        hashes = [sha256 for _, sha256 in waiting]
        lost = workspace.lost(hashes)
        for error in lost.values():
            report(error)
        members = gallery.members([sha256 for sha256 in hashes if sha256 not in lost])
        pictures = [member.picture for member in members.values()]
        describe_new(
            workspace, captioner, pictures=pictures, progress=within(progress, "describe", start=done, total=total)
        )
        done += len(hashes)


def caption(
    captioner: Captioner,
    pictures: Mapping[str, Picture],
    progress: Progress = quiet,
    workspace: Workspace | None = None,
) -> list[CaptionDocument]:
    """What a captioner says of pictures.

    Args:
        pictures: by what to call each.
        workspace: where to keep pictures and captions, if anywhere.

    Raises:
        UserError: `no_pictures`, and as of `describe_new`.
    """
    if not pictures:
        raise UserError("no_pictures")
    wanted = list(pictures.values())
    if workspace is None:
        parts = describe(captioner, wanted, progress)
        captions = {picture.sha256: candidates for part in parts for picture, candidates in part.items()}
    else:
        workspace.add_to_collection(wanted)
        describe_new(workspace, captioner, pictures=wanted, progress=progress)
        captions = _stored(workspace, captioner, wanted)
    return caption_documents(captioner, pictures=pictures, captions=captions, progress=progress)


def _stored(workspace: Workspace, captioner: Captioner, pictures: Sequence[Picture]) -> dict[str, tuple[Caption, ...]]:
    """The candidates that a captioner with these weights has left in a workspace, by hash."""
    stored = workspace.captions([picture.sha256 for picture in pictures])
    return {
        sha256: next(
            described.captions
            for described in descriptions
            if (described.captioner, described.weights) == (captioner.card.id, captioner.weights)
        )
        for sha256, descriptions in stored.items()
    }
