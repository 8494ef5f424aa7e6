"""What programs are told of a search, as JSON; the verb `search` and the end point `/search` say the same."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from fsl_demo.services.search import Hit


class HitDocument(TypedDict):
    """A picture that was found; the best come first.

    `similarity` is there where vectors were compared, `caption` (null where the file name has the words) and `doubtful`
    where words were looked for.
    """

    file: str
    sha256: str
    similarity: NotRequired[float]
    caption: NotRequired[str | None]
    doubtful: NotRequired[bool]
    classes: list[str]
    episodes: list[str]


class SearchDocument(TypedDict):
    """What a search found, how many pictures match, and sentences on what was left out."""

    pictures: list[HitDocument]
    count: int
    notices: list[str]


def hit_document(hit: Hit) -> HitDocument:
    """A picture that was found."""
    member = hit.member
    document = HitDocument(
        file=member.picture.name,
        sha256=member.picture.sha256,
        classes=list(member.classes),
        episodes=list(member.episodes),
    )
    if hit.similarity is not None:
        document["similarity"] = round(hit.similarity, 6)
    if hit.words is not None:
        caption = hit.words.caption
        document["caption"] = caption.text if caption else None
        document["doubtful"] = caption is not None and caption.doubtful
    return document
