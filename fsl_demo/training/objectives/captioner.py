"""What a captioner learns from what people said of pictures. Towers and language model stay.

First to foretell their words; then what it says itself is praised for being like what they say, against what else it
says (self-critical training: Rennie et al. 2017, arXiv:1612.00563; Luo 2020, arXiv:2003.09971).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from fsl_demo.backbones.captioners import IGNORED, PARTS, PICTURE, Captioning
from fsl_demo.training.batches import each_once
from fsl_demo.training.consensus import Consensus
from fsl_demo.training.setup import Objective

BATCH, CRITICAL_BATCH = 64, 100
SAMPLES = 8
"""Sentences that are compared with one another, of a picture."""
LONGEST = 24
"""Tokens of a sentence that is read or said."""
UNSAID = 0.02
"""What a noun costs that nobody said of the picture, as CIDEr counts."""
GROUP = 100
"""Pictures that are looked at together, where nothing is learned."""
_TURNED = np.concatenate(
    [
        np.arange(part.start, part.stop).reshape(side, side)[:, ::-1].ravel()
        for part, side in zip(PARTS, (9, 7), strict=True)
    ]
)


class CaptioningObjective(Objective):
    """A captioner, and how surprised it is by what people said of pictures, or how little they agree with it.

    Args:
        positions: of the pictures, [N, 130, 999].
        captions: tokens of the captions of each picture, equally many.
        consensus: of the same captions.
        critical_from: the epoch from which on its own sentences are praised; counted from 0.
    """

    positions: Tensor
    captions: Tensor

    def __init__(
        self,
        network: Captioning,
        positions: np.ndarray,
        captions: Sequence[Sequence[list[int]]],
        consensus: Consensus,
        critical_from: int,
    ) -> None:
        super().__init__()
        self.network, self.consensus, self.critical_from = network, consensus, critical_from
        self._critical = False
        self.register_buffer("positions", torch.from_numpy(positions), persistent=False)
        self.register_buffer("captions", padded(captions, network.language.end), persistent=False)

    def forward(self, numbers: Tensor, indices: Tensor) -> Tensor:
        """The loss of these pictures."""
        media = self.network.media(mirrored(self.positions[indices]))
        return self.criticised(media, indices) if self._critical else self.foretold(media, indices)

    def foretold(self, media: Tensor, indices: Tensor) -> Tensor:
        """The mean surprise at a token of their captions; some follow another picture and its caption."""
        device, captions = indices.device, self.captions[indices]
        count, each, _ = captions.shape
        odd, chosen = torch.arange(1, count, 2), torch.randint(each, (2, count))
        alone = torch.ones(count, each, dtype=torch.bool)
        alone[odd, chosen[0, odd]] = False
        rows = torch.arange(count * each).view(count, each)[alone].to(device)
        odd, chosen = odd.to(device), chosen.to(device)
        first, second = captions[odd - 1, chosen[1, odd - 1]], captions[odd, chosen[0, odd]]
        before, both = self._started(first), torch.stack([media[odd - 1], media[odd]], 1)
        texts = self._started(captions.flatten(0, 1)[rows])
        surprise, is_token = self.network.surprise(texts, media[rows // each][:, None])
        texts = _closed_up(torch.cat([before, self._started(second)], 1))
        second_surprise, is_second_token = self.network.surprise(texts, both)
        return (surprise.sum() + second_surprise.sum()) / (is_token.sum() + is_second_token.sum())

    def criticised(self, media: Tensor, indices: Tensor) -> Tensor:
        """How likely sentences are that are better or worse than the others about their picture."""
        network, end = self.network, self.network.language.end
        tokens = network.speak(media, LONGEST, SAMPLES)
        torch.clear_autocast_cache()  # it holds weights that nothing is learned through
        praise = self.praise(tokens.unflatten(0, (len(media), SAMPLES)), indices)
        advantage = (praise - praise.mean(1, keepdim=True)) * SAMPLES / (SAMPLES - 1)
        is_end = tokens == end
        sentences = tokens.masked_fill(is_end.cumsum(1) - is_end.long() > 0, IGNORED)
        surprise, is_wanted = network.surprise(self._started(sentences), media.repeat_interleave(SAMPLES, 0)[:, None])
        surprise, is_wanted = surprise[:, -LONGEST:], is_wanted[:, -LONGEST:]
        return (advantage.flatten()[:, None] * surprise).sum() / is_wanted.sum()

    def praise(self, tokens: Tensor, pictures: Tensor) -> Tensor:
        """Of sentences [N, S, L] about pictures [N]: [N, S]."""
        return self.consensus(tokens, pictures) - UNSAID * self.consensus.unsaid(tokens, pictures)

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        """Every picture once."""
        self._critical = epoch >= self.critical_from
        size = CRITICAL_BATCH if self._critical else BATCH
        return each_once(len(labels), size=min(size, len(labels)), seed=seed, epoch=epoch)

    def _started(self, captions: Tensor) -> Tensor:
        """Captions [N, L], each after its picture."""
        start = torch.tensor([PICTURE, self.network.language.end], device=captions.device)
        return torch.cat([start.expand(len(captions), 2), captions], 1)


def padded(captions: Sequence[Sequence[list[int]]], end: int) -> Tensor:
    """Tokens of captions, each with its end, the longest cut off: [N, captions, LONGEST at most]."""
    each = [torch.tensor([*caption, end][:LONGEST]) for texts in captions for caption in texts]
    return pad_sequence(each, True, IGNORED).unflatten(0, (len(captions), -1))


def _closed_up(tokens: Tensor) -> Tensor:
    """Texts [N, T] with what is ignored at their ends."""
    return tokens.gather(1, (tokens == IGNORED).int().sort(dim=1, stable=True).indices)


def statistics(positions: np.ndarray) -> tuple[Tensor, Tensor]:
    """Means [2, 999] and spreads [2] of either tower's pooled features: what `Captioning` takes off."""
    groups = [positions[start : start + GROUP] for start in range(0, len(positions), GROUP)]
    pooled = [np.concatenate([group[:, part].mean(1, np.float32) for group in groups]) for part in PARTS]
    means = np.stack([features.mean(0) for features in pooled])
    spreads = np.array([(features - mean).std() for features, mean in zip(pooled, means, strict=True)])
    return torch.from_numpy(means.astype(np.float32)), torch.from_numpy(spreads.astype(np.float32))


def mirrored(positions: Tensor) -> Tensor:
    """float32; half of the pictures with left and right exchanged, which the towers hardly mind."""
    turned = positions[:, torch.from_numpy(_TURNED).to(positions.device)]
    return torch.where(torch.rand(len(positions), 1, 1, device=positions.device) < 0.5, turned, positions).float()


@torch.inference_mode()
def agreement(network: Captioning, positions: Tensor, consensus: Consensus) -> float:
    """Mean CIDEr-D of the likeliest words about the first pictures of a consensus, [N, 130, 999]."""
    network.eval()
    device, scores = network.mean.device, []
    consensus.to(device)
    for numbers in torch.arange(len(positions)).split(GROUP):
        media = network.media(positions[numbers].to(device).float())
        scores.append(consensus(network.speak(media, LONGEST)[:, None], numbers.to(device)))
    return float(torch.cat(scores).mean())
