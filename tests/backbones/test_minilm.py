"""The text encoder."""

import numpy as np

from tests.backbones.loaded import networks


def test_texts_become_unit_vectors_that_do_not_depend_on_the_batch() -> None:
    encoder = networks().texts
    texts = ["a cat", "a kitten", "a steam engine with a very long chimney and six wheels"]
    vectors = encoder.encode(texts)
    assert vectors.shape == (3, encoder.channels) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[:1], encoder.encode(texts[:1]), atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3
