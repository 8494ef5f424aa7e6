"""Text prompts and cached pictures in a joint space: CLIP's zero-shot (Radford et al. 2021, arXiv:2103.00020) and
Tip-Adapter (Zhang et al. 2021, arXiv:2111.03930).

The similarity of a query x to a class is (1 - w) t + w a. t is the cosine with the class's text; a is the mean of
exp(-beta (1 - x k)) over the keys k, the class's pictures. With `scale` times that as logits, Tip-Adapter's own alpha
is scale w / ((1 - w) K) for K pictures a class, so w = 0 is zero-shot and w = 1 knows pictures only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from fsl_demo.core.episodes import ClassSpec, Episode, Explanation, Focus, Progress, Scores, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.settings import Settings, lines, none_below, slider
from fsl_demo.core.spaces import ImageTextSpace
from fsl_demo.inference import calibration
from fsl_demo.inference.calibration import Default
from fsl_demo.inference.explanations import direction_heatmap, nearest
from fsl_demo.inference.phrases import sentence_vector, word_contributions
from fsl_demo.inference.prompts import balanced, default_templates, prompts, templates

WEIGHTS = (0.2, 0.35, 0.5, 0.65, 0.8)
SHARPNESS = (1.0, 3.0, 5.5, 10.0)
"""What held-out pictures choose from; Tip-Adapter's own beta is 1 to 5.5."""
PRIOR = 2.0
"""How strongly held-out pictures have to disagree with the default weight."""

Define = Callable[[str], Sequence[str]]
"""From a class name to definitions that stand in for a missing description."""


@dataclass(frozen=True)
class VisionLanguageSettings(Settings):
    """Settings of methods that compare with prompts and pictures.

    Attributes:
        templates: prompt templates, one a line; None for open_clip's simple ones.
        pictures: weight of the pictures against the text; None lets the method choose.
        sharpness: Tip-Adapter's beta; None lets the method choose.
        none_below: similarity under which a query is unlike the examples; None lets the method choose.
    """

    templates: str | None = lines(
        default_templates(),
        templates,
        label="Prompt templates",
        help="Prompts, one a line, with {} for the class name.",
    )
    pictures: float | None = slider(
        None,
        low=0.0,
        high=1.0,
        step=0.05,
        label="Weight of pictures against text",
        help="0 uses the text only, 1 the pictures.",
    )
    sharpness: float | None = slider(
        None,
        low=0.5,
        high=20.0,
        step=0.5,
        label="Sharpness of the pictures (beta)",
        help="Tip-Adapter's beta: how near a picture must be to count.",
    )
    none_below: float | None = none_below()


@dataclass(frozen=True)
class VisionLanguageInputs:
    """What a method brings to an episode.

    Attributes:
        space: of class names and pictures.
        sentences: the space of typed phrases.
        temperature, none_below: defaults by classes, pictures a class and weight.
        worth: how many pictures a text counts for: the default weight of K pictures is K / (K + worth).
        sharpness: the default beta.
        define: from a class name to definitions that stand in for a missing description.
    """

    method: str
    title: str
    space: ImageTextSpace
    sentences: ImageTextSpace
    temperature: Default
    none_below: Default
    worth: float
    sharpness: float
    settings: VisionLanguageSettings
    define: Define


class VisionLanguage:
    """Text directions and picture keys of one episode, how they are mixed, and their calibration.

    Raises:
        UserError: for an episode that `check` refuses; `template_bad`, `templates_many`; `description_script`,
            `class_undescribed` for a class with neither pictures nor text that the space reads.
    """

    def __init__(self, inputs: VisionLanguageInputs, episode: Episode, progress: Progress = quiet) -> None:
        started = time.perf_counter()
        self.inputs, self.episode, self.space = inputs, episode, inputs.space
        episode.check()
        prompt_lines = templates(inputs.settings.templates)
        self.sentences = [sentences(self.space, spec, prompt_lines, inputs.define) for spec in episode.classes]
        self.counts = np.array(episode.shots())
        for spec, groups, shots in zip(episode.classes, self.sentences, self.counts, strict=True):
            if not shots and not any(groups):
                foreign = any(letter.isalpha() for text in (spec.name, *spec.descriptions) for letter in text)
                code = "description_script" if foreign else "class_undescribed"
                raise UserError(code, name=spec.name, method=inputs.title)
        self.texts = self.space.texts([balanced(*groups) for groups in self.sentences], progress)
        self.keys = self.space.embed([example.picture for example in episode.support], progress)
        self.owners = np.array([example.class_index for example in episode.support], dtype=int)
        self._choose()
        self.seconds = time.perf_counter() - started

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """Mixed similarities, and probabilities from them."""
        started = time.perf_counter()
        embedded = self.space.embed(queries, progress)
        pairs = embedded @ self.keys.T
        affinities = _class_means(np.exp(-self.sharpness * (1 - pairs)), self.owners, self.counts)
        similarities = self.weights * affinities + (1 - self.weights) * (embedded @ self.texts.T)
        return Scores(
            self.inputs.method,
            self.space.weights,
            asdict(self.inputs.settings),
            self.seconds + time.perf_counter() - started,
            similarities.astype(np.float32),
            calibration.softmax(self.temperature * similarities).astype(np.float32),
            self.none_below,
            pairs.astype(np.float32) if len(self.keys) else None,
            self.note,
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """Where the class, or the phrase of the focus, is found on the query and on a support picture.

        The direction that is looked for is the derivative of the similarity: the text, and the pictures near to the
        query. Words are those of the phrase, or of the class's own text.
        """
        if focus and focus.phrase:
            space = self.inputs.sentences
            directions = sentence_vector(space, focus.phrase)[None]
            words = word_contributions(space, focus.phrase, space.embed([query])[0])
            layer = direction_heatmap(space, query, "query", directions, 0, "phrase", words)
            return Explanation(self.inputs.method, class_index, (layer,))
        vector = self.space.embed([query])[0]
        named, described = self.sentences[class_index]
        text = next(iter(described or named), "") if self.weights[class_index] < 1 else ""
        words = word_contributions(self.space, text, vector) if text else ()
        layers = [
            direction_heatmap(self.space, query, "query", self._directions(vector), class_index, contributions=words)
        ]
        shown = (focus and focus.support) or nearest(self.space, self.episode, query, class_index)
        if shown is not None:
            directions = self._directions(self.space.embed([shown])[0])
            layers.append(direction_heatmap(self.space, shown, "support", directions, class_index))
        return Explanation(self.inputs.method, class_index, tuple(layers))

    def _choose(self) -> None:
        """Weight and beta, temperature and threshold: set by the person, by held-out pictures, or by default."""
        inputs, settings = self.inputs, self.inputs.settings
        shots = 1 / float((1 / self.counts[self.counts > 0]).mean()) if self.counts.any() else 0.0
        classes, default = len(self.counts), shots / (shots + inputs.worth)
        weight = default if settings.pictures is None else settings.pictures
        self.sharpness = inputs.sharpness if settings.sharpness is None else settings.sharpness
        self.weights, factor = self._weights(weight), 1.0
        held_out = self.counts.min() >= 2
        if held_out:
            weight, self.sharpness, factor, similarities = self._by_held_out(default, shots)
            self.weights = self._weights(weight)
        overall = float(self.weights.mean())
        self.temperature = factor * inputs.temperature.at(classes, shots, overall)
        self.none_below = inputs.none_below.at(classes, shots, overall)
        if held_out:
            before = inputs.none_below.at(classes, shots - 1, overall)
            self.none_below = calibration.threshold(similarities, self.owners, before, self.none_below)
        if settings.none_below is not None:
            self.none_below = settings.none_below
        both = ((self.counts > 0) & self.texts.any(axis=1)).any()
        reason = "held_out" if held_out else "default"
        self.note = {"weight": round(weight, 3), "sharpness": self.sharpness, "mixed": reason} if both else {}

    def _by_held_out(self, default: float, shots: float) -> tuple[float, float, float, np.ndarray]:
        """The weight, beta and factor of the temperature that tell held-out support pictures apart best.

        Returns:
            Weight, beta, factor, and the similarities of the held-out pictures [S, C].
        """
        inputs, settings = self.inputs, self.inputs.settings
        by_text, pairs = self.keys @ self.texts.T, self.keys @ self.keys.T
        rows = np.arange(len(self.owners))
        weights = (default, *WEIGHTS) if settings.pictures is None else (settings.pictures,)
        betas = (inputs.sharpness, *SHARPNESS) if settings.sharpness is None else (settings.sharpness,)
        trials = []
        for beta in betas:
            affinities = np.exp(-beta * (1 - pairs))
            affinities[rows, rows] = 0
            means = _class_means(affinities, self.owners, self.counts)
            means[rows, self.owners] *= self.counts[self.owners] / (self.counts[self.owners] - 1)
            for weight in weights:
                mixing = self._weights(weight)
                mixed = mixing * means + (1 - mixing) * by_text
                temperature = inputs.temperature.at(len(self.counts), shots - 1, float(mixing.mean()))
                losses = calibration.losses(mixed, self.owners, temperature)
                cost = float(losses.min()) + PRIOR * (_odds(weight) - _odds(default)) ** 2
                trials.append((cost, weight, beta, float(calibration.FACTORS[losses.argmin()]), mixed))
        return min(trials, key=lambda trial: trial[0])[1:]

    def _weights(self, weight: float) -> np.ndarray:
        """Of the pictures in each class's similarity, [C]: 0 without pictures, 1 without text."""
        return np.where(self.counts == 0, 0.0, np.where(self.texts.any(axis=1), weight, 1.0))

    def _directions(self, vector: np.ndarray) -> np.ndarray:
        """The derivative of the similarities at a picture's vector, [C, D]."""
        nearness = self.sharpness * np.exp(-self.sharpness * (1 - self.keys @ vector))
        pulls = _class_means((nearness[:, None] * self.keys).T, self.owners, self.counts).T
        return self.weights[:, None] * pulls + (1 - self.weights)[:, None] * self.texts


def sentences(
    space: ImageTextSpace, spec: ClassSpec, prompt_lines: tuple[str, ...], define: Define
) -> tuple[list[str], list[str]]:
    """Of a class's name in the templates and of its descriptions, those that the space reads."""
    described = tuple(text for text in spec.descriptions if space.reads(text))
    if not space.reads(spec.name):
        return [], list(described)
    return prompts(ClassSpec(spec.name, described), prompt_lines, tuple(define(spec.name)))


def _class_means(columns: np.ndarray, owners: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The mean over each class's support pictures, [Q, S] to [Q, C]; zeros for a class without pictures."""
    members = (owners[:, None] == np.arange(len(counts))).astype(np.float32)
    return columns @ (members / np.maximum(counts, 1))


def _odds(weight: float) -> float:
    return float(np.log((weight + 0.05) / (1.05 - weight)))
