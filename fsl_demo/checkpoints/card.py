"""What a card may say, field by field. A card comes from a file, so everything in it is bounded and checked.

A new field is welcome without a change here, as long as it is plain JSON; what the program reads is declared.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, JsonValue, Tag, ValidationError, model_validator
from pydantic_core import from_json

from fsl_demo.core.errors import UserError

LARGEST = 256 * 1024
"""Bytes of a card."""
DEEPEST, LONGEST = 12, 4_000
"""Levels of nesting, and characters of a text."""
NETWORK_FIELDS = {"method", "architecture", "size", "channels", "embedder", "language_model"}
"""What is needed to build the network again."""

Text = Annotated[str, Field(max_length=LONGEST)]
Share = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Side = Annotated[int, Field(ge=1, le=64)]


class Part(BaseModel):
    """A part of a card. Other fields are kept as they are."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)


class Strict(BaseModel):
    """A part of a card that has these fields and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NetworkArchitecture(Strict):
    """Arguments of `backbones.architecture.Architecture`."""

    backbone: Text
    preprocessing: Text
    dimension: Annotated[int, Field(ge=0, le=8192)]
    cbam: bool = False
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    weighted: bool = False
    mirrored: bool = False
    shifted: bool = False
    members: Annotated[int, Field(ge=1, le=16)] = 1
    windows: bool = False


class LanguageArchitecture(Strict):
    """Arguments of `backbones.language_model.network`."""

    vocabulary: Annotated[int, Field(ge=1, le=500_000)]
    width: Annotated[int, Field(ge=1, le=8192)]
    layers: Annotated[int, Field(ge=1, le=200)]
    heads: Annotated[int, Field(ge=1, le=256)]
    hidden: Annotated[int, Field(ge=1, le=65_536)]

    @property
    def parameters(self) -> int:
        """Fewer than the network has."""
        return self.vocabulary * self.width + self.layers * self.width * (2 * self.width + 3 * self.hidden)


class PrefixArchitecture(Strict):
    """Arguments of `backbones.captioners.PrefixNetwork`."""

    network: Literal["prefix"]
    tokens: Annotated[int, Field(ge=1, le=64)]
    hidden: Annotated[int, Field(ge=1, le=4096)]
    adapter: Annotated[int, Field(ge=0, le=4096)] = 0


class GatedArchitecture(Strict):
    """Arguments of `backbones.captioners.GatedNetwork`."""

    network: Literal["gated"]
    latents: Annotated[int, Field(ge=1, le=256)]
    heads: Annotated[int, Field(ge=1, le=64)]


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        kinds = {"prefix": "prefix", "gated": "gated"}
        return "language" if "vocabulary" in value else kinds.get(str(value.get("network")), "network")
    kinds_of_models = {
        LanguageArchitecture: "language",
        PrefixArchitecture: "prefix",
        GatedArchitecture: "gated",
    }
    return next((kind for model, kind in kinds_of_models.items() if isinstance(value, model)), "network")


AnyArchitecture = Annotated[
    Annotated[Text, Tag("text")]
    | Annotated[NetworkArchitecture, Tag("network")]
    | Annotated[LanguageArchitecture, Tag("language")]
    | Annotated[PrefixArchitecture, Tag("prefix")]
    | Annotated[GatedArchitecture, Tag("gated")],
    Discriminator(_kind),
]
"""Arguments of a network, or a description of one that is always built in the same way."""


class Reference(Strict):
    """Another checkpoint, as it was when this one was made: its name in a folder of checkpoints, and its hash."""

    name: Text
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{1,64}$")]


class CollectionReference(Strict):
    """The frozen version of a collection that a checkpoint was fine-tuned on."""

    name: Text
    number: Annotated[int, Field(ge=1)]
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Pictures(Part):
    """How many pictures each part of the data has."""

    train: Count
    validation: Count | None = None


class ValidationFigure(Part):
    """What the epoch was chosen by: an accuracy, or a probability of tokens."""

    what: Text | None = None
    accuracy: Share | None = None
    probability: Share | None = None
    epoch: Count | None = None


class MeasuredFigure(Part):
    """A measured figure with its interval and its command; several figures at once, as of recall at 1, 5 and 10."""

    what: Text | None = None
    data: Text | None = None
    accuracy: Share | list[Share] | None = None
    low: Share | list[Share] | None = None
    high: Share | list[Share] | None = None
    command: Text | None = None


class Figures(Part):
    validation: ValidationFigure | None = None
    test: list[MeasuredFigure] = []


class Card(Part):
    """What a checkpoint is, how it was made and what it reached.

    Attributes:
        name: of the checkpoint, when it was made.
        method: the method, or the captioner, that it is for.
        size, channels: of the maps.
        embedder, language_model: other checkpoints that it needs.
        base: weights of CLIP that it changes, by the name that they had then.
        start, collection: the version that a fine-tuned checkpoint began with, and what it was tuned on.
        fold: of the data.
        command: makes it again.
        recipe: options of the training.
        figures: what was measured.
        parameters, bytes, sha256: of `model.safetensors`.
    """

    name: Text
    title: Text | None = None
    method: Text | None = None
    architecture: AnyArchitecture | None = None
    embedder: Reference | None = None
    language_model: Reference | None = None
    base: Reference | None = None
    start: Reference | None = None
    collection: CollectionReference | None = None
    size: tuple[Side, Side] | None = None
    channels: Annotated[int, Field(ge=1, le=65_536)] | None = None
    data: Text | None = None
    fold: Count | None = None
    split: Text | None = None
    pictures: Pictures | None = None
    seed: int | None = None
    command: Text | None = None
    recipe: dict[str, JsonValue] | None = None
    preprocessing: Text | None = None
    figures: Figures | list[dict[str, JsonValue]] | None = None
    training_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    machine: Text | None = None
    pretraining: Text | None = None
    parameters: Count
    bytes: Count
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

    @model_validator(mode="after")
    def _no_larger_than_its_weights(self) -> Self:
        if isinstance(self.architecture, LanguageArchitecture) and self.architecture.parameters > self.parameters:
            raise ValueError("the architecture is larger than the weights")
        return self

    def as_dict(self) -> dict[str, Any]:
        """The fields that were given, as plain values."""
        return self.model_dump(exclude_unset=True)


def parse(data: bytes, name: str) -> Card:
    """Read a card.

    Raises:
        UserError: `weights_differ` where it is no JSON object; `card_incomplete` where it does not say how the network
            is built; `card_bad` where it is too large or deep, or another field is wrong.
    """
    if len(data) > LARGEST:
        raise UserError("card_bad", name=name, reason=f"it has more than {LARGEST // 1024} kB")
    try:
        fields = from_json(data)
    except ValueError as error:
        if "recursion" in str(error):
            raise UserError("card_bad", name=name, reason=f"it is nested more than {DEEPEST} deep") from error
        raise UserError("weights_differ", name=name) from error
    if not isinstance(fields, dict):
        raise UserError("weights_differ", name=name)
    if reason := _out_of_bounds(fields):
        raise UserError("card_bad", name=name, reason=reason)
    try:
        return Card.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        code = "card_incomplete" if NETWORK_FIELDS.intersection(first["loc"][:1]) else "card_bad"
        reason = f"{place}: {first['msg']}" if place else first["msg"]
        raise UserError(code, name=name, reason=reason) from error


def _out_of_bounds(value: object, depth: int = 0) -> str:
    """What is too deep, too long, not finite or not printable; an empty text for nothing."""
    if depth > DEEPEST:
        return f"it is nested more than {DEEPEST} deep"
    if isinstance(value, str):
        if len(value) > LONGEST:
            return f"a text has more than {LONGEST} characters"
        return "" if value.isprintable() else "a text has characters that cannot be shown"
    if isinstance(value, float):
        return "" if abs(value) < float("inf") else "a number is not finite"
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return next(filter(None, (_out_of_bounds(part, depth + 1) for part in inner)), "")
