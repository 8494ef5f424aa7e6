"""Words and phrases as the semantic dictionary's encoder reads them: MiniLM's sentence vector and its words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.backbones.minilm import MiniLM, MiniLMWithWords
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import ClassSpec, Progress, in_latin_script, quiet
from fsl_demo.inference.encoding import encoded
from fsl_demo.inference.vectors import l2_normalize

CHANNELS = MiniLMWithWords.channels


def spoken(spec: ClassSpec) -> list[str]:
    """What stands for a class: its name as people write it, and its descriptions; what is in Latin letters."""
    return [text.replace("_", " ") for text in (spec.name, *spec.descriptions) if in_latin_script(text)]


def vectors(networks: Networks, texts: Sequence[Sequence[str]], progress: Progress = quiet) -> np.ndarray:
    """The mean of each ensemble of texts, both halves of length 1, float32 [N, 768]; zeros for an empty one."""
    ensembles = encoded(networks.features, encoder=networks.words, sentences=texts, progress=progress)
    nothing = np.zeros(CHANNELS, np.float32)
    means = np.stack([halves(own).mean(axis=0) if len(own) else nothing for own in ensembles])
    return halves(means)


def halves(values: np.ndarray) -> np.ndarray:
    """Sentence and words, [N, 768], each scaled to length 1."""
    parts = np.split(values, [MiniLM.channels], axis=1)
    return np.concatenate([l2_normalize(part) for part in parts], axis=1).astype(np.float32)
