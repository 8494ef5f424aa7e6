"""What an episode's document has to hold, field by field; whatever else is in it is left alone."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from fsl_demo.core.episodes import MAX_NAME, LabelSource
from fsl_demo.core.json_values import Finite, Plain
from fsl_demo.core.regions import MAX_BOXES, RegionSource

KIND = "few-shot episode, version 1"
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Index = Annotated[int, Field(ge=0)]
Position = Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]
Row = list[Finite]
DrawnBox = Annotated[list[Finite], Field(min_length=4, max_length=4)]
Boxes = Annotated[list[DrawnBox], Field(max_length=MAX_BOXES)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class ClassPart(_Part):
    name: str
    descriptions: list[str]


class CaptionPart(_Part):
    text: str
    score: Finite
    fit: Finite
    doubtful: bool


class DescribedPart(_Part):
    captioner: str
    weights: str
    captions: Annotated[list[CaptionPart], Field(min_length=1)]


class PicturePart(_Part):
    file: str
    name: str
    sha256: str
    original_sha256: str
    captions: list[DescribedPart] = []


class SupportPart(PicturePart):
    class_index: Annotated[Index, Field(alias="class")]
    boxes: Boxes = []


class LabelPart(_Part):
    class_index: Index | None
    annotator: str
    source: LabelSource
    suggestion: Index | None
    seconds: Seconds


class RegionPart(_Part):
    box: DrawnBox
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    annotator: str
    source: RegionSource


class RunPart(_Part):
    method: str
    checkpoint: str
    settings: dict[str, Plain]
    note: dict[str, Plain] = {}
    device: str
    seconds: Seconds
    none_below: Finite | Literal["nan", "inf", "-inf"]
    similarities: list[Row]
    probabilities: list[Row]
    pairs: list[Row] | None


class DocumentPart(_Part):
    kind: Literal["few-shot episode, version 1"]
    title: str
    classes: list[ClassPart]
    support: list[SupportPart]
    queries: list[PicturePart]
    labels: dict[Position, LabelPart]
    runs: list[RunPart]
    regions: dict[Position, Annotated[list[RegionPart], Field(max_length=MAX_BOXES)]] = {}
