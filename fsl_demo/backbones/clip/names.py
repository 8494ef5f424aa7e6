"""What CLIP weights are called, where they lie on this machine, and which ones there are to download.

Names are of five forms, of which the last four need no download:

    ARCHITECTURE/TAG        weights that open_clip knows, in `folder()` once they are downloaded
    ARCHITECTURE/TAG:FILE   the same weights in a file of one's own
    ARCHITECTURE:FILE       other weights of an architecture that open_clip knows
    local-dir:FOLDER        a folder with open_clip_config.json and the weights, and its tokenizer if it has its own
    adapted:CHECKPOINT      weights with the change that was fine-tuned, in the version in use or CHECKPOINT@VERSION

A file is .safetensors, or a state dict as .pt, .pth or .bin.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fsl_demo import checkpoints
from fsl_demo.checkpoints import Source
from fsl_demo.core.errors import UserError

LOCAL_DIR, ADAPTED = "local-dir:", "adapted:"
SUFFIXES = (".safetensors", ".bin", ".pt", ".pth")


@dataclass(frozen=True)
class ClipName:
    """A name taken apart.

    Attributes:
        architecture: as open_clip calls it; empty for a folder that says so itself.
        tag: of the weights, if they are open_clip's.
        path: the file or folder that was named, if any.
        checkpoint: of the change, where there is one; then the rest is empty.
    """

    architecture: str
    tag: str
    path: Path | None
    checkpoint: str = ""

    @classmethod
    def parse(cls, text: str) -> ClipName:
        """Take a name apart; whether there are such weights is another question.

        Raises:
            UserError: `clip_name`.
        """
        text = text.strip()
        if text.startswith(ADAPTED) and text != ADAPTED:
            return cls("", "", None, checkpoint=text.removeprefix(ADAPTED))
        if text.startswith(LOCAL_DIR) and text != LOCAL_DIR:
            return cls("", "", _path(text.removeprefix(LOCAL_DIR)))
        parts = re.fullmatch(r"(?P<architecture>\w[\w.-]*)(?:/(?P<tag>\w[\w.-]*))?(?::(?P<path>.+))?", text)
        if parts is None or not (parts["tag"] or parts["path"]):
            raise UserError("clip_name", name=text)
        path = _path(parts["path"]) if parts["path"] else None
        return cls(parts["architecture"], (parts["tag"] or "").lower().replace("-", "_"), path)

    def __str__(self) -> str:
        if self.checkpoint:
            return f"{ADAPTED}{self.checkpoint}"
        if not self.architecture:
            return f"{LOCAL_DIR}{self.path}"
        return self.architecture + (f"/{self.tag}" if self.tag else "") + (f":{self.path}" if self.path else "")

    @property
    def source(self) -> Source:
        """The checkpoint of the change."""
        return Path(self.checkpoint) if Path(self.checkpoint).is_absolute() else self.checkpoint

    @property
    def names_file(self) -> bool:
        """Whether it says where on this machine a file or folder is."""
        return self.path is not None or isinstance(self.source, Path)

    @property
    def downloads(self) -> bool:
        """Whether the weights are ones to download."""
        return self.path is None and not self.checkpoint

    def stem(self) -> Path:
        """Where downloaded weights lie, without the suffix."""
        return folder() / self.architecture / self.tag

    def local_path(self) -> Path | None:
        """The file or folder, if it is on this machine; of a change, the checkpoint's folder."""
        if self.checkpoint:
            with suppress(UserError):
                return checkpoints.load(self.source).home
            return None
        if self.path is not None:
            with suppress(OSError, ValueError):  # a name that no file can have
                return self.path if (self.path.is_file() if self.architecture else self.path.is_dir()) else None
            return None
        return next((file for suffix in SUFFIXES if (file := with_suffix(self.stem(), suffix)).is_file()), None)


@dataclass(frozen=True)
class Offer:
    """Weights to download.

    Attributes:
        megabytes: as float32, by the architecture's parameters; None where nobody has counted, until the server says.
        licence: as the model's page stated it when this list was made; None where it has to be looked up there.
    """

    name: str
    megabytes: int | None = None
    licence: str | None = None


OFFERS = (
    Offer("ViT-B-32/laion2b_s34b_b79k", 605, "MIT"),
    Offer("ViT-B-32/datacomp_xl_s13b_b90k", 605, "MIT"),
    Offer("ViT-B-32-quickgelu/openai", 605),
    Offer("ViT-B-16/laion2b_s34b_b88k", 598, "MIT"),
    Offer("ViT-B-16-quickgelu/openai", 598, "Apache-2.0"),
    Offer("MobileCLIP-S1/datacompdr", 340, "apple-amlr"),
    Offer("MobileCLIP-S2/datacompdr", 397, "apple-amlr"),
)
"""Sensible ones for a laptop; every other ARCHITECTURE/TAG of open_clip's can be downloaded, too."""
DEFAULT = OFFERS[0].name


def offer(name: ClipName) -> Offer:
    """What is known of weights before they are downloaded."""
    return next((known for known in OFFERS if known.name == str(name)), Offer(str(name)))


def folder() -> Path:
    """Holds what is downloaded, for all workspaces of a person."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "fsl_demo" / "weights"


def with_suffix(stem: Path, suffix: str) -> Path:
    """Tags may have dots in them, which `Path.with_suffix` takes for a suffix."""
    return stem.with_name(stem.name + suffix)


def _path(text: str) -> Path:
    with suppress(RuntimeError):  # somebody's home who is not there
        return Path(text).expanduser()
    return Path(text)
