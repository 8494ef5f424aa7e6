"""Where on pictures a sentence is: the best region of each."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence

from fsl_demo import checkpoints
from fsl_demo.core.capabilities import Grounds
from fsl_demo.core.episodes import Progress, ordered_unique, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Region
from fsl_demo.core.registry import Registry

MOST = 10_000
"""Regions that are kept."""
LEAST = 0.2
"""Where the best region of a picture is less probable than this, the sentence is not in it. Of Flickr8k's validation
pictures, where 57 of 100 phrases that are in a picture are found, and 6 of 100 that are not."""


class Places:
    """The best region of pictures for sentences; the latest ones are kept. Threads may share it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Region | None] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, model: Grounds, sentence: str, pictures: Sequence[str]) -> dict[str, Region | None]:
        """Those that are kept, by hash of the picture; None where the sentence is not in it."""
        asked = _asked(model, sentence)
        with self._lock:
            return {sha256: self._kept[asked, sha256] for sha256 in pictures if (asked, sha256) in self._kept}

    def find(
        self, model: Grounds, sentence: str, pictures: Sequence[Picture], progress: Progress = quiet
    ) -> dict[str, Region | None]:
        """Those of all pictures, by hash; None where the sentence is not in it.

        Raises:
            UserError: what is wrong with the weights, or with the file of a picture.
        """
        asked = _asked(model, sentence)
        by_hash = self.known(model, sentence, [picture.sha256 for picture in pictures])
        missing = [picture for picture in ordered_unique(pictures) if picture.sha256 not in by_hash]
        for done, picture in enumerate(missing):
            progress("regions", done, len(missing))
            (regions,) = model.ground(picture, [sentence])
            best = regions[0] if regions and regions[0].score >= LEAST else None
            by_hash[picture.sha256] = best
            with self._lock:
                self._kept[asked, picture.sha256] = best
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
        return by_hash


def _asked(model: Grounds, sentence: str) -> Hashable:
    """What an answer depends on besides the picture."""
    return id(model), checkpoints.in_use(), sentence


places = Places()
"""Those of this process."""


def grounding(registry: Registry) -> Grounds:
    """The first method that says where words are.

    Raises:
        UserError: `no_grounding`.
    """
    for method in registry.supporting(Grounds):
        return method
    raise UserError("no_grounding")
