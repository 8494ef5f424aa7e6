"""Match scores of each query with each class's sentences, by words and positions that look at each other: ViLBERT
(Lu et al. 2019, arXiv:1908.02265) and LXMERT (Tan & Bansal 2019, arXiv:1908.07490), small, on frozen towers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.capabilities import FillsBlanks, HasWeights, MaskedWord, ReadsText
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
from fsl_demo.inference.explanations import scaled
from fsl_demo.inference.familiar import unfamiliar
from fsl_demo.inference.phrases import spoken
from fsl_demo.inference.prompts import balanced, prompts
from fsl_demo.methods.two_stream.model import CHECKPOINT, TwoStreamModel

TEMPLATE = "a photo of a {}."
"""What a name stands in; descriptions are matched as they are typed, because it learned from such sentences."""


@dataclass(frozen=True)
class TwoStreamSettings(Settings):
    """Settings of `TwoStream`.

    Attributes:
        none_below: match under which a query is unlike the examples; None for the checkpoint's.
    """

    none_below: float | None = none_below()


class TwoStream(ReadsText[TwoStreamSettings], HasWeights, FillsBlanks):
    """How well a query matches each class's sentences; support pictures are not looked at.

    Args:
        checkpoint: in place of the one that is shipped.
    """

    card = MethodCard(
        id="two-stream",
        title="Two streams",
        paper="Lu et al. 2019, ViLBERT; Tan & Bansal 2019, LXMERT",
        checkpoint="EfficientNet-Lite2 (ImageNet) + all-MiniLM-L6-v2 + own co-attention",
        needs_pictures=False,
        reads_text=True,
        transductive=False,
        explains=("query", "phrases"),
        cost=60,
        kinds=(),
    )
    Settings = TwoStreamSettings

    def __init__(self, networks: Networks, checkpoint: Source = CHECKPOINT) -> None:
        self._matcher = networks.shared(TwoStreamModel, checkpoint)

    @property
    def matcher(self) -> TwoStreamModel:
        """Matches pictures with any sentences, shows where words look, fills blanks, re-orders a search."""
        return self._matcher()

    def weights(self, settings: TwoStreamSettings) -> str:
        return self.matcher.weights

    def fit(self, episode: Episode, settings: TwoStreamSettings, progress: Progress = quiet) -> TwoStreamClassifier:
        """Choose the sentences of each class.

        Raises:
            UserError: for an episode that `check` refuses; `description_script` for a class without text that it
                reads; `weights_missing`, `weights_differ`.
        """
        episode.check()
        return TwoStreamClassifier(self, episode=episode, settings=settings, progress=progress)

    def sentences(self, spec: ClassSpec, settings: TwoStreamSettings) -> tuple[list[str], list[str]]:
        """What stands for a class."""
        described = [" ".join(text.split()) for text in spec.descriptions if in_latin_script(text)]
        return prompts(spec, (TEMPLATE,))[0] if in_latin_script(spec.name) else [], described

    def reads(self, text: str, settings: TwoStreamSettings) -> bool:
        """Whether the text tower knows the script."""
        return in_latin_script(text)

    def masked_word(self, picture: Picture, sentence: str, progress: Progress = quiet) -> MaskedWord:
        """The words for the one [MASK] of a sentence, with the picture and with one of which nothing is known."""
        model = self.matcher
        tokens = model.networks.texts.tokens([sentence])
        (seen,), (unseen,) = model.guesses([model.streams([picture], progress), model.blank()], *tokens)
        return MaskedWord(model.whole_words(), seen, unseen)


class TwoStreamClassifier:
    """The sentences of one episode's classes."""

    def __init__(self, method: TwoStream, episode: Episode, settings: TwoStreamSettings, progress: Progress) -> None:
        started = time.perf_counter()
        self.method, self.settings = method, settings
        self.sentences = [balanced(*method.sentences(spec, settings)) for spec in episode.classes]
        for spec, sentences in zip(episode.classes, self.sentences, strict=True):
            if not sentences:
                raise UserError("description_script", name=spec.name, method=method.card.title)
        progress("weights", 0, 1)
        self.matcher = method.matcher
        self.matcher.load()
        progress("weights", 1, 1)
        self.temperature = self.matcher.temperature * (5 / len(self.sentences)) ** self.matcher.crowding
        self.none_below = self.matcher.none_below if settings.none_below is None else settings.none_below
        self.note = unfamiliar(self.matcher.networks.texts, episode.classes)
        self.seconds = time.perf_counter() - started

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """Mean matches of each class's sentences, and probabilities from them."""
        started = time.perf_counter()
        matches = self._of_classes(self.matcher.match(queries, self._all(), progress).T).T
        return Scores(
            method=self.method.card.id,
            checkpoint=self.matcher.weights,
            settings=asdict(self.settings),
            seconds=self.seconds + time.perf_counter() - started,
            similarities=matches.astype(np.float32),
            probabilities=calibration.softmax(self.temperature * matches).astype(np.float32),
            none_below=self.none_below,
            note=self.note,
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """Where the words of the class's sentences, or of the focus's phrase, find their match on the query."""
        if phrase := (focus.phrase if focus else ""):
            sentence = spoken(self.matcher, phrase)
            heat_map = scaled(self.matcher.evidence(query, [sentence]), 0)
        else:
            sentence = self.sentences[class_index][-1]
            heat_map = scaled(self._of_classes(self.matcher.evidence(query, self._all())), class_index)
        layer = Layer(
            query,
            role="query",
            map=heat_map,
            seen=self.matcher.seen(query),
            kind="phrase" if phrase else "evidence",
            contributions=self.matcher.contributions(query, sentence),
        )
        return Explanation(self.method.card.id, class_index, (layer,))

    def _all(self) -> list[str]:
        """The sentences of all classes, each once."""
        return list(dict.fromkeys(text for sentences in self.sentences for text in sentences))

    def _of_classes(self, values: np.ndarray) -> np.ndarray:
        """From values of each of `_all` sentences, [T, ...], to means of each class, [C, ...]."""
        place = {text: number for number, text in enumerate(self._all())}
        return np.stack([values[[place[text] for text in sentences]].mean(axis=0) for sentences in self.sentences])
