"""CIDEr-D (Vedantam et al. 2015) of sentences of tokens, many at once on any device: what a captioner is praised for.

Words are told apart by hashes, so that all is done by tensors; `evaluation.captions` has the same measure of texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

ORDERS = 4
SPREAD = 6.0
"""Words by which a sentence may be too long or too short before it counts much less."""
_FACTORS = np.random.default_rng(0).integers(-(2**62), 2**62, 512) | 1


@dataclass(frozen=True)
class NGrams:
    """N-grams of sentences [..., S], by their order and where they begin, [..., S, ORDERS, W] each.

    Attributes:
        hashes: 0 where there is none.
        counts: how often it is in its sentence.
        weights: the square of how rare it is; 0 where there is none.
        lengths: of sentences in words, [..., S].
    """

    hashes: Tensor
    counts: Tensor
    weights: Tensor
    lengths: Tensor

    @property
    def norms(self) -> Tensor:
        """Lengths of the vectors of sentences, [..., S, ORDERS]."""
        return (self.counts * self.weights).sum(-1).sqrt()


class Consensus(nn.Module):
    """What people said of pictures, and how near other sentences are to it.

    Args:
        captions: tokens of the captions of each picture, equally many.
        begins: whether each token of the vocabulary begins a word, [V].
        end: the token that ends a sentence. It counts as a word: else half a sentence would do.
        nouns: tokens of words that stand for something.
        known: has seen the captions by which n-grams are rare, in place of these.
    """

    begins: Tensor
    factors: Tensor
    references: Tensor
    lengths: Tensor
    table: Tensor
    rarity: Tensor
    nouns: Tensor

    def __init__(
        self,
        captions: Sequence[Sequence[list[int]]],
        begins: Tensor,
        end: int,
        nouns: Sequence[list[int]] = (),
        known: Consensus | None = None,
    ) -> None:
        super().__init__()
        self._end = end
        self._keep(begins=begins, factors=torch.from_numpy(_FACTORS))
        references, lengths = self._hashed(self._padded([caption for five in captions for caption in five]))
        references, lengths = (value.unflatten(0, (len(captions), -1)) for value in (references, lengths))
        table, rarity = (known.table, known.rarity) if known else _rarity(references)
        words = self._hashed(self._padded([[], *nouns]))[0][1:, 0, 0]
        self._keep(references=references, lengths=lengths, table=table, rarity=rarity, nouns=words.sort().values)

    def forward(self, tokens: Tensor, pictures: Tensor) -> Tensor:
        """CIDEr-D of sentences [N, S, L] about pictures [N]: [N, S]."""
        ours = self._n_grams(*self._hashed(tokens))
        theirs = self._n_grams(self.references[pictures], self.lengths[pictures])
        shared = ours.hashes[:, :, None, :, :, None] == theirs.hashes[:, None, :, :, None, :]
        counts, own = shared.sum(-1), ours.counts[:, :, None]
        products = (torch.minimum(own, counts) * counts / own * ours.weights[:, :, None]).sum(-1)
        cosines = products / (ours.norms[:, :, None] * theirs.norms[:, None]).clamp(min=1e-9)
        longer = (ours.lengths[:, :, None] - theirs.lengths[:, None]).float()
        return 10 * (cosines.mean(-1) * torch.exp(-(longer**2) / (2 * SPREAD**2))).mean(-1)

    def unsaid(self, tokens: Tensor, pictures: Tensor) -> Tensor:
        """How many nouns of sentences [N, S, L] nobody said of their pictures [N]: [N, S]."""
        words, references = self._hashed(tokens)[0][:, :, 0], self.references[pictures][:, :, 0].flatten(1)
        nouns = _found(self.nouns, words)[1]
        return (nouns & ~(words[..., None] == references[:, None, None]).any(-1)).sum(-1).float()

    def _keep(self, **tensors: Tensor) -> None:
        for name, value in tensors.items():
            self.register_buffer(name, value, persistent=False)

    def _padded(self, sentences: Sequence[list[int]]) -> Tensor:
        return pad_sequence([torch.tensor([*sentence, self._end]) for sentence in sentences], True, self._end)

    def _hashed(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """N-grams of words of sentences [..., L], up to the first end: hashes [..., ORDERS, L], and their numbers."""
        is_end, places = tokens == self._end, torch.arange(tokens.shape[-1], device=tokens.device)
        is_read = is_end.cumsum(-1) - is_end.long() == 0
        begin = is_read & (self.begins[tokens] | is_end)
        begin[..., 0] = True
        pieces = places - torch.where(begin, places, 0).cummax(-1).values
        hashes = ((tokens + 1) * self.factors[pieces + ORDERS]).masked_fill(~is_read, 0)
        words = torch.zeros_like(tokens).scatter_add(-1, begin.cumsum(-1) - 1, hashes)
        lengths, n_grams = begin.sum(-1), torch.zeros_like(words)
        orders = []
        for order in range(ORDERS):
            following = nn.functional.pad(words, (0, order))[..., order:]
            n_grams = n_grams + following * self.factors[order]
            orders.append(n_grams.masked_fill(places + order >= lengths[..., None], 0))
        return torch.stack(orders, -2), lengths

    def _n_grams(self, hashes: Tensor, lengths: Tensor) -> NGrams:
        counts = (hashes[..., :, None] == hashes[..., None, :]).sum(-1)
        at, is_known = _found(self.table, hashes)
        rarity = torch.where(is_known, self.rarity[at], self.rarity.max()).masked_fill(hashes == 0, 0)
        return NGrams(hashes=hashes, counts=counts, weights=rarity**2, lengths=lengths)


def _rarity(references: Tensor) -> tuple[Tensor, Tensor]:
    """The n-grams of captions, sorted, and the logarithms of one in how many pictures each is said of."""
    pictures = torch.arange(len(references))[:, None].expand(-1, references[0].numel()).numpy().ravel()
    hashes = references.flatten().numpy()
    first = np.unique(hashes * _FACTORS[0] + pictures * _FACTORS[1], return_index=True)[1]
    table, counts = np.unique(hashes[first], return_counts=True)
    return torch.from_numpy(table), torch.from_numpy(np.log(len(references) / counts).astype(np.float32))


def _found(table: Tensor, hashes: Tensor) -> tuple[Tensor, Tensor]:
    """Where hashes are in a sorted table, and whether they are."""
    if not len(table):
        return torch.zeros_like(hashes), torch.zeros_like(hashes, dtype=torch.bool)
    at = torch.searchsorted(table, hashes.contiguous()).clamp(max=len(table) - 1)
    return at, table[at] == hashes
