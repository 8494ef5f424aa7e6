"""What a person asks for: a method, a frozen version, a checkpoint to begin with, and options of the training."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fsl_demo import checkpoints
from fsl_demo.backbones.clip import adapter
from fsl_demo.checkpoints import Source
from fsl_demo.core.collections import FrozenCollection
from fsl_demo.store import Workspace

FOLDER = "finetunings"
Text = Annotated[str, Field(max_length=4_000)]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class FinetuneOptions(BaseModel):
    """In place of the method's own; None leaves them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    seed: int = Field(default=0, ge=0, le=2**31)
    epochs: int | None = Field(default=None, ge=1, le=10_000)
    rate: float | None = Field(default=None, gt=0, le=10)
    patience: int | None = Field(default=None, ge=1, le=10_000)

    def arguments(self) -> list[str]:
        """As the command line has them; what was left is left out."""
        given = self.model_dump(exclude_defaults=True)
        return [part for name, value in given.items() for part in (f"--{name}", str(value))]


class FinetuneRequest(BaseModel):
    """A fine-tuning, with everything that its result depends on.

    Attributes:
        collection, number, digest: the frozen version.
        start, sha256: the version of a checkpoint to begin with, as NAME@VERSION or as a folder@VERSION, and its hash.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Text
    collection: Text
    number: Annotated[int, Field(ge=1)]
    digest: Hash
    start: Text
    sha256: Hash
    options: FinetuneOptions = FinetuneOptions()

    @property
    def id(self) -> str:
        """The same for the same request, wherever collection and checkpoint are and whatever they are called."""
        depends = [self.method, self.digest, self.sha256, self.options.model_dump_json()]
        return hashlib.sha256("\n".join(depends).encode()).hexdigest()[:16]

    @property
    def source(self) -> Source:
        """The version to begin with."""
        return Path(self.start) if Path(self.start).is_absolute() else self.start

    @property
    def frozen(self) -> str:
        """The frozen version, NAME@NUMBER."""
        return f"{self.collection}@{self.number}"

    @property
    def command(self) -> str:
        """Asks for the same on the command line."""
        words = ["finetune", self.method, "--collection", self.frozen, "--from", self.start]
        return shlex.join(["python", "-m", "fsl_demo", *words, *self.options.arguments()])


def requested(
    method: str, collection: FrozenCollection, start: Source, options: FinetuneOptions | None = None
) -> FinetuneRequest:
    """A request for the version of the checkpoint that is named or in use.

    Args:
        start: for `clip`, weights as `backbones.clip.names` has them, too; a checkpoint holds the changes of them.

    Raises:
        UserError: what is wrong with the checkpoint, or the weights.
    """
    if method == adapter.METHOD and isinstance(start, str) and adapter.names_weights(start):
        start = adapter.plain(start)
    checkpoint = checkpoints.load(start)
    return FinetuneRequest(
        method=method,
        collection=collection.name,
        number=collection.number,
        digest=collection.digest,
        start=str(checkpoints.source_of(checkpoint.home, checkpoint.version)),
        sha256=checkpoint.sha256,
        options=options or FinetuneOptions(),
    )


def folder_of(workspace: Workspace, request: FinetuneRequest) -> Path:
    """Where it is carried out."""
    return workspace.folder / FOLDER / request.id
