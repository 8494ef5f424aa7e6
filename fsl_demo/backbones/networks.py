"""The frozen networks that methods share, so that each is loaded once and each picture embedded once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.clip.model import Clip
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.minilm import MiniLM, MiniLMWithWords
from fsl_demo.backbones.trained import TrainedNetwork
from fsl_demo.core.episodes import Progress, quiet

if TYPE_CHECKING:
    from fsl_demo.backbones.language_model import LanguageModel


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
    _trained: dict[str, TrainedNetwork] = field(default_factory=dict)
    _clip: dict[str, Clip] = field(default_factory=dict)
    _language: dict[str, LanguageModel] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def words(self) -> MiniLMWithWords:
        """Texts with the words that they are made of."""
        return MiniLMWithWords(self.texts)

    def trained(self, checkpoint: str) -> TrainedNetwork:
        """The network of a checkpoint.

        Raises:
            UserError: `weights_missing`, `weights_differ`.
        """
        with self._lock:
            if checkpoint not in self._trained:
                self._trained[checkpoint] = TrainedNetwork(checkpoint, self.shuffle, self.pictures)
            return self._trained[checkpoint]

    def clip(self, name: str) -> Clip:
        """The CLIP model of a name; only the last one that was asked for is kept, because they are large.

        Raises:
            UserError: `clip_name`.
        """
        with self._lock:
            if name not in self._clip:
                made = Clip(name, self.shuffle)
                self._clip.clear()
                self._clip[name] = made
            return self._clip[name]

    def language_model(self, name: str, progress: Progress = quiet) -> LanguageModel:
        """The causal language model of a checkpoint or a folder.

        Raises:
            UserError: `weights_missing`, `weights_differ`, `card_differs`.
        """
        from fsl_demo.backbones.language_model import LanguageModel

        with self._lock:
            if name not in self._language:
                self._language[name] = LanguageModel(name, progress)
            return self._language[name]
