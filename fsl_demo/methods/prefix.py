"""`prefix` as a classifier: the support set as examples in a prompt, and the class names as the only answers.

Frozen (Tsimpoukelli et al. 2021, arXiv:2106.13884), section 4.3. How likely a name is with the query is set against how
likely it is with a picture of nothing (Zhao et al. 2021, arXiv:2102.09690), lest common words win.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.captioners.prefix import PrefixCaptioner, shares
from fsl_demo.core.capabilities import HasWeights, ReadsText
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import (
    ClassSpec,
    Episode,
    Explanation,
    Focus,
    Layer,
    Progress,
    Scores,
    in_latin_script,
    quiet,
)
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.settings import Settings, none_below
from fsl_demo.inference import calibration

if TYPE_CHECKING:
    from torch import Tensor

STEM = "this is a"
SHOTS = 12
"""Pictures that fit into a prompt; the first ones of each class."""
LOWEST = -20.0


@dataclass(frozen=True)
class PrefixSettings(Settings):
    """Settings of `Prefix`.

    Attributes:
        none_below: score under which a query is unlike the examples; None refuses nothing.
    """

    none_below: float | None = none_below(low=LOWEST, high=20.0, step=0.1)


class Prefix(ReadsText[PrefixSettings], HasWeights):
    """Answers as the language model would go on after pictures and their names."""

    card = MethodCard(
        id="prefix",
        title="Prefix in context (experimental)",
        paper="Tsimpoukelli et al. 2021, Frozen",
        checkpoint="EfficientNet-Lite0 and Lite2 (ImageNet) + own language model and mapper",
        needs_pictures=False,
        reads_text=True,
        transductive=False,
        explains=("query",),
        cost=120,
        kinds=(),
    )
    Settings = PrefixSettings

    def __init__(self, networks: Networks) -> None:
        self.captioner = PrefixCaptioner(networks)

    def weights(self, settings: PrefixSettings) -> str:
        return self.captioner.weights

    def fit(self, episode: Episode, settings: PrefixSettings, progress: Progress = quiet) -> InContext:
        """Make the prompt.

        Raises:
            UserError: for an episode that `check` refuses; `description_script` for a class without English words;
                `weights_missing`, `weights_differ`, `card_differs`.
        """
        return InContext(self, episode=episode, settings=settings, progress=progress)

    def sentences(self, spec: ClassSpec, settings: PrefixSettings) -> tuple[list[str], list[str]]:
        """What the language model is asked to say for a class."""
        words = class_words(spec)
        return ([f"{STEM} {words}"] if words else []), []

    def reads(self, text: str, settings: PrefixSettings) -> bool:
        """Whether the language model can spell it."""
        return in_latin_script(text)


def class_words(spec: ClassSpec) -> str:
    """The class name, or the first description where the name is not in Latin letters; empty if neither is."""
    from fsl_demo.backbones.language_model import plain

    return next((plain(text) for text in (spec.name, *spec.descriptions) if plain(text)), "")


class InContext:
    """A prompt and the names that may follow it."""

    def __init__(self, method: Prefix, episode: Episode, settings: PrefixSettings, progress: Progress) -> None:
        import torch

        from fsl_demo.backbones.captioners import PICTURE

        started = time.perf_counter()
        episode.check()
        self.method, self.settings, self.episode = method, settings, episode
        method.captioner.load(progress)
        language = self.network.language
        names = [class_words(spec) for spec in episode.classes]
        for spec, words in zip(episode.classes, names, strict=True):
            if not words:
                raise UserError("description_script", name=spec.name, method=method.card.title)
        stem = language.encode(STEM)
        self.names = [[*language.encode(words), language.end] for words in names]
        shown = in_turns(episode)
        self.prompt: list[int] = []
        for number in shown:
            name = self.names[episode.support[number].class_index]
            self.prompt += [PICTURE, language.end, *stem, *name]
        self.prompt += [PICTURE, language.end, *stem]
        pictures = [episode.support[number].picture for number in shown]
        self.prefixes = self._prefixes(pictures)
        channels = self.network.mean.numel()
        nothing = self.network.mapper(torch.zeros(1, channels, device=self.network.mean.device))
        with torch.inference_mode():
            self.usual = self._scores(nothing)
        self.seconds = time.perf_counter() - started

    @property
    def network(self) -> Any:
        """With the weights that are in use now."""
        return self.method.captioner.load()

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """Log-probability of each name, less that with a picture of nothing."""
        import torch

        started = time.perf_counter()
        rows = []
        for number, query in enumerate(queries):
            progress("score", number, len(queries))
            with torch.inference_mode():
                rows.append((self._scores(self._prefixes([query])) - self.usual).numpy(force=True))
        similarities = np.stack(rows).astype(np.float32) if rows else np.zeros((0, len(self.names)), np.float32)
        below = math.nan if self.settings.none_below is None else self.settings.none_below
        shots = len(self.episode.support)
        note = {"shots": SHOTS} if shots > SHOTS else {}
        return Scores(
            method=self.method.card.id,
            checkpoint=self.method.captioner.weights,
            settings=asdict(self.settings),
            seconds=self.seconds + time.perf_counter() - started,
            similarities=similarities,
            probabilities=calibration.softmax(similarities).astype(np.float32),
            none_below=below,
            note=note,
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """How much each position, by its share of the query's features, makes each name likelier."""
        captioner, network = self.method.captioner, self.network
        positions = captioner.positions([query])
        pooled = network.pooled(positions).requires_grad_()
        scores = self._scores(network.mapper(pooled)) - self.usual
        evidence = shares(network, positions=positions, pooled=pooled, scores=scores)
        maps = captioner.placed(query, evidence)
        layer = Layer(query, role="query", map=maps[class_index], seen=captioner.towers.seen(query))
        return Explanation(self.method.card.id, class_index, (layer,))

    def _prefixes(self, pictures: Sequence[Picture]) -> Tensor:
        import torch

        mapper = self.network.mapper
        if not pictures:
            return torch.zeros(0, mapper.tokens, mapper.width, device=self.network.mean.device)
        with torch.inference_mode():
            return self.network.media(self.method.captioner.positions(pictures))

    def _scores(self, query: Tensor) -> Tensor:
        """Log-probability of each name after the prompt, [C]; the query's prefix is [1, tokens, width]."""
        import torch

        media = torch.cat([self.prefixes.to(query.device), query])
        texts = [self.prompt + name for name in self.names]
        states, wanted = self.network.states(texts, [media] * len(texts))
        start = states.shape[1] - max(map(len, self.names))
        states, wanted = states[:, start:], wanted[:, start:]
        told = wanted >= 0
        logs = self.network.language.logits(states).float().log_softmax(-1)
        each = logs.gather(2, wanted.clamp(min=0)[:, :, None])[:, :, 0]
        return (each * told).sum(1)


def in_turns(episode: Episode) -> list[int]:
    """Numbers of the support pictures that are shown: the first of each class, the second of each, as many as fit."""
    rank: dict[int, int] = {}
    order = []
    for number, example in enumerate(episode.support):
        place = rank.get(example.class_index, 0)
        rank[example.class_index] = place + 1
        order.append((place, example.class_index, number))
    return [number for _, _, number in sorted(order)][:SHOTS]
