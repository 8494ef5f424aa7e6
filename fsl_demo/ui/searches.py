"""What a browser tab has searched for, so that it can go back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from fsl_demo.errors import UserError
from fsl_demo.methods.joint_space import JointSpace


@dataclass
class Asked:
    """One search: by a sentence, by words of captions, by a picture, or by nothing: the collection as it is.

    Attributes:
        sentence: as it was typed, or None.
        words: what a caption has to say, as it was typed, or "".
        like: hash of the picture, or "".
        vector: what was asked for in the space that is searched, [D].
        pages: how many pages of pictures are on view.
        ticked: hashes of the pictures that are ticked.
    """

    sentence: str | None = None
    words: str = ""
    like: str = ""
    vector: np.ndarray | None = None
    pages: int = 1
    ticked: set[str] = field(default_factory=set)

    @property
    def what(self) -> tuple[str | None, str, str]:
        """What is asked for, whatever is on view of it."""
        return self.sentence, self.words, self.like


@dataclass
class Searches:
    """The searches of a tab, the present one last, and what its menus and fields say.

    Attributes:
        method: id of the method whose space is searched; "" is the first there is.
        only: "class:NAME" or "unlabelled" narrows the collection; "" does not.
        typed: what stands in the text field.
        target: where to send what is ticked: a class key, or "" for a new class.
        taken_out: hashes of the pictures that were taken out of the collection last.
    """

    asked: list[Asked] = field(default_factory=lambda: [Asked()])
    method: str = ""
    only: str = ""
    typed: str = ""
    target: str = ""
    taken_out: list[str] = field(default_factory=list)

    @property
    def present(self) -> Asked:
        return self.asked[-1]

    def sentence(self) -> str:
        """The last sentence or words that led here, single-spaced."""
        return " ".join(next((text for one in reversed(self.asked) if (text := one.sentence or one.words)), "").split())

    def space(self, spaces: Mapping[str, JointSpace]) -> tuple[str, JointSpace]:
        """The space that is searched, and the id of its method.

        Raises:
            UserError: `no_joint_space`.
        """
        if not spaces:
            raise UserError("no_joint_space")
        method = self.method if self.method in spaces else next(iter(spaces))
        return method, spaces[method]
