"""The built-in space: one product blends all of its parts, and its heat maps add up to it."""

import numpy as np
import pytest
import torch

from fsl_demo.core.pictures import from_image
from fsl_demo.inference.anchors import TEXT_KEEP, TEXT_POWER, relative
from fsl_demo.inference.compact_space import (
    NAMES,
    SEARCH,
    SENTENCES,
    SETBACK,
    SHARPNESS,
    CompactSpace,
    Parts,
    likeness,
    text_head,
)
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.layers.joint_heads import TextHead
from tests.backbones.loaded import SUBJECTS, crops, networks

TEXTS = [["a cat looks at the camera", "a tabby cat"], ["a cup of coffee"], [], ["a rocket before its start"]]


@pytest.mark.parametrize("parts", [SENTENCES, NAMES])
def test_pictures_and_texts_are_unit_vectors_and_an_empty_ensemble_none(parts: Parts) -> None:
    space = CompactSpace(networks(), parts)
    pictures, texts = space.embed(crops("cat")), space.texts(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(pictures, axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(texts, axis=1), [1, 1, 0, 1], atol=1e-4)


def test_a_product_blends_heads_and_relations() -> None:
    shared = networks()
    pictures = [crops(subject)[0] for subject in SUBJECTS]
    sentences = [sentence for sentence in TEXTS if sentence]

    def products(relations: float) -> np.ndarray:
        space = CompactSpace(shared, Parts(pictures=0.6, relations=relations, learned=True))
        return space.embed(pictures) @ space.texts(sentences).T / np.sqrt(0.4)

    np.testing.assert_allclose(products(0.3), 0.7 * products(0.0) + 0.3 * products(1.0), atol=1e-4)
    assert (products(0.0).argmax(axis=1) == [0, 1, 2]).all() and (products(1.0).argmax(axis=1) == [0, 1, 2]).all()


def test_relations_of_a_text_are_those_of_asif() -> None:
    shared = networks()
    space = CompactSpace(shared, Parts(pictures=0.5, relations=1.0, learned=True))
    vector = l2_normalize(shared.texts.encode(TEXTS[0]).mean(axis=0)[None])
    rows = relative(l2_normalize(vector - space.origin) @ space.text_anchors.T, TEXT_POWER, TEXT_KEEP)
    scores = space.texts(TEXTS[:1])[:, len(space.heads["pictures.weight"]) : -space.own.channels]
    np.testing.assert_allclose(scores, rows, atol=1e-4)


@pytest.mark.parametrize("parts", [SENTENCES, NAMES])
@pytest.mark.parametrize("size", [(240, 192), (90, 240), (40, 400)])
def test_shares_of_the_positions_add_up_to_the_products(size: tuple[int, int], parts: Parts) -> None:
    space = CompactSpace(networks(), parts)
    picture = from_image(crops("coffee")[0].image().resize(size), "coffee.png")
    vector = space.embed([picture])[0]
    directions = np.concatenate([space.texts(TEXTS), space.embed(crops("cat")[:2]), vector[None]])
    evidence = space.evidence(picture, directions)
    assert evidence.shape == (len(directions), 9, 9)
    np.testing.assert_allclose(evidence.sum(axis=(1, 2)), directions @ vector, atol=1e-3)


def test_a_search_sets_pictures_back_that_are_like_the_query_bank() -> None:
    space, plain = CompactSpace(networks(), SEARCH), CompactSpace(networks(), SENTENCES)
    pictures = [crops(subject)[0] for subject in SUBJECTS]
    products, vectors = plain.embed(pictures) @ plain.texts(TEXTS).T, space.embed(pictures)
    count = len(space.heads["pictures.weight"])
    heads = l2_normalize(plain.embed(pictures)[:, :count])
    for picture, own in enumerate(heads):
        like = np.log(np.mean([np.exp(SHARPNESS * float(own @ caption)) for caption in space.bank])) / SHARPNESS
        assert likeness(own[None], space.bank)[0] == pytest.approx(like, abs=1e-5)
        products[picture] -= np.sqrt(0.5) * SETBACK * (like - space.typical)
    products[:, 2] = 0  # an empty ensemble is like nothing
    np.testing.assert_allclose(vectors @ space.texts(TEXTS).T, products, atol=1e-4)
    assert np.ptp(likeness(heads, space.bank)) > 0.005


def test_the_text_head_is_the_one_that_is_trained() -> None:
    torch.manual_seed(0)
    head = TextHead(8, 4, hidden=6, dropout=0.3).eval()
    layers = {"texts": head.linear, "texts.hidden": head.hidden[0], "texts.out": head.hidden[3]}
    heads = {
        f"{name}.{part}": getattr(layer, part).detach().numpy()
        for name, layer in layers.items()
        for part in ("weight", "bias")
    }
    given = torch.randn(5, 8)
    np.testing.assert_allclose(text_head(heads, given.numpy()), head(given).detach().numpy(), atol=1e-6)


def test_another_script_is_not_read() -> None:
    space = CompactSpace(networks(), SENTENCES)
    assert space.reads("a cat, ein Tier") and not space.reads("一隻貓") and not space.reads("123")
