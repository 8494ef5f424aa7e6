"""What a captioner is: pictures to sentences, and where on the picture each word comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from fsl_demo.core.episodes import Caption, Layer, Progress, quiet
from fsl_demo.core.pictures import Picture

__all__ = ["Caption", "Captioner", "CaptionerCard"]


@dataclass(frozen=True)
class CaptionerCard:
    """What a person should know before asking for captions.

    Attributes:
        id: the name on the command line and in the store.
        title: the name on the page.
        paper: where it comes from.
        checkpoint: the weights that it runs on, by name.
        cost: milliseconds a new picture, roughly, on a laptop's CPU.
    """

    id: str
    title: str
    paper: str
    checkpoint: str
    cost: int


class Captioner(Protocol):
    """Describes pictures; weights load on first use."""

    card: ClassVar[CaptionerCard]

    @property
    def weights(self) -> str:
        """Hashes of the weights, joined by "+"."""
        ...

    def describe(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Caption, ...]]:
        """Candidates for each picture, best first; at least one.

        Raises:
            UserError: `weights_missing`, `weights_differ`.
        """
        ...

    def words(self, picture: Picture, text: str) -> tuple[Layer, ...]:
        """Where each word of a caption of this picture comes from: a layer a word, in order.

        A layer's `words` holds the word and its probability; its map is in [0, 1], on one scale for all words.
        """
        ...
