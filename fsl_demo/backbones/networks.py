"""The frozen networks that methods share, so that each is loaded once and each picture embedded once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.clip.adapter import AdaptedClip
from fsl_demo.backbones.clip.model import Clip
from fsl_demo.backbones.clip.names import ClipName
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.minilm import MiniLM, MiniLMWithWords
from fsl_demo.backbones.trained import TrainedNetwork
from fsl_demo.checkpoints import Checkpoint, Current, Source
from fsl_demo.core.episodes import Progress, quiet

if TYPE_CHECKING:
    from fsl_demo.backbones.language_model import LanguageModel

T = TypeVar("T")


@dataclass(frozen=True)
class Networks:
    """Networks for pictures and texts, and the cache of what they made of them.

    Attributes:
        pictures, whole_pictures: see the middle of a picture, and all of it.
        shuffle: seed by which the weights of CLIP and of networks trained here are shuffled, for controls.
    """

    features: FeatureCache
    pictures: EfficientNetLite0 = field(default_factory=EfficientNetLite0)
    whole_pictures: EfficientNetLite2 = field(default_factory=EfficientNetLite2)
    texts: MiniLM = field(default_factory=MiniLM)
    shuffle: int | None = None
    _trained: dict[tuple[Source, int | None], Current[TrainedNetwork]] = field(default_factory=dict)
    _shared: dict[tuple[Any, ...], Current[Any]] = field(default_factory=dict)
    _clip: dict[str, Callable[[], Clip]] = field(default_factory=dict)
    _language: WeakValueDictionary[str, LanguageModel] = field(default_factory=WeakValueDictionary)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def words(self) -> MiniLMWithWords:
        """Texts with the words that they are made of."""
        return MiniLMWithWords(self.texts)

    def trained(self, checkpoint: Source) -> TrainedNetwork:
        """The network of a checkpoint's version in use, which is loaded once.

        Raises:
            UserError: what is wrong with the checkpoint.
        """
        with self._lock:
            current = self._trained.setdefault(
                (checkpoint, self.shuffle),
                Current(partial(TrainedNetwork, shuffle=self.shuffle, pictures=self.pictures), checkpoint),
            )
        return current()

    def shared(self, make: Callable[..., T], *sources: Source) -> Current[T]:
        """What `make` makes of these networks and of checkpoints' versions in use, once for all who ask for the same.

        Args:
            make: is given the networks and the `Checkpoint` of each source; hashable, equal to what makes the same.
        """
        with self._lock:
            key = (make, sources, self.features, self.shuffle)
            return self._shared.setdefault(key, Current(partial(make, self), *sources))

    def given(self) -> Iterator[tuple[tuple[Any, ...], object]]:
        """What was asked for and is in use, each with the name of the function here that gives it and its arguments."""
        with self._lock:
            trained, shared, clip = dict(self._trained), dict(self._shared), dict(self._clip)
        for (source, _), current in trained.items():
            yield from ((("trained", source), value) for value in current.made)
        for (make, sources, *_), current in shared.items():
            yield from ((("shared", make, *sources), value) for value in current.made)
        yield from ((("clip", name), made()) for name, made in clip.items())

    def clip(self, name: str) -> Clip:
        """The CLIP model of a name; only the last one that was asked for is kept, because they are large.

        Raises:
            UserError: `clip_name`; what is wrong with the checkpoint of a change.
        """
        with self._lock:
            if name not in self._clip:
                made = self._made_clip(name)
                self._clip.clear()
                self._clip[name] = made
            current = self._clip[name]
        return current()

    def _made_clip(self, name: str) -> Callable[[], Clip]:
        parsed = ClipName.parse(name)
        if parsed.checkpoint:
            return Current(partial(AdaptedClip, shuffle=self.shuffle), parsed.source)
        model = Clip(name, self.shuffle)
        return lambda: model

    def language_model(self, captioner: Checkpoint, progress: Progress = quiet) -> LanguageModel:
        """The causal language model that a captioner's card names; captioners of the same one share it.

        Raises:
            UserError: `card_incomplete`, `card_differs`, and what is wrong with the language model.
        """
        from fsl_demo.backbones.language_model import LanguageModel

        named = captioner.card.language_model
        with self._lock:
            language = self._language.get(named.sha256) if named else None
            if language is None:
                language = LanguageModel.of_captioner(captioner, progress)
            return self._language.setdefault(language.weights, language)
