"""Networks that were trained here, from their checkpoints, as backbones for the feature cache."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fsl_demo import checkpoints, runtime
from fsl_demo.backbones import engine
from fsl_demo.backbones.architecture import Architecture
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.picture_maps import placed
from fsl_demo.backbones.preprocessing import PREPROCESSINGS
from fsl_demo.checkpoints import Checkpoint, Source
from fsl_demo.checkpoints.card import NetworkArchitecture
from fsl_demo.core.episodes import Box, Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture


class TrainedNetwork:
    """A checkpoint's network. Attributes as of `EfficientNetLite0`.

    Args:
        source: its name, its folder, or as loaded.
        shuffle: seed by which the values of each weight tensor are shuffled, for controls; None leaves them.
        pictures: the frozen network that some checkpoints go on from.

    Attributes:
        source: the network whose maps this one reads, where it doesn't read pictures.
        embedder: the checkpoint that has the embedder; another one, where the card says so.

    Raises:
        UserError: what is wrong with the checkpoint, `card_incomplete` where its card does not say how the network is
            built; `card_differs` when the embedder is not the one that the card names.
    """

    def __init__(
        self, source: Source | Checkpoint, shuffle: int | None = None, pictures: EfficientNetLite0 | None = None
    ) -> None:
        self.checkpoint = self.embedder = checkpoints.load(source)
        card, name = self.checkpoint.card, self.checkpoint.name
        self.name, self.id, self.title = name, self.checkpoint.home.name, name
        self.weights = self.checkpoint.sha256
        if not isinstance(card.architecture, NetworkArchitecture) or card.channels is None or card.size is None:
            raise UserError("card_incomplete", name=name, reason="architecture, size and channels of a network")
        if card.architecture.preprocessing not in PREPROCESSINGS:
            reason = f"architecture.preprocessing: {card.architecture.preprocessing}"
            raise UserError("card_incomplete", name=name, reason=reason)
        self.architecture = Architecture(**card.architecture.model_dump())
        self.recipe = PREPROCESSINGS[self.architecture.preprocessing]
        self.channels, self.size = card.channels, card.size
        self.preprocessing = self.recipe.id
        self.source = (pictures or EfficientNetLite0()) if self.recipe.frozen else None
        if card.embedder is not None:
            self.embedder = checkpoints.refer(card.embedder, self.checkpoint)
            self.weights = f"{self.weights[:8]}{self.embedder.sha256[:8]}"
        if self.source is not None:
            self.weights = f"{self.weights[:8]}{self.source.weights[:8]}"
        if shuffle is not None:
            self.id, self.weights = f"{name}_shuffled", f"shuffled-{shuffle}-{self.weights}"
        self._shuffle = shuffle
        self._modules: dict[str, Any] = {}
        self._lock = threading.Lock()

    @property
    def sources(self) -> tuple[Checkpoint, ...]:
        """The checkpoints that it is made of."""
        return (self.checkpoint,) if self.embedder is self.checkpoint else (self.checkpoint, self.embedder)

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """All weights, the embedder's too, and the checkpoint's own defaults."""
        return {**self.embedder.arrays, **self.checkpoint.arrays}

    def load(self, progress: Progress = quiet) -> Any:
        """The `Embedder`, loaded once.

        Raises:
            UserError: `card_differs` when the weights do not fit the architecture on the card.
        """
        return self._part("embedder", progress)

    def attention(self, progress: Progress = quiet) -> Any:
        """The `CrossAttention` of a Cross Attention Network, loaded once.

        Raises:
            UserError: `card_differs`.
        """
        return self._part("attention", progress)

    def maps(self, images: Sequence[np.ndarray], progress: Progress = quiet) -> np.ndarray:
        """Embed prepared pictures, or the source's maps of them.

        Returns:
            float32 [N, channels, h, w], whose mean over positions is the vector.
        """
        embedder, given = self.load(progress), np.stack(images)
        if self.source is not None:
            given = np.moveaxis(placed(given, self.source.axes(progress)), 1, 3)
        with engine.computing():
            batch = self.recipe.tensor(given).to(runtime.device())
            return embedder.maps(batch).float().cpu().contiguous().numpy()

    def prepare(self, picture: Picture) -> np.ndarray:
        """Uint8 [stored, stored, colours]."""
        return self.recipe.prepare(picture)

    def seen(self, picture: Picture) -> Box:
        """The part of a picture that the network sees."""
        return self.recipe.seen(picture)

    def evidence(self, picture: Picture, directions: np.ndarray) -> np.ndarray:
        """Where a picture has what its cosines with directions rest on, for a network that reads pictures.

        The values of the last block but one, or what its CBAM lets through, times the gradient of the cosine, summed
        over the channels (HiResCAM, Draelos and Carin 2020, arXiv:2011.08891).

        Args:
            directions: [C, D].

        Returns:
            float32 [C, h, w].
        """
        import torch

        from fsl_demo.backbones.convolutional import channel_sums

        embedder = self.load()
        block = (_attention(embedder) or list(embedder.backbone.children()))[-2]
        _, values, vector = self._through(block, picture)
        cosines = torch.from_numpy(directions).to(vector) @ vector
        gradients = [torch.autograd.grad(cosine, values, retain_graph=True)[0] for cosine in cosines]
        counts = torch.stack([channel_sums(embedder.backbone, values * gradient) for gradient in gradients], 1).detach()
        laid = [view.back(count) for view, count in zip(embedder.views, counts, strict=True)]
        return torch.stack(laid).sum(0).cpu().numpy()

    def attended_channels(self, picture: Picture) -> np.ndarray:
        """How strongly the last CBAM attends to each of its channels on a picture, float32 [K], in (0, 1)."""
        last = _attention(self.load())[-1]
        given, _, _ = self._through(last, picture)
        return last.over_channels(given)[0].detach().cpu().numpy()

    def _through(self, block: Any, picture: Picture) -> tuple[Any, Any, Any]:
        """What a block is given of a picture, what it makes of that, and the picture's vector, with gradients."""
        import torch

        embedder, passes = self.load(), []

        def keep(_: Any, given: tuple[Any, ...], values: Any) -> None:
            if values.requires_grad:  # not what another thread embeds meanwhile
                passes.append((given[0], values))

        image = self.recipe.tensor(self.prepare(picture)[None]).to(runtime.device()).requires_grad_()
        with self._lock, block.register_forward_hook(keep), torch.enable_grad():
            vector = embedder(image)[0]
        return *passes[0], vector

    def _part(self, part: str, progress: Progress) -> Any:
        with self._lock:
            if part not in self._modules:
                progress("weights", 0, 1)
                self._modules[part] = self._build(part)
                progress("weights", 1, 1)
            return self._modules[part]

    def _build(self, part: str) -> Any:
        import torch

        from fsl_demo.backbones.embedder import Embedder
        from fsl_demo.layers.cross_attention import CrossAttention

        state = {
            name.removeprefix(f"{part}."): torch.from_numpy(np.array(array)).to(
                torch.float32 if array.dtype == np.float16 else None
            )
            for name, array in self.arrays.items()
            if name.startswith(f"{part}.")
        }
        if self._shuffle is not None:
            state = shuffled(state, self._shuffle)
        try:
            module: Any = Embedder(self.architecture) if part == "embedder" else CrossAttention(self.size)
            module.load_state_dict(state)
        except (KeyError, RuntimeError) as error:  # an unknown backbone; names or shapes that differ
            raise UserError("card_differs", name=self.name, part=part) from error
        if part == "embedder" and module.size != self.size:
            raise UserError("card_differs", name=self.name, part="size")
        return module.eval().requires_grad_(False).to(runtime.device())


def _attention(embedder: Any) -> list[Any]:
    """The network's CBAM modules, first block first."""
    from fsl_demo.layers.cbam import CBAM

    return [module for module in embedder.modules() if isinstance(module, CBAM)]


def shuffled(state: dict[str, Any], seed: int) -> dict[str, Any]:
    """Weights and running statistics with the values within each tensor in another order."""
    import torch

    random = torch.Generator().manual_seed(seed)
    return {
        name: value.flatten()[torch.randperm(value.numel(), generator=random)].view_as(value)
        for name, value in sorted(state.items())
    }
