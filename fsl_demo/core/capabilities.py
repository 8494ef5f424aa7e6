"""What methods, captioners and detectors can do.

Each capability is an abstract class, and whoever has it says so by inheriting from it:

    class Knn(Classifies[KnnSettings], Embeds): ...

`Registry.supporting` finds who has one. Nobody asks an object for an attribute that it may not have.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np

from fsl_demo.core.cards import CaptionerCard, Card, DetectorCard, MethodCard
from fsl_demo.core.classifiers import Classifier, MeanClassifier, RegionClassifier
from fsl_demo.core.episodes import Caption, ClassSpec, Episode, Hint, Layer, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Portable
from fsl_demo.core.regions import Region
from fsl_demo.core.settings import Settings
from fsl_demo.core.spaces import ImageTextSpace, Matcher

S = TypeVar("S", bound=Settings)


class Capability(ABC):
    """Something that can be done; `card` says by whom."""

    card: Card


class Classifies(Capability, Generic[S]):
    """Answers which class a query belongs to: a method.

    Attributes:
        card: of the class; a copy of a method may have a card of its own.
        Settings: what can be set.
    """

    card: MethodCard
    Settings: type[S]

    @abstractmethod
    def fit(self, episode: Episode, settings: S, progress: Progress = quiet) -> Classifier:
        """Learn from the support set.

        Raises:
            UserError: why this episode cannot be answered.
        """


Method: TypeAlias = Classifies[Any]
"""A method, whatever its settings."""


class HasWeights(Capability):
    """Knows before it answers which weights its answers depend on.

    Results of such a method are kept, and so are its classifiers and their answers.
    """

    @abstractmethod
    def weights(self, settings: Any) -> str:
        """Hashes of all weights that it may use with these settings, joined by "+"."""


class FitsQuickly(Classifies[S]):
    """Can answer in a fraction of the time, a little less well: for a camera's frames."""

    @abstractmethod
    def fit_quick(self, episode: Episode, settings: S, progress: Progress = quiet) -> Classifier:
        """As `fit`, for a classifier whose answers come sooner."""


class Averages(Classifies[S]):
    """A method whose classifiers compare queries with class means."""

    @abstractmethod
    def fit(self, episode: Episode, settings: S, progress: Progress = quiet) -> MeanClassifier:
        """As `Classifies.fit`."""


class Locates(Classifies[S]):
    """A method whose classifiers say what is where."""

    @abstractmethod
    def fit(self, episode: Episode, settings: S, progress: Progress = quiet) -> RegionClassifier:
        """As `Classifies.fit`."""


class Grounds(Capability):
    """Finds what words mean on a picture."""

    @abstractmethod
    def ground(self, picture: Picture, phrases: Sequence[str], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        """Where each phrase may be: all regions of the picture, the most probable first, with its probability there.

        Raises:
            UserError: what is wrong with the weights.
        """


class ScoresEpisodes(Capability):
    """Answers many episodes at once, faster than one by one."""

    @abstractmethod
    def score_episodes(self, episodes: Sequence[Episode], settings: Any, progress: Progress = quiet) -> list[Scores]:
        """What `fit` and `predict` say of the queries of each episode, without `pairs`.

        Raises:
            UserError: what `fit` and `predict` raise.
        """


class ReadsText(Classifies[S]):
    """A method that uses class names and descriptions.

    Both functions raise `UserError` where settings are wrong or weights are absent.
    """

    @abstractmethod
    def sentences(self, spec: ClassSpec, settings: S) -> tuple[list[str], list[str]]:
        """What is compared for a class: sentences from its name, and from descriptions or definitions."""

    @abstractmethod
    def reads(self, text: str, settings: S) -> bool:
        """Whether the text tower knows the script."""


class Exports(Classifies[S]):
    """A method whose classifiers can be taken away."""

    @abstractmethod
    def portable(self, episode: Episode, settings: S, progress: Progress = quiet) -> Portable:
        """The classifier that `fit` gives, in a form of its own.

        Raises:
            UserError: what `fit` raises; `export_aligned` where faces are aligned before they are compared.
        """


class Embeds(Capability):
    """Places pictures in a space."""

    @abstractmethod
    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, float32 [N, D]."""


class TellsCopies(Capability):
    """Places pictures in a space that has not learned what a class is, where near-duplicates are close together."""

    @abstractmethod
    def embed_originals(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, float32 [N, E], as `inference.near_duplicates` takes them."""


class NamesPictures(Capability):
    """Knows words for pictures."""

    @abstractmethod
    def words(self, picture: Picture) -> tuple[tuple[str, float], ...]:
        """The words that a picture is most like, each with its similarity, best first."""


class Verifies(Capability):
    """Tells whether two pictures are of the same class."""

    @abstractmethod
    def verify(self, first: Sequence[Picture], second: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """How alike the pictures of each pair are, float [P]."""


class SearchesText(Capability):
    """Finds pictures by a sentence."""

    @property
    @abstractmethod
    def joint(self) -> ImageTextSpace:
        """The space in which sentences and pictures are compared, with the weights that are in use now.

        Raises:
            UserError: what is wrong with the weights.
        """


class MatchesText(Capability):
    """Looks at a picture and a sentence together."""

    @property
    @abstractmethod
    def matcher(self) -> Matcher:
        """The model that does, with the weights that are in use now.

        Raises:
            UserError: what is wrong with the weights.
        """


@dataclass(frozen=True)
class MaskedWord:
    """What a blank of a sentence may hold.

    Attributes:
        words: that are known, W of them.
        seen, unseen: the probability of each with the picture, and without, float32 [W].
    """

    words: Sequence[str]
    seen: np.ndarray
    unseen: np.ndarray


class FillsBlanks(MatchesText):
    """Guesses a word that is missing from a sentence about a picture."""

    @abstractmethod
    def masked_word(self, picture: Picture, sentence: str, progress: Progress = quiet) -> MaskedWord:
        """The words for the one [MASK] of a sentence.

        Raises:
            UserError: `weights_missing`, `weights_differ`.
        """


class Captions(Capability):
    """Describes pictures: a captioner. Weights load on first use."""

    card: CaptionerCard

    @property
    @abstractmethod
    def weights(self) -> str:
        """Hashes of the weights, joined by "+"."""

    @abstractmethod
    def describe(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Caption, ...]]:
        """Candidates for each picture, best first; at least one.

        Raises:
            UserError: `weights_missing`, `weights_differ`.
        """

    def hints(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[Hint | None]:
        """What each picture is of, where that is certain: a name that captions have to say, or must not contradict.

        Raises:
            UserError: `weights_missing`, `weights_differ`.
        """
        return [None] * len(pictures)

    @abstractmethod
    def words(self, picture: Picture, text: str) -> tuple[Layer, ...]:
        """Where each word of a caption of this picture comes from: a layer a word, in order.

        A layer's `words` holds the word and its probability; its map is in [0, 1], on one scale for all words.
        """


Captioner: TypeAlias = Captions


class Detects(Capability):
    """Finds things on pictures: a detector. Weights load on first use."""

    card: DetectorCard

    @abstractmethod
    def detect(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        """The regions of each picture, the surest first, and the larger of equally sure ones."""


Detector: TypeAlias = Detects


class Crops(Detects):
    """A detector that cuts out what it finds, in the frame that networks trained on such pictures expect."""

    @abstractmethod
    def crop(self, picture: Picture) -> Picture | None:
        """The most prominent thing in its frame; None where there is none."""
