"""CLIP (Radford et al. 2021, arXiv:2103.00020) through open_clip: pictures and texts to vectors of one space."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from fsl_demo import runtime
from fsl_demo.backbones import engine
from fsl_demo.backbones.clip import files as clip_files
from fsl_demo.backbones.clip import loading as clip_loading
from fsl_demo.backbones.clip import positions as clip_positions
from fsl_demo.backbones.clip.files import ClipFiles
from fsl_demo.backbones.clip.loading import Parts
from fsl_demo.backbones.clip.names import ClipName
from fsl_demo.backbones.trained import shuffled
from fsl_demo.core.episodes import Box, Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture

BATCH = 64


class Clip:
    """A frozen model, both towers, for the feature cache. A picture's vector is a map of one position.

    Attributes as of `EfficientNetLite0`; `weights`, `preprocessing` and `channels` are read off the files.

    Args:
        name: as `clip_names` has it.
        shuffle: seed by which the values of each weight tensor are shuffled, for controls; None leaves them.

    Raises:
        UserError: `clip_name`; every use but `id` and `title` raises what `clip_files.locate` does, too.
    """

    source = None

    def __init__(self, name: str, shuffle: int | None = None) -> None:
        self.name = ClipName.parse(name)
        self.title = str(self.name)
        self.id = f"open_clip-{self.name.architecture or 'local-dir'}"
        self._shuffle = shuffle
        self._parts: Parts | None = None
        self._lock = threading.Lock()

    @cached_property
    def files(self) -> ClipFiles:
        """The weights and what goes with them."""
        return clip_files.locate(self.name)

    @property
    def weights(self) -> str:
        sha256 = self.files.sha256
        return sha256 if self._shuffle is None else f"shuffled-{self._shuffle}-{sha256}"

    @property
    def preprocessing(self) -> str:
        recipe, size = self.files.recipe, self.files.config["vision_cfg"].get("image_size", 224)
        return "-".join([str(size), *(f"{recipe[key]}".replace(" ", "") for key in sorted(recipe))])

    @property
    def channels(self) -> int:
        return int(self.files.config["embed_dim"])

    @property
    def positions(self) -> ClipPositions:
        """The same network, with a vector for each position of a picture."""
        return ClipPositions(self)

    def load(self, progress: Progress = quiet) -> Parts:
        """Everything, loaded once. No request is made, and no weight is left as it was drawn.

        Raises:
            UserError: `clip_damaged`, `clip_other_architecture`, `clip_tokenizer`.
        """
        files = self.files
        with self._lock:
            if self._parts is None:
                progress("weights", 0, 1)
                parts = clip_loading.load(files, self.name)
                self.change(parts.network)
                if self._shuffle is not None:
                    parts.network.load_state_dict(shuffled(parts.network.state_dict(), self._shuffle))
                self._parts = parts
                progress("weights", 1, 1)
            return self._parts

    def change(self, network: Any) -> None:
        """What is done to the weights once they are loaded; nothing here."""

    def prepare(self, picture: Picture) -> np.ndarray:
        """The weights' own preprocessing: float32 [3, side, side]."""
        return self.load().transform(picture.image()).numpy()

    def maps(self, images: Sequence[np.ndarray], progress: Progress = quiet) -> np.ndarray:
        """open_clip's `encode_image` of prepared pictures, float32 [N, channels, 1, 1]."""
        network = self.load(progress).network
        return self.run(network.encode_image, images)[:, :, None, None]

    def encode(self, texts: Sequence[str], progress: Progress = quiet) -> np.ndarray:
        """open_clip's `encode_text` at length 1, float32 [N, channels]; long texts are cut as the tokenizer does."""
        import torch

        network, _, tokenizer = self.load(progress)
        embeddings = []
        with torch.inference_mode():
            for start in range(0, len(texts), BATCH):
                progress("embed", start, len(texts))
                tokens = tokenizer(list(texts[start : start + BATCH])).to(runtime.device())
                embeddings.append(network.encode_text(tokens, normalize=True).float().cpu().numpy())
        return np.concatenate(embeddings)

    def scale(self, progress: Progress = quiet) -> float:
        """What the model multiplies cosines with before the softmax."""
        return float(self.load(progress).network.logit_scale.exp())

    def reads_english_only(self) -> bool:
        """Whether texts go through OpenAI's tokenizer: no other script was ever trained with it."""
        text = self.files.config["text_cfg"]
        return not (text.get("hf_tokenizer_name") or text.get("hf_model_name"))

    def seen(self, picture: Picture) -> Box:
        """The part of a picture that the network sees; beyond its edges, below 0 and above 1, where it is padded."""
        shape = self.load().network.visual.preprocess_cfg
        if shape["resize_mode"] == "squash":
            return (0.0, 0.0, 1.0, 1.0)
        height, width = np.broadcast_to(shape["size"], 2).tolist()
        fits = max if shape["resize_mode"] == "shortest" else min
        scale = fits(width / picture.width, height / picture.height)
        across, down = width / (scale * picture.width), height / (scale * picture.height)
        return ((1 - across) / 2, (1 - down) / 2, (1 + across) / 2, (1 + down) / 2)

    @staticmethod
    def run(function: Any, images: Sequence[np.ndarray]) -> np.ndarray:
        """A function of a batch of prepared pictures, without gradients, as float32."""
        with engine.computing():
            return function(engine.placed(np.stack(images))).float().cpu().contiguous().numpy()


class ClipPositions:
    """A `Clip` whose maps are `clip_positions.dense`, for the feature cache."""

    source = None

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self.id, self.title = f"{clip.id}-positions", clip.title

    @property
    def weights(self) -> str:
        return self.clip.weights

    @property
    def preprocessing(self) -> str:
        return self.clip.preprocessing

    @property
    def channels(self) -> int:
        return self.clip.channels

    def prepare(self, picture: Picture) -> np.ndarray:
        return self.clip.prepare(picture)

    def maps(self, images: Sequence[np.ndarray], progress: Progress = quiet) -> np.ndarray:
        """Float32 [N, channels, h, w].

        Raises:
            UserError: `clip_no_map`.
        """
        tower = self.clip.load(progress).network.visual
        dense = clip_positions.dense(tower)
        if dense is None:
            raise UserError("clip_no_map", name=self.title)
        return self.clip.run(dense, images)
