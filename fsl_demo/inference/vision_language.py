"""Text prompts and pictures in a joint space: CLIP's zero-shot (Radford et al. 2021, arXiv:2103.00020), and class
means of the pictures (see `blend`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from fsl_demo.core.episodes import ClassSpec, Episode, Explanation, Focus, Progress, Scores, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.settings import Settings, lines, none_below, slider
from fsl_demo.core.spaces import ImageTextSpace
from fsl_demo.inference.batches import Embed, Scored, Stack, scores_of
from fsl_demo.inference.blend import Blend, Support, blended
from fsl_demo.inference.calibration import Default
from fsl_demo.inference.explanations import direction_heatmap, nearest
from fsl_demo.inference.phrases import sentence_vector, word_contributions
from fsl_demo.inference.prompts import balanced, default_templates, prompts, templates

Define = Callable[[str], Sequence[str]]
"""From a class name to definitions that stand in for a missing description."""


@dataclass(frozen=True)
class VisionLanguageSettings(Settings):
    """Settings of methods that compare with prompts and pictures.

    Attributes:
        templates: prompt templates, one a line; None for open_clip's simple ones.
        pictures: weight of the pictures against the text; None lets the method choose.
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
    none_below: float | None = none_below()


@dataclass(frozen=True)
class VisionLanguageInputs:
    """What a method brings to an episode.

    Attributes:
        space: of class names and pictures.
        originals: gives vectors in which near-duplicates are found (see `originals`).
        sentences: the space of typed phrases.
        temperature, none_below: defaults by classes, pictures a class and weight.
        worth: how many pictures a text counts for: the default weight of K pictures is K / (K + worth).
        define: from a class name to definitions that stand in for a missing description.
        unfamiliar: from classes to a note on names that the text tower may not know.
    """

    method: str
    title: str
    space: ImageTextSpace
    originals: Embed
    sentences: ImageTextSpace
    temperature: Default
    none_below: Default
    worth: float
    settings: VisionLanguageSettings
    define: Define
    unfamiliar: Callable[[Sequence[ClassSpec]], dict[str, Any]]

    def blended(self, keys: np.ndarray, originals: np.ndarray, owners: np.ndarray, texts: np.ndarray) -> Blend:
        """Texts [..., C, D] and vectors of the support pictures [..., S, D], blended."""
        support = Support(vectors=keys, originals=originals, relations=keys, owners=owners, texts=texts)
        blend = blended(
            support,
            temperature=self.temperature,
            none_below=self.none_below,
            weight=self.settings.pictures,
            worth=self.worth,
        )
        below = self.settings.none_below
        return blend if below is None else replace(blend, none_below=np.full_like(blend.none_below, below))


class VisionLanguage:
    """Texts and class means of one episode, how they are blended, and their calibration.

    Raises:
        UserError: for an episode that `check` refuses; `template_bad`, `templates_many`; `description_script`,
            `class_undescribed` for a class with neither pictures nor text that the space reads.
    """

    def __init__(self, inputs: VisionLanguageInputs, episode: Episode, progress: Progress = quiet) -> None:
        started = time.perf_counter()
        self.inputs, self.episode, self.space = inputs, episode, inputs.space
        self.sentences = class_sentences(inputs, episode)
        self.texts = self.space.texts([balanced(*groups) for groups in self.sentences], progress)
        pictures = [example.picture for example in episode.support]
        self.keys, originals = self.space.embed(pictures, progress), inputs.originals(pictures, progress)
        owners = np.array([example.class_index for example in episode.support], dtype=int)
        self.blend = inputs.blended(keys=self.keys, originals=originals, owners=owners, texts=self.texts)
        self.temperature, self.none_below = float(self.blend.temperature), float(self.blend.none_below)
        (note,) = self.blend.notes()
        self.note = note | inputs.unfamiliar(episode.classes)
        self.directions, self.offsets = self.blend.directions(), self.blend.offsets()
        self.seconds = time.perf_counter() - started

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """Blended similarities, and probabilities from them."""
        started = time.perf_counter()
        embedded = self.space.embed(queries, progress)
        similarities = self.blend.similarities(embedded, embedded)
        return Scores(
            method=self.inputs.method,
            checkpoint=self.space.weights,
            settings=asdict(self.inputs.settings),
            seconds=self.seconds + time.perf_counter() - started,
            similarities=similarities.astype(np.float32),
            probabilities=self.blend.probabilities(similarities).astype(np.float32),
            none_below=self.none_below,
            pairs=(embedded @ self.keys.T).astype(np.float32) if len(self.keys) else None,
            note=self.note,
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """Where the class, or the phrase of the focus, is found on the query and on a support picture.

        The direction that is looked for is the blend of text and class mean. Words are those of the phrase, or of the
        class's own text.
        """
        if focus and focus.phrase:
            space = self.inputs.sentences
            directions = sentence_vector(space, focus.phrase)[None]
            words = word_contributions(space, focus.phrase, space.embed([query])[0])
            layer = direction_heatmap(
                space,
                picture=query,
                role="query",
                directions=directions,
                index=0,
                kind="phrase",
                contributions=words,
            )
            return Explanation(self.inputs.method, class_index, (layer,))
        vector = self.space.embed([query])[0]
        named, described = self.sentences[class_index]
        text = next(iter(described or named), "") if self.blend.weights[class_index] < 1 else ""
        words = word_contributions(self.space, text, vector) if text else ()
        layers = [
            direction_heatmap(
                self.space,
                picture=query,
                role="query",
                directions=self.directions,
                index=class_index,
                contributions=words,
            )
        ]
        shown = (focus and focus.support) or nearest(
            self.space, episode=self.episode, query=query, class_index=class_index
        )
        if shown is not None:
            layers.append(
                direction_heatmap(
                    self.space, picture=shown, role="support", directions=self.directions, index=class_index
                )
            )
        return Explanation(self.inputs.method, class_index, tuple(layers))


def sentences(
    space: ImageTextSpace, spec: ClassSpec, prompt_lines: tuple[str, ...], define: Define
) -> tuple[list[str], list[str]]:
    """Of a class's name in the templates and of its descriptions, those that the space reads."""
    described = tuple(text for text in spec.descriptions if space.reads(text))
    if not space.reads(spec.name):
        return [], list(described)
    return prompts(ClassSpec(spec.name, described), prompt_lines, tuple(define(spec.name)))


def class_sentences(inputs: VisionLanguageInputs, episode: Episode) -> list[tuple[list[str], list[str]]]:
    """What stands for each class of an episode.

    Raises:
        UserError: as of `VisionLanguage`.
    """
    episode.check()
    prompt_lines = templates(inputs.settings.templates)
    groups = [
        sentences(inputs.space, spec=spec, prompt_lines=prompt_lines, define=inputs.define) for spec in episode.classes
    ]
    for spec, texts, shots in zip(episode.classes, groups, episode.shots(), strict=True):
        if not shots and not any(texts):
            foreign = any(letter.isalpha() for text in (spec.name, *spec.descriptions) for letter in text)
            code = "description_script" if foreign else "class_undescribed"
            raise UserError(code, name=spec.name, method=inputs.title)
    return groups


def score_stack(inputs: VisionLanguageInputs, stack: Stack) -> list[Scores]:
    """The scores of stacked episodes' queries, without `pairs`."""
    support, queries = stack.embed(inputs.space.embed)
    ensembles = [[balanced(*groups) for groups in class_sentences(inputs, each)] for each in stack.episodes]
    texts = inputs.space.texts([ensemble for each in ensembles for ensemble in each])
    blend = inputs.blended(
        keys=support,
        originals=stack.support(inputs.originals),
        owners=stack.owners,
        texts=texts.reshape(len(ensembles), -1, texts.shape[-1]),
    )
    similarities = blend.similarities(queries, queries)
    return scores_of(
        Scored(
            method=inputs.method,
            checkpoint=inputs.space.weights,
            settings=asdict(inputs.settings),
            similarities=similarities,
            probabilities=blend.probabilities(similarities),
            none_below=blend.none_below,
            notes=[
                note | inputs.unfamiliar(each.classes) for note, each in zip(blend.notes(), stack.episodes, strict=True)
            ],
        )
    )
