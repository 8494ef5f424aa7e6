"""What is marked on the pictures of a draft, by hash: boxes on support pictures, named regions on queries.

Each picture has a tuple, which is put in the place of the last one, so that undo knows what changed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

from fsl_demo.core.class_names import MAX_NAME, class_key
from fsl_demo.core.errors import UserError
from fsl_demo.core.regions import MAX_BOXES, Box, RegionLabel

M = TypeVar("M", bound=Hashable)


def add(marked: dict[str, tuple[M, ...]], sha: str, marks: Iterable[M]) -> None:
    """Mark a picture; what is marked so already is not marked again.

    Raises:
        UserError: `boxes_many`.
    """
    everything = tuple(dict.fromkeys([*marked.get(sha, ()), *marks]))
    if len(everything) > MAX_BOXES:
        raise UserError("boxes_many", count=len(everything), limit=MAX_BOXES)
    if everything:
        marked[sha] = everything


def replace(marked: dict[str, tuple[M, ...]], sha: str, before: M, after: M | None) -> None:
    """Put a mark in the place of another; None takes it back.

    Raises:
        UserError: `mark_gone`.
    """
    if before not in marked.get(sha, ()):
        raise UserError("mark_gone")
    changed = [after if mark == before else mark for mark in marked[sha]]
    marked[sha] = tuple(dict.fromkeys(mark for mark in changed if mark is not None))
    if not marked[sha]:
        del marked[sha]


def forget(marked: dict[str, tuple[M, ...]], pictures: Iterable[str]) -> None:
    """Take everything back that is marked on pictures."""
    for sha in pictures:
        marked.pop(sha, None)


def named(boxes: Iterable[Box], class_name: str) -> list[RegionLabel]:
    """Boxes of a support picture as regions of a query."""
    return [RegionLabel(box, class_name[:MAX_NAME]) for box in boxes]


def boxes_of(regions: Iterable[RegionLabel], class_name: str) -> list[Box]:
    """Those regions of a query that are called like a class, as boxes of a support picture."""
    return [region.box for region in regions if class_key(region.name) == class_key(class_name)]
