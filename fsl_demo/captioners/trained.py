"""What captioners that were trained here have in common: beam search, grounding, and doubt.

A language model's own likelihood is surest where a picture is nothing that it knows, so doubt comes from elsewhere:
from how well sentence and picture fit in the built-in vision-language model, and how like photographs the picture is in
it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.captioners.doubt import Doubt
from fsl_demo.captioners.grounding import Sight, forms, sights
from fsl_demo.checkpoints import Checkpoint, Current, Source
from fsl_demo.checkpoints.card import GatedArchitecture, PrefixArchitecture
from fsl_demo.core.capabilities import Captions
from fsl_demo.core.episodes import Caption, Hint, Layer, Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.inference import caption_bank
from fsl_demo.inference.compact_space import CompactSpace, of_sentences
from fsl_demo.inference.hypernyms import table_hash

if TYPE_CHECKING:
    from torch import Tensor

    from fsl_demo.backbones.captioners import Captioning
    from fsl_demo.backbones.language_model import LanguageModel

BATCH = 8
"""Pictures that are described at once."""
BEAMS, LONGEST = 16, 24
SHOWN = 5
"""Candidates that are given, at most."""
LENGTH_PENALTY = 1.0
"""The exponent of the length that a candidate's log-probability is divided by; 1 is the mean of its tokens."""
FIT_WEIGHT, AGREEMENT_WEIGHT = 4.0, 12.0
"""What the fit counts against that score in the order of candidates, and how much people agree (`caption_bank`): chosen
with the number of beams by CIDEr of `prefix` on every second of Flickr8k's validation pictures."""


class TrainedCaptioner(Captions):
    """Describes pictures with a checkpoint.

    Args:
        checkpoint: in place of the one that is shipped.
        language: to speak with, in place of the one that the card names.
    """

    shipped: ClassVar[str]

    def __init__(
        self, networks: Networks, checkpoint: Source | None = None, language: LanguageModel | None = None
    ) -> None:
        self.networks, self.towers = networks, PictureTowers(networks)
        self._joint, self._bank = of_sentences(networks), caption_bank.shared(networks)
        self._language = language
        self._current = Current(self._read, checkpoint or self.shipped)

    @property
    def joint(self) -> CompactSpace:
        """The space in which sentences and pictures are compared."""
        return self._joint()

    def load(self, progress: Progress = quiet) -> Any:
        """The `Captioning` network, loaded once.

        Raises:
            UserError: what is wrong with the checkpoint, or with the language model.
        """
        return self._current(progress)[0]

    @property
    def weights(self) -> str:
        """Hashes of the weights of the captioner, the language model and the built-in model, of what people said of
        like pictures, and of the table of nouns."""
        network, sha256, _ = self._current()
        return "+".join((sha256, network.language.weights, self.joint.weights, self._bank().weights, table_hash()))

    def describe(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Caption, ...]]:
        """Candidates of a beam search for each picture, best first; see `ranked`.

        Raises:
            UserError: as of `load`.
        """
        described: list[tuple[Caption, ...]] = []
        for start in range(0, len(pictures), BATCH):
            progress("describe", start, len(pictures))
            group = pictures[start : start + BATCH]
            media, seen = self.media(group, progress), self.sights(group, progress)
            candidates = self.search(media, [[]] * len(group))
            for picture, shown, sight, sentences in zip(group, media.split(1), seen, candidates, strict=True):
                described.append(self.grounded(picture, media=shown, sight=sight, sentences=sentences))
        progress("describe", len(pictures), len(pictures))
        return described

    def hints(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[Hint | None]:
        return [sight.hint for sight in self.sights(pictures, progress)]

    def sights(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[Sight]:
        """What is known of pictures before they are described."""
        photographs, joint = self._current(progress)[2].photographs, self._joint(progress)
        mean = photographs if len(photographs) else np.zeros(joint.channels, np.float32)
        return sights(pictures, networks=self.networks, space=joint, photographs=mean, progress=progress)

    def grounded(
        self, picture: Picture, media: Tensor, sight: Sight, sentences: Mapping[str, float]
    ) -> tuple[Caption, ...]:
        """The sentences that the picture bears out and that name what it is certainly of, or others in their place."""
        from fsl_demo.backbones.language_model import plain

        captions = self.ranked(picture, sentences)
        borne_out = [caption for caption in captions if not sight.wrong(caption.text)]
        if naming := [caption for caption in borne_out if sight.names(caption.text)]:
            return tuple(naming[:SHOWN])
        others, start = {sight.least: self.score(media, sight.least)}, plain(sight.start(captions[0].text))
        if start:
            encode = self.load().language.encode
            wrong = sorted({noun for caption in captions for noun in sight.wrong(caption.text)})
            banned = [encode(form) for noun in wrong for form in forms(noun)]
            (searched,) = self.search(media, [encode(start)], bad_words_ids=banned or None)
            whole = {text: score for text, score in searched.items() if f"{text} ".startswith(f"{start} ")}
            others |= {text: score for text, score in whole.items() if not sight.wrong(text, strictly=True)}
        return tuple(self.ranked(picture, others)[:SHOWN])

    def ranked(self, picture: Picture, sentences: Mapping[str, float]) -> list[Caption]:
        """Captions from sentences and their scores, by score, fit and how much people agree, best first."""
        from fsl_demo.backbones.language_model import plain

        doubt, joint = self._current()[2], self.joint
        vector = joint.embed([picture])[0]
        fits = joint.texts([[text] for text in sentences]) @ vector
        captions = [
            Caption(text, score, float(fit), doubtful=doubt.about(float(fit), vector))
            for (text, score), fit in zip(sentences.items(), fits, strict=True)
        ]
        agreed = self._bank().agreement(self.towers.embed([picture])[0], [plain(text) for text in sentences])
        worth = [
            caption.score + FIT_WEIGHT * caption.fit + AGREEMENT_WEIGHT * agreement
            for caption, agreement in zip(captions, agreed, strict=True)
        ]
        return [captions[number] for number in np.argsort(-np.array(worth), kind="stable")]

    def media(self, pictures: Sequence[Picture], progress: Progress = quiet) -> Tensor:
        """What the network keeps of pictures, a row each."""
        import torch

        network = self.load(progress)
        with torch.inference_mode():
            return network.media(self.positions(pictures))

    def search(self, media: Tensor, starts: Sequence[list[int]], **constraints: Any) -> list[dict[str, float]]:
        """Sentences and their scores, the likeliest first, for each picture.

        Args:
            starts: the tokens that the sentences about each picture begin with, equally many.
            constraints: of transformers' `generate`.
        """
        import torch

        from fsl_demo.backbones.captioners import PICTURE

        network = self.load()
        end = network.language.end
        with torch.inference_mode():
            out = network.generate(
                [[PICTURE, end, *start] for start in starts],
                media.split(1),
                num_beams=BEAMS,
                num_return_sequences=BEAMS,
                length_penalty=LENGTH_PENALTY,
                min_new_tokens=2,
                max_new_tokens=LONGEST,
                do_sample=False,
                **constraints,
            )
        candidates = []
        scores = out.sequences_scores.view(-1, BEAMS).tolist()
        beams = out.sequences.view(len(starts), BEAMS, -1).tolist()
        for start, sequences, sequence_scores in zip(starts, beams, scores, strict=True):
            texts: dict[str, float] = {}
            for tokens, score in zip(sequences, sequence_scores, strict=True):
                texts.setdefault(network.language.decode([*start, *tokens]), score)
            candidates.append(texts)
        return candidates

    def score(self, media: Tensor, text: str) -> float:
        """As `search` scores a sentence."""
        import torch

        from fsl_demo.backbones.captioners import PICTURE, together

        network = self.load()
        tokens = [*network.language.encode(text), network.language.end]
        with torch.inference_mode():
            surprise = float(network.loss(*together([[PICTURE, network.language.end, *tokens]], [media])))
        return -surprise * len(tokens) ** (1 - LENGTH_PENALTY)

    def positions(self, pictures: Sequence[Picture]) -> Tensor:
        """What the network reads, float32 [N, 130, 999]."""
        import torch

        network = self.load()
        return torch.from_numpy(self.towers.positions(pictures)).to(network.mean.device)

    def words(self, picture: Picture, text: str) -> tuple[Layer, ...]:
        """Where each word of a caption of this picture comes from: a layer a word, in order."""
        from fsl_demo.backbones.captioners import PICTURE

        network = self.load()
        language = network.language
        words = text.split()
        pieces = [language.encode(word) for word in words]
        tokens = [PICTURE, language.end, *(token for word_pieces in pieces for token in word_pieces)]
        probabilities, evidence = self.evidence(network, self.positions([picture]), tokens)
        lengths = [len(word_pieces) for word_pieces in pieces]
        ends = np.cumsum(lengths, dtype=int)
        starts = ends - lengths
        maps = np.stack([evidence[start:end].sum(axis=0) for start, end in zip(starts, ends, strict=True)])
        scaled = self.placed(picture, maps)
        return tuple(
            Layer(
                picture,
                role="query",
                map=heat_map,
                seen=self.towers.seen(picture),
                words=((word, float(np.prod(probabilities[start:end]))),),
                kind="attention",
            )
            for word, heat_map, start, end in zip(words, scaled, starts, ends, strict=True)
        )

    def placed(self, picture: Picture, evidence: np.ndarray) -> np.ndarray:
        """Maps [W, 9, 9] in [0, 1], on one scale, from what the positions of either tower say, [W, 130]."""
        from fsl_demo.backbones.captioners import PARTS

        whole, middle = evidence[:, PARTS[0]].reshape(-1, 9, 9), evidence[:, PARTS[1]].reshape(-1, 7, 7)
        maps = self.towers.over_whole(picture, middle, whole)
        low, high = maps.min(), maps.max()
        return ((maps - low) / max(high - low, 1e-12)).astype(np.float32)

    def evidence(self, network: Any, positions: Tensor, tokens: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities [W] of the tokens after the first two, and what each position of the picture has to do with
        them, [W, 130]."""
        raise NotImplementedError

    def _read(self, stored: Checkpoint) -> tuple[Any, str, Doubt]:
        import torch

        from fsl_demo import runtime
        from fsl_demo.backbones.captioners import NETWORKS
        from fsl_demo.backbones.trained import shuffled

        arrays = {name: torch.from_numpy(array.astype(np.float32)) for name, array in stored.arrays.items()}
        doubt = Doubt(*(arrays.pop(f"doubt_{part}", torch.zeros(0)).numpy() for part in ("photographs", "below")))
        architecture = stored.card.architecture
        if not isinstance(architecture, PrefixArchitecture | GatedArchitecture):
            raise UserError("card_incomplete", name=stored.name, reason="architecture of a captioner")
        arguments = architecture.model_dump(exclude={"network"})
        spoken = self._language or self.networks.language_model(stored)
        try:
            network: Captioning = NETWORKS[architecture.network](spoken, arrays["mean"], arrays["spread"], **arguments)
            if self.networks.shuffle is not None:
                arrays |= shuffled({k: v for k, v in arrays.items() if "." in k}, self.networks.shuffle)
            network.load_state_dict(arrays)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise UserError("card_differs", name=stored.name, part="network") from error
        return network.eval().requires_grad_(False).to(runtime.device()), stored.sha256, doubt


def token_probabilities(network: Any, states: Tensor, tokens: list[int]) -> Tensor:
    """Log-probability of each token after the first two, from the states [1, T, width] of a text [PICTURE, end, …]."""
    import torch

    wanted = torch.tensor(tokens[2:], device=states.device)
    logits = network.language.logits(states[0, -len(wanted) :]).float()
    return logits.log_softmax(-1).gather(1, wanted[:, None])[:, 0]
