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


def test_words_are_the_mean_of_the_tokens_before_the_first_layer() -> None:
    shared = networks()
    texts = ["a cat", "a steam engine with six wheels", ""]
    vectors = shared.words.encode(texts)
    tokenizer, network = shared.texts.load()
    for vector, text in zip(vectors, texts, strict=True):
        tokens = tokenizer(text, return_tensors="pt")
        first = network(**tokens, output_hidden_states=True).hidden_states[0][0].detach().numpy()
        expected = first[1:-1].mean(axis=0) if len(first) > 2 else np.zeros(384)
        np.testing.assert_allclose(vector[384:], expected, atol=1e-5)
    np.testing.assert_allclose(vectors[:, :384], shared.texts.encode(texts), atol=1e-6)


def test_token_vectors_have_the_sentence_as_their_mean() -> None:
    shared = networks()
    texts = ["a cat", "a steam engine with six [MASK]"]
    tokens, real = shared.texts.tokens(texts)
    assert tokens.shape == real.shape and real.sum(dim=1).tolist() == [4, 8]
    assert tokens[0, 0] == tokens[1, 0] == 101 and tokens[1, 6] == 103
    vectors = shared.texts.token_vectors(tokens, real).numpy()
    known = shared.words.encode(texts)
    for vector, kept, expected in zip(vectors, real.numpy(), known, strict=True):
        np.testing.assert_allclose(vector[kept, :384].mean(axis=0), expected[:384], atol=1e-5)
        np.testing.assert_allclose(vector[kept, 384:][1:-1].mean(axis=0), expected[384:], atol=1e-5)
