"""Pictures described a few at a time, so that what is there can be kept and the work can be stopped in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fsl_demo.core.capabilities import Captioner
from fsl_demo.core.episodes import Caption, Described, Progress, ordered_unique, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.store import Workspace

AT_ONCE = 5
"""Pictures that are described together: what is lost, at most, when somebody stops."""


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
    known = workspace.described(name, weights)
    new = [picture for picture in pictures if picture.sha256 not in known]
    for found in describe(captioner, new, progress):
        workspace.put_captions(
            {picture.sha256: Described(name, weights, captions) for picture, captions in found.items()}
        )
