"""One method, several checkpoints: which one suits the pictures at hand, and why.

With two or more pictures of every class each support picture is held out in turn, and the variant that puts most of
them right is taken. With one there is nothing to hold out: how the pictures look decides.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from fsl_demo import checkpoints
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.capabilities import Capability
from fsl_demo.core.episodes import Episode, Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.settings import Settings, choice, none_below
from fsl_demo.inference import faces

GREY = 8
"""Mean difference of colour channels, of 255, up to which a picture counts as grey."""
INKED, BLANK = 0.6, 0.22
"""A grey picture counts as ink with this share of pixels near black or white, and up to this deviation at its edge."""
SIDE = 64

HeldOut = Callable[[Source, Progress], np.ndarray]
"""From a checkpoint to the probabilities of held-out support pictures, [S, C]; NaN where nothing else is left."""


@dataclass(frozen=True)
class Variant:
    """A checkpoint for one kind of pictures.

    Attributes:
        id: the kind: "digits", "characters", "faces", "photographs".
        proposed: whether it may be chosen for anybody who did not ask for it.
    """

    id: str
    checkpoint: Source
    proposed: bool = True


@dataclass(frozen=True)
class Variants:
    """The checkpoints of a method: those that it names, and those that somebody has trained for it.

    Attributes:
        method: whose checkpoints of the folder are variants too, under their own names; None for no others.
    """

    named: tuple[Variant, ...] = ()
    method: str | None = None

    def known(self) -> tuple[Variant, ...]:
        """Those that there are now. The folder is looked at each time."""
        names = {variant.checkpoint for variant in self.named}
        others = [
            entry.name
            for entry in (checkpoints.catalogue() if self.method else ())
            if entry.card and entry.card.method == self.method and entry.name not in names
        ]
        return (*self.named, *(Variant(name, name) for name in others))


class HasVariants(Capability):
    """A method that has several checkpoints."""

    variants: Variants


class HasCheckpoint(Capability):
    """A method that has one checkpoint."""

    @abstractmethod
    def of(self, checkpoint: Source) -> Self:
        """The same method with another checkpoint."""


def weights_of(networks: Networks, variants: Sequence[Variant], asked: str | None) -> str:
    """Hashes of the weights of all variants that may be chosen, joined by "+", but for those that can't be read."""
    hashes = []
    for variant in variants:
        if variant.id == asked or (asked is None and variant.proposed):
            with suppress(UserError):
                hashes.append(networks.trained(variant.checkpoint).weights[:16])
    return "+".join(hashes)


def variant_setting(variants: Variants) -> Any:
    """The field of methods that have variants."""
    return choice(
        lambda: (variant.id for variant in variants.known()),
        label="Trained on",
        help="The kind of pictures that the network knows.",
    )


@dataclass(frozen=True)
class VariantSettings(Settings):
    """Settings of methods that have variants; each gives `variant` its own choices.

    Attributes:
        variant: the kind of pictures; None lets the method choose.
        none_below: similarity under which a query is unlike the examples; None lets the method choose.
    """

    variant: str | None = variant_setting(Variants())
    none_below: float | None = none_below()


def choose(
    variants: Sequence[Variant], asked: str | None, episode: Episode, held_out: HeldOut, progress: Progress = quiet
) -> tuple[Variant, Mapping[str, Any]]:
    """The variant to use, and a note that says why.

    Raises:
        UserError: `setting_bad` for a variant that is not there.

    Returns:
        The variant; "variant", "reason" ("asked", "only", "held_out", "looks") and, for "held_out", the "accuracy" of
        each variant, and under "faulty" what is wrong with those that could not be tried.

    Raises:
        UserError: `setting_bad` for a variant that is not there; what is wrong with the only one, or with all.
    """
    known = {variant.id: variant for variant in variants}
    if asked is not None:
        if asked not in known:
            reason = UserError("reason_choice", known=", ".join(known))
            raise UserError("setting_bad", name="variant", value=asked, reason=reason)
        return known[asked], {"variant": asked, "reason": "asked"}
    proposed = [variant for variant in variants if variant.proposed]
    if len(proposed) == 1:
        return proposed[0], {"variant": proposed[0].id, "reason": "only"}
    if min(episode.shots()) < 2:
        return _by_looks(proposed, episode)
    owners = np.array([example.class_index for example in episode.support])
    ranked: list[tuple[float, float, Variant]] = []
    faults: dict[str, UserError] = {}
    for variant in proposed:
        try:
            probabilities = held_out(variant.checkpoint, progress)
        except UserError as error:
            faults[variant.id] = error
            continue
        rows = np.flatnonzero(~np.isnan(probabilities).any(axis=1))
        if not len(rows):
            return _by_looks(proposed, episode)
        accuracy = float((probabilities[rows].argmax(axis=1) == owners[rows]).mean())
        likelihood = float(np.log(probabilities[rows, owners[rows]] + 1e-12).mean())
        ranked.append((accuracy, likelihood, variant))
    if not ranked:
        raise next(iter(faults.values()))
    best = max(ranked, key=lambda trial: trial[:2])[2]
    accuracies = {variant.id: round(accuracy, 4) for accuracy, _, variant in ranked}
    faulty = {"faulty": {name: str(error) for name, error in faults.items()}} if faults else {}
    return best, {"variant": best.id, "reason": "held_out", "accuracy": accuracies, **faulty}


def _by_looks(proposed: Sequence[Variant], episode: Episode) -> tuple[Variant, Mapping[str, Any]]:
    kind = looks_like([example.picture for example in episode.support])
    alike = next((variant for variant in proposed if variant.id == kind), proposed[-1])
    return alike, {"variant": alike.id, "reason": "looks"}


def looks_like(pictures: Sequence[Picture]) -> str:
    """What most pictures look like: "characters" (ink on paper), "faces" (a face fills them) or "photographs"."""
    kinds = [_kind(picture) for picture in pictures]
    return max(dict.fromkeys(kinds), key=kinds.count)


def _kind(picture: Picture) -> str:
    if picture.sha256 not in _kinds:
        _kinds[picture.sha256] = _look(picture)
    return _kinds[picture.sha256]


_kinds: dict[str, str] = {}
"""What pictures look like, by hash, once somebody has looked."""


def _look(picture: Picture) -> str:
    pixels = np.asarray(picture.preview().resize((SIDE, SIDE)), dtype=np.float32)
    grey = pixels.mean(axis=2)
    place = (grey - grey.min()) / max(float(np.ptp(grey)), 1.0)
    edge = np.concatenate([place[0], place[-1], place[:, 0], place[:, -1]])
    inked = float(((place < 0.2) | (place > 0.8)).mean()) >= INKED
    blank = float(np.abs(edge - np.median(edge)).mean()) <= BLANK
    if inked and blank and float(np.ptp(pixels, axis=2).mean()) <= GREY:
        return "characters"
    return "faces" if faces.is_face(picture) else "photographs"
