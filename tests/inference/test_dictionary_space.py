"""The shipped form of the dictionary, with random weights and networks that cost nothing."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from fsl_demo import checkpoints
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import ClassSpec, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.inference import dictionary_space
from fsl_demo.inference.dictionary_space import PENALTY, DictionarySpace, codes, of_picture, vocabulary
from fsl_demo.inference.region_features import DETECTOR, FROZEN, WHOLE
from fsl_demo.inference.region_space import Proposals
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.inference.word_vectors import CHANNELS, spoken
from fsl_demo.layers import semantic_dictionary

HALF, HIDDEN = 6, 8


class Lite2:
    """Maps of a picture's mean colours, in as many positions as it has strides."""

    weights = "f" * 64

    def maps(self, images: list[np.ndarray], progress: Any = quiet) -> np.ndarray:
        cells = [image.reshape(image.shape[0] // 32, 32, image.shape[1] // 32, 32, 3).mean((1, 3)) for image in images]
        return np.repeat(np.stack(cells).transpose(0, 3, 1, 2), 10, axis=1).astype(np.float32) / 255

    def axes(self, progress: Any = quiet) -> np.ndarray:
        return np.eye(30, FROZEN, dtype=np.float32)

    def classifier(self, progress: Any = quiet) -> np.ndarray:
        return np.random.default_rng(0).standard_normal((1_000, 30)).astype(np.float32)

    @staticmethod
    def seen(picture: Picture) -> tuple[float, float, float, float]:
        return (0.0, 0.0, 1.0, 1.0)


class Words:
    id, weights, channels = "words", "w" * 64, 768

    def encode(self, texts: list[str], progress: Any = quiet) -> np.ndarray:
        return np.stack([np.random.default_rng(len(text)).standard_normal(768) for text in texts]).astype(np.float32)


class Regions:
    """Two halves of each picture."""

    weights = "d" * 64

    def __init__(self) -> None:
        self.looked = 0

    def propose(self, pictures: list[Picture], progress: Any = quiet, boxes: Any = None) -> list[Proposals]:
        self.looked += len(pictures)
        return [
            Proposals(
                boxes=np.array([[0, 0, 0.5, 1], [0.5, 0, 1, 1]], np.float32),
                objectness=np.array([0.9, 0.2], np.float32),
                features=np.eye(2, DETECTOR, dtype=np.float32),
                classes=np.zeros((2, 20), np.float32),
                whole=np.ones(DETECTOR, np.float32),
                given=np.ones((0 if boxes is None else len(boxes[number]), DETECTOR), np.float32),
            )
            for number in range(len(pictures))
        ]


def arrays() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)

    def drawn(*shape: int) -> np.ndarray:
        return random.standard_normal(shape).astype(np.float16)

    return {
        "dictionary.first": drawn(CHANNELS, HIDDEN),
        "dictionary.second": drawn(HIDDEN, 2 * HALF),
        "detector.weight": drawn(HALF, DETECTOR),
        "detector.bias": drawn(HALF),
        "frozen.weight": drawn(HALF, FROZEN),
        "frozen.bias": drawn(HALF),
        "share": np.array([0.36], np.float32),
        "scales": np.log(np.array([50, 60], np.float32)),
        "offsets": np.array([1, -1], np.float32),
        "background": drawn(2 * HALF),
        "boxes": np.array([1, 0.5, -1], np.float32),
        "temperature": np.array([30], np.float32),
        "vocabulary": drawn(len(vocabulary()), 768),
        "learned": l2_normalize(drawn(3, 384).astype(np.float32)).astype(np.float16),
    }


def space(folder: Path, embedder: str = "d" * 64, **changed: np.ndarray) -> DictionarySpace:
    networks: Any = SimpleNamespace(
        whole_pictures=Lite2(),
        words=Words(),
        texts=SimpleNamespace(weights="t" * 64, channels=384),
        features=FeatureCache(),
        shuffle=None,
    )
    card = {"embedder": {"name": "regions", "sha256": embedder}}
    home = checkpoints.save("semantic_dictionary", arrays=arrays() | changed, card=card, folder=folder)
    regions: Any = Regions()
    return DictionarySpace(networks, regions, checkpoints.load(home))


def picture(colour: str = "red") -> Picture:
    image = Image.new("RGB", (64, 32), "blue")
    image.paste(colour, (0, 0, 32, 32))
    return from_image(image, "halves.png")


def test_rows_are_those_of_the_layer(tmp_path: Path) -> None:
    own = space(tmp_path)
    texts = [["dog"], ["a red ball", "round"], []]
    rows = own.rows(texts)
    layer = semantic_dictionary.SemanticDictionary(CHANNELS, hidden=HIDDEN, features=2 * HALF)
    layer.load_state_dict(
        {name: torch.from_numpy(arrays()[f"dictionary.{name}"].astype(np.float32)) for name in ("first", "second")}
    )
    vectors = torch.from_numpy(own.read(texts))
    np.testing.assert_allclose(rows, layer(vectors).detach().numpy(), rtol=1e-4, atol=1e-4)
    assert not rows[2].any() and rows.shape == (3, own.channels)


def test_the_vocabulary_needs_no_reading(tmp_path: Path) -> None:
    own = space(tmp_path)
    kept = arrays()["vocabulary"].astype(np.float32)
    own.networks.words.encode = None  # type: ignore[method-assign]
    assert own.vocabulary.words == vocabulary()
    np.testing.assert_allclose(own.vocabulary.rows[:9], own.encoded(own.read.related(kept[:9])), atol=1e-4)
    apart = own.vocabulary.apart_from(own.vocabulary.rows[:1])
    assert vocabulary()[0] not in apart.words and len(apart.rows) == len(apart.words) > 0


def test_what_is_shipped_keeps_its_vocabulary_as_it_is_read() -> None:
    own, words = dictionary_space.shared(Networks(FeatureCache()))(), vocabulary()
    numbers = [0, 200, len(words) - 1]
    np.testing.assert_allclose(
        own.vocabulary.rows[numbers], own.rows([[words[number]] for number in numbers]), atol=0.02, rtol=0.02
    )


def test_vectors_have_both_halves_and_are_read_once(tmp_path: Path) -> None:
    own = space(tmp_path)
    seen, again = own.see([picture(), picture()])
    assert seen is again and own.towers.space.looked == 1  # type: ignore[attr-defined]
    np.testing.assert_allclose(np.linalg.norm(seen.regions, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose((seen.regions[:, :HALF] ** 2).sum(1), 0.36, atol=1e-5)
    left, right = seen.regions[:, HALF:]
    other = own.see([picture("lime")])[0]
    assert not np.allclose(left, other.regions[0, HALF:], atol=0.05) and np.allclose(
        right, other.regions[1, HALF:], atol=0.05
    )
    np.testing.assert_allclose(own.embed(picture(), WHOLE)[0], seen.whole, atol=1e-5)


def test_codes_explain_and_probabilities_follow(tmp_path: Path) -> None:
    own = space(tmp_path)
    vectors, rows = own.see([picture()])[0].regions, own.rows([["dog"], ["cat"], ["bus stop"]])
    inverse = np.linalg.inv(rows @ rows.T + PENALTY * np.eye(3))
    np.testing.assert_allclose(codes(vectors, rows), vectors @ rows.T @ inverse, rtol=1e-3, atol=1e-5)
    explained = np.array([[0.2, 0.1], [0.0, 0.1]], np.float32)
    odds = own.odds(explained, np.array([0.9, 0.9]))
    far = 50 * 0.2 - np.log(np.exp(50 * 0.1) + np.exp(1.0))
    assert odds[0, 0] == pytest.approx(far + 0.5 * np.log(9) - 1, rel=1e-3)
    assert (own.odds(explained, np.array([0.1, 0.1])) < odds).all()


def test_a_picture_is_half_its_best_region() -> None:
    explained = np.array([[0.2, 0.4], [0.6, 0.0], [0.1, 0.1]])
    assert of_picture(explained).tolist() == pytest.approx([0.4, 0.25])
    assert of_picture(explained[:1]).tolist() == [0.2, 0.4]


def test_the_vocabulary_has_words_for_things() -> None:
    words = vocabulary()
    assert len(words) == len(set(words)) > 400
    assert {"dog", "television", "dining table", "ball"} <= set(words) and all(word.strip() for word in words)


def test_another_detector_or_wrong_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="semantic_dictionary"):
        space(tmp_path / "a", embedder="e" * 64)
    with pytest.raises(UserError):
        space(tmp_path / "b", **{"frozen.bias": np.zeros(HALF + 1, np.float16)})


def test_what_stands_for_a_class() -> None:
    assert spoken(ClassSpec("guide_dog", ("a working dog", "犬"))) == ["guide dog", "a working dog"]
    assert spoken(ClassSpec("犬")) == []


def test_words_are_read_with_what_they_are_like(tmp_path: Path) -> None:
    read = space(tmp_path).read(texts := [["dog"], ["dog", "a small dog"], []])
    assert read.shape == (len(texts), CHANNELS) and not read[2].any()
    for part in np.split(read[:2], [384, 768], axis=1):
        np.testing.assert_allclose(np.linalg.norm(part, axis=1), 1, atol=1e-5)
    assert 0 < (read[0, 768:] > 0).sum() <= 25
