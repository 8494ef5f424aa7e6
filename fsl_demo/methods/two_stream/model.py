"""The trained two-stream model at work: how well sentences match pictures, where each word looks, what a blank holds.

ViLBERT (Lu et al. 2019, arXiv:1908.02265) and LXMERT (Tan & Bansal 2019, arXiv:1908.07490), small, on frozen towers.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from fsl_demo import checkpoints, runtime
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.backbones.trained import shuffled
from fsl_demo.checkpoints import Checkpoint, Source
from fsl_demo.core.episodes import Box, Layer, Progress, in_latin_script, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.phrases import left_out, spoken
from fsl_demo.inference.vector_cache import VectorCache

CHECKPOINT = "two_stream"
PLACES = EfficientNetLite2.positions
"""Rows and columns of a map."""
WORD_PIECES = 30_522
"""That MiniLM knows."""
TOP = 10
"""Pictures that a search puts in a new order."""
REMEMBERED, PICTURES, TEXTS = 1_024, 32, 64
"""Pictures whose positions are not projected again, 62 kB each; pictures, and sentences, that are encoded at once."""


def blended(similarities: np.ndarray, matches: np.ndarray, weight: float) -> np.ndarray:
    """What a search orders by: `weight` of the matches beside the similarities of the space that it improves."""
    return (1 - weight) * similarities + weight * matches


class TwoStreamModel:
    """One version of the model. Its network is built on first use.

    Args:
        checkpoint: in place of the one that is shipped.

    Raises:
        UserError: what is wrong with the checkpoint; from every function that runs the networks, too.
    """

    title = "Two streams"
    improves = "compact_vlm_0_banked"
    """The space whose order of pictures it improves, by id."""
    top = TOP

    def __init__(self, networks: Networks, checkpoint: Source | Checkpoint = CHECKPOINT) -> None:
        self.networks, self.towers = networks, PictureTowers(networks)
        self.checkpoint = shipped = checkpoints.load(checkpoint)
        self.vocabulary = shipped.array("vocabulary", None)
        if self.vocabulary.dtype.kind != "i" or not ((self.vocabulary >= 0) & (self.vocabulary < WORD_PIECES)).all():
            raise UserError("card_differs", name=shipped.name, part="vocabulary")
        self.blend = float(shipped.array("blend", 1)[0])
        self.temperature, self.crowding = map(float, shipped.array("temperature", 2))
        self.none_below = float(shipped.array("none_below", 1)[0])
        self._pictures = VectorCache(REMEMBERED)
        self._lock = threading.Lock()
        self._network: Any = None

    def load(self) -> Any:
        """The network, on the device."""
        with self._lock:
            if self._network is None:
                self._network = self._build().eval().requires_grad_(False).to(runtime.device())
            return self._network

    def _build(self) -> Any:
        import torch

        from fsl_demo.layers.two_stream import TwoStreamNetwork

        state = {
            name.removeprefix("model."): torch.from_numpy(array).float()
            for name, array in self.checkpoint.arrays.items()
            if name.startswith("model.")
        }
        if self.networks.shuffle is not None:
            state = shuffled(state, self.networks.shuffle)
        network = TwoStreamNetwork(len(self.vocabulary))
        try:
            network.load_state_dict(state)
        except RuntimeError as error:  # names or shapes that differ
            raise UserError("card_differs", name=self.checkpoint.name, part="network") from error
        return network

    @property
    def weights(self) -> str:
        """Hashes of the weights, joined by "+"."""
        networks = (self.networks.whole_pictures.weights, self.networks.texts.weights, self.checkpoint.sha256)
        return "+".join(weights[:16] for weights in networks)

    def reads(self, text: str) -> bool:
        """MiniLM reads English; names of another language in Latin letters are told by `familiar`."""
        return in_latin_script(text)

    def seen(self, picture: Picture) -> Box:
        """All of the picture, but for the ends of a very long one."""
        return self.towers.seen(picture)

    def match(self, pictures: Sequence[Picture], sentences: Sequence[str], progress: Progress = quiet) -> np.ndarray:
        """Cosines of the pooled streams of each picture with each sentence, float32 [N, T]."""
        import torch

        matches = np.zeros((len(pictures), len(sentences)), np.float32)
        if not len(sentences):
            return matches
        network = self.load()
        with torch.inference_mode():
            streams = self.streams(pictures, progress)
            texts, real = self.texts(sentences)
            for number, stream in enumerate(streams):
                progress("score", number, len(streams))
                matches[number] = network.match(network(stream, texts, real)[-1], real).cpu().numpy()
        return matches

    def match_candidates(
        self, pictures: Sequence[Picture], sentences: Sequence[str], candidates: np.ndarray, progress: Progress = quiet
    ) -> np.ndarray:
        """How well each sentence matches its candidates, numbers of pictures [T, K], float32 [T, K]."""
        import torch

        network, matches = self.load(), []
        streams = self.streams(pictures, progress)
        with torch.inference_mode():
            for start in range(0, len(sentences), TEXTS):
                progress("score", start, len(sentences))
                texts, real = self.texts(sentences[start : start + TEXTS])
                chunk = torch.from_numpy(candidates[start : start + TEXTS]).to(texts.device)
                matches.append(network.matches(streams, texts=texts, mask=real, candidates=chunk).cpu().numpy())
        return np.concatenate(matches)

    def blended(self, similarities: np.ndarray, matches: np.ndarray) -> np.ndarray:
        """`blended` with the weight that was chosen on Flickr8k's validation pictures."""
        return blended(similarities, matches, self.blend)

    def streams(self, pictures: Sequence[Picture], progress: Progress = quiet) -> Any:
        """The pictures' positions as they enter the network, a tensor [N, 81, D]; each picture once."""
        import torch

        network = self.load()
        places, channels = len(network.boxes), network.word.in_features

        def compute(missing: list[int]) -> np.ndarray:
            projected = []
            for start in range(0, len(missing), PICTURES):
                progress("embed", start, len(missing))
                positions = self.towers.whole([pictures[number] for number in missing[start : start + PICTURES]])
                with torch.inference_mode():
                    projected.append(network.pictures(torch.from_numpy(positions).to(runtime.device())).flatten(1))
            progress("embed", len(missing), len(missing))
            return torch.cat(projected).cpu().numpy()

        flat = self._pictures([picture.sha256 for picture in pictures], compute, places * channels)
        return torch.from_numpy(flat).to(runtime.device()).view(len(pictures), places, channels)

    def texts(self, sentences: Sequence[str]) -> tuple[Any, Any]:
        """Sentences as they enter the network, a tensor [T, L, D], and which of their tokens are real, bool [T, L]."""
        minilm, network = self.networks.texts, self.load()
        tokens, real = minilm.tokens(sentences)
        return network.texts(minilm.token_vectors(tokens, real)), real

    def evidence(self, picture: Picture, sentences: Sequence[str]) -> np.ndarray:
        """Each position's share of a picture's match with each sentence, float32 [T, 9, 9]; the shares add up to it."""
        import torch

        network = self.load()
        with torch.inference_mode():
            texts, real = self.texts(sentences)
            shares = network.shares(network(self.streams([picture]), texts, real)[-1], real)
        return shares.cpu().numpy().reshape(len(texts), *PLACES)

    def contributions(self, picture: Picture, sentence: str) -> tuple[tuple[str, float], ...]:
        """By how much each word raises the match; see `phrases.left_out`."""
        return left_out(sentence, lambda sentences: self.match([picture], sentences)[0])

    def words(self, picture: Picture, sentence: str) -> tuple[Layer, ...]:
        """Where each word of a sentence looks on the picture: a layer a word, in order.

        The map is the attention of the word's tokens in the last layer, in [0, 1] on one scale for all words; `words`
        holds the word and by how much it raises the match.

        Raises:
            UserError: `search_empty`, `search_long`, `search_script`.
        """
        import torch

        text = spoken(self, sentence)
        weights = dict(enumerate(self.contributions(picture, text)))
        network, tokenizer = self.load(), self.networks.texts.load()[0]
        with torch.inference_mode():
            texts, real = self.texts([text])
            attention = network(self.streams([picture]), texts, real)[-1].on_pictures[0].mean(dim=0).cpu().numpy()
        lengths = [len(tokenizer.tokenize(word)) for word, _ in weights.values()]
        ends = np.minimum(np.cumsum(lengths) + 1, len(attention) - 1)  # a text is cut at MiniLM's limit
        maps = np.stack(
            [
                attention[max(min(end - size, end - 1), 0) : end].mean(axis=0)
                for end, size in zip(ends, lengths, strict=True)
            ]
        )
        scaled = (maps - maps.min()) / max(float(maps.max() - maps.min()), 1e-12)
        return tuple(
            Layer(
                picture,
                role="query",
                map=scaled[number].reshape(PLACES).astype(np.float32),
                seen=self.seen(picture),
                words=(word,),
                kind="attention",
            )
            for number, word in weights.items()
        )

    def blank(self) -> Any:
        """A picture of which nothing is known, as in training: its positions are 0; a tensor [1, 81, D]."""
        import torch

        network = self.load()
        with torch.inference_mode():
            return network.pictures(
                torch.zeros(1, len(network.boxes), network.seen.in_features, device=runtime.device())
            )

    def whole_words(self) -> list[str]:
        """The words that a blank may hold: those of the captions that are a WordPiece of their own."""
        return [word for _, word in self._words()]

    def guesses(self, shown: Sequence[Any], tokens: Any, real: Any) -> list[np.ndarray]:
        """Probabilities of `whole_words` for the one [MASK] of each sentence, float32 [T, W], for each that is shown.

        Args:
            shown: of a picture for each sentence, [T, 81, D], or of one for all; see `streams` and `blank`.
            tokens, real: of `MiniLM.tokens`, [T, L].
        """
        import torch

        network = self.load()
        minilm = self.networks.texts
        tokenizer, language = minilm.load()
        with torch.inference_mode():
            texts = network.texts(minilm.token_vectors(tokens, real))
            pieces = torch.from_numpy(self.vocabulary).long().to(texts.device)
            embeddings = language.get_input_embeddings().weight[pieces]
            places = torch.tensor([place for place, _ in self._words()], device=texts.device)
            guesses = []
            for streams in shown:
                masked = network(streams, texts, real)[-1].texts[tokens == tokenizer.mask_token_id]
                logits = network.missing(masked, embeddings)[:, places]
                guesses.append(torch.softmax(logits, dim=-1).cpu().numpy())
            return guesses

    def _words(self) -> list[tuple[int, str]]:
        """Places in the vocabulary of the pieces that are words, and the words."""
        pieces = self.networks.texts.load()[0].convert_ids_to_tokens(self.vocabulary.tolist())
        return [(place, piece) for place, piece in enumerate(pieces) if piece.isalpha()]
