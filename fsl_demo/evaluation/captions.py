"""How good captions are: BLEU (Papineni et al. 2002) and CIDEr (Vedantam et al. 2015), by pycocoevalcap.

Captions and references are lower-case words without punctuation (`language_model.plain`), which needs no Java.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fsl_demo.backbones.language_model import plain
from fsl_demo.core.capabilities import Captioner
from fsl_demo.core.episodes import Caption, Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, ingest
from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.heatmaps import blank, ranked
from fsl_demo.evaluation.intervals import Interval

RESAMPLES = 1_000
ORDERS = 4


@dataclass(frozen=True)
class Captions:
    """What a captioner said of test pictures, and how near it is to what people said.

    Attributes:
        bleu: of 1 to 4 words, over all pictures, with intervals from resampled pictures.
        cider: mean over pictures, times 100.
        wrong: the same, with each picture's references taken from another picture.
        difference: of CIDEr to that of the first captioner, paired by picture; None for itself.
        captions: the best of each picture.
    """

    captioner: str
    bleu: tuple[Interval, ...]
    cider: Interval
    wrong: Interval
    difference: Interval | None
    captions: tuple[Caption, ...]

    def as_dict(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "captions"} | {
            "pictures": len(self.captions)
        }

    def markdown(self) -> str:
        scores = ", ".join(f"BLEU-{order} {_percent(interval)}" for order, interval in enumerate(self.bleu, start=1))
        against = f"; {_signed(self.difference)} against the first" if self.difference else ""
        return (
            f"{self.captioner}, {len(self.captions):,} pictures: {scores}; CIDEr {_number(self.cider)}{against};"
            f" with another picture's references {_number(self.wrong)}"
        )


def measure(captioners: Sequence[Captioner], data: Captioned, progress: Progress = quiet) -> list[Captions]:
    """Describe pictures, compare with what five people said of each.

    Raises:
        UserError: `package_missing`; what reading a picture and the captioners raise.
    """
    pictures = [ingest(file) for file in data.files]
    references = [[plain(text) for text in five] for five in data.captions]
    order = np.random.default_rng(0).permutation(len(pictures))
    others: list[Any] = [None] * len(order)
    for here, there in zip(order, np.roll(order, 1), strict=True):
        others[here] = references[there]
    measured: list[Captions] = []
    first: np.ndarray | None = None
    for captioner in captioners:
        captions = tuple(candidates[0] for candidates in captioner.describe(pictures, progress))
        texts = [caption.text for caption in captions]
        scores = 100 * cider(texts, references)
        difference = None if first is None else intervals.paired(scores, first)
        first = scores if first is None else first
        wrong = intervals.mean(100 * cider(texts, others))
        measured.append(
            Captions(
                captioner=captioner.card.id,
                bleu=bleu(texts, references),
                cider=intervals.mean(scores),
                wrong=wrong,
                difference=difference,
                captions=captions,
            )
        )
    return measured


def cider(captions: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
    """CIDEr (its form D) of each caption, [N]; words count by how rare they are among the references.

    Raises:
        UserError: `package_missing`.
    """
    try:
        from pycocoevalcap.cider.cider_scorer import CiderScorer
    except ImportError as error:
        raise UserError("package_missing", name="pycocoevalcap") from error
    scorer: Any = CiderScorer()
    for caption, five in zip(captions, references, strict=True):
        scorer += (caption, list(five))
    return np.array(scorer.compute_score()[1])


def bleu(captions: Sequence[str], references: Sequence[Sequence[str]], seed: int = 0) -> tuple[Interval, ...]:
    """Corpus BLEU of 1 to 4 words against the reference of the closest length, with bootstrap intervals.

    Raises:
        UserError: `package_missing`.
    """
    try:
        from pycocoevalcap.bleu.bleu_scorer import BleuScorer
    except ImportError as error:
        raise UserError("package_missing", name="pycocoevalcap") from error
    scorer: Any = BleuScorer(n=ORDERS)
    for caption, five in zip(captions, references, strict=True):
        scorer += (caption, list(five))
    counts = np.array(
        [[*counted["correct"], *counted["guess"], counted["testlen"], _closest(counted)] for counted in scorer.ctest],
        float,
    )
    values = _bleu(counts.sum(axis=0)[None])[0]
    random = np.random.default_rng(seed)
    drawn = random.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), RESAMPLES)
    low, high = np.quantile(_bleu(drawn @ counts), (0.025, 0.975), axis=0)
    return tuple(Interval(*map(float, bounds)) for bounds in zip(values, low, high, strict=True))


def _closest(comparison: Mapping[str, Any]) -> int:
    """The reference length that is closest to the caption's."""
    length = comparison["testlen"]
    return min(comparison["reflen"], key=lambda other: (abs(other - length), other))


def _bleu(counts: np.ndarray) -> np.ndarray:
    """From sums of right n-grams, of n-grams, and both lengths, [R, 2 * ORDERS + 2], to BLEU, [R, ORDERS]."""
    right, guessed, (length, reference) = counts[:, :ORDERS], counts[:, ORDERS:-2], counts[:, -2:].T
    logs = np.log(np.maximum(right, 1e-12) / np.maximum(guessed, 1e-12))
    brevity = np.minimum(0, 1 - reference / length)[:, None]
    return np.exp(np.cumsum(logs, axis=1) / np.arange(1, ORDERS + 1) + brevity)


@dataclass(frozen=True)
class WordMaps:
    """How far a caption's words become less likely when a fifth of the picture is blanked; as `heatmaps.Blanking`."""

    captioner: str
    words: int
    over_random: Interval
    over_other: Interval

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def markdown(self) -> str:
        return (
            f"{self.captioner}, maps of {self.words} words: blanking the top fifth lowers the log-probability by"
            f" {_signed(self.over_random, 3)} more than a random fifth, {_signed(self.over_other, 3)} more than"
            " another word's top fifth"
        )


def word_maps(
    captioner: Captioner, pictures: Sequence[Picture], captions: Sequence[Caption], progress: Progress = quiet
) -> WordMaps:
    """Blank what the map of each caption's longest word marks, paired by picture.

    Args:
        captions: one of each picture.
    """
    random, asked = np.random.default_rng(0), []
    for picture, caption in zip(pictures, captions, strict=True):
        lengths = [len(word) for word in caption.text.split()]
        number = lengths.index(max(lengths))
        layer = captioner.words(picture, caption.text)[number]
        if layer.map is None:
            raise ValueError(f"{captioner.card.id} has no maps of words")
        asked.append((picture, caption.text, number, layer.seen, layer.map))
    falls = []
    for done, (picture, text, number, seen, evidence) in enumerate(asked):
        progress("score", done, len(asked))
        other = asked[(done + 1) % len(asked)][-1]
        places = [ranked(evidence), random.permutation(evidence.size), ranked(other)]
        blanked = [blank(picture=picture, seen=seen, shape=evidence.shape, order=order) for order in places]
        falls.append([-np.log(captioner.words(variant, text)[number].words[0][1] + 1e-12) for variant in blanked])
    top, chance, elsewhere = np.array(falls).T
    return WordMaps(
        captioner=captioner.card.id,
        words=len(asked),
        over_random=intervals.paired(top, chance),
        over_other=intervals.paired(top, elsewhere),
    )


def _percent(interval: Interval) -> str:
    return f"{100 * interval.mean:.1f} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def _number(interval: Interval) -> str:
    return f"{interval.mean:.1f} ({interval.low:.1f} to {interval.high:.1f})"


def _signed(interval: Interval, digits: int = 1) -> str:
    return f"{interval.mean:+.{digits}f} ({interval.low:+.{digits}f} to {interval.high:+.{digits}f})"
