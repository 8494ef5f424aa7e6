"""How a frozen language model comes to know a picture: what reaches which word, and what stays as it was."""

import threading
from pathlib import Path

import pytest
import torch
from torch import Tensor

from fsl_demo.backbones.captioners import PICTURE, GatedNetwork, PrefixNetwork, together
from fsl_demo.backbones.language_model import LanguageModel
from tests.backbones.small_language import small_language

pytestmark = pytest.mark.slow


@pytest.fixture
def language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LanguageModel:
    return small_language(tmp_path, monkeypatch)


def statistics() -> tuple[Tensor, Tensor]:
    return torch.zeros(2, 999), torch.ones(2)


def positions(count: int) -> Tensor:
    return torch.randn(count, 130, 999, generator=torch.Generator().manual_seed(1))


def prefixed(language: LanguageModel) -> PrefixNetwork:
    torch.manual_seed(0)
    return PrefixNetwork(language, *statistics(), tokens=3, hidden=8).eval()


def gated(language: LanguageModel, *, opened: bool) -> GatedNetwork:
    torch.manual_seed(0)
    network = GatedNetwork(language, *statistics(), latents=4, heads=2).eval()
    if opened:
        for layer in network.gated:
            layer.gates.data.fill_(0.1)
    return network


def test_before_training_the_gated_network_is_the_language_model(language: LanguageModel) -> None:
    network = gated(language, opened=False)
    text = [language.end, *language.encode("a dog runs"), language.end]
    states, wanted = network.states([[PICTURE, *text]], [network.media(positions(1))])
    assert torch.equal(states, language.states(language.embed(torch.tensor([text])))[:, :-1])
    assert wanted.tolist() == [text[1:]]


def test_the_language_model_is_left_as_it_was(language: LanguageModel) -> None:
    network = gated(language, opened=True)
    tokens = torch.tensor([[language.end, *language.encode("a dog")]])
    before = language.states(language.embed(tokens))
    seen, _ = network.states([[PICTURE, *tokens[0].tolist(), language.end]], [network.media(positions(1))])
    assert not torch.allclose(seen, before)
    assert torch.equal(language.states(language.embed(tokens)), before)
    with pytest.raises(RuntimeError), network.looking(network.media(positions(1))[None], torch.zeros(1, 3)):
        raise RuntimeError
    assert torch.equal(language.states(language.embed(tokens)), before)


@pytest.mark.parametrize("kind", ["prefix", "gated"])
def test_neither_trains_the_language_model(language: LanguageModel, kind: str) -> None:
    network = prefixed(language) if kind == "prefix" else gated(language, opened=True)
    text = [PICTURE, language.end, *language.encode("a dog"), language.end]
    network.loss(*together([text], [network.media(positions(1))])).backward()
    assert all(value.grad is None for value in language.network.parameters())
    learned = dict(network.named_parameters())
    assert learned and all(value.grad is not None and value.grad.any() for value in learned.values())
    assert not {name for name in learned if "embed_tokens" in name}


def test_a_gated_word_sees_the_picture_before_it_and_no_other(language: LanguageModel) -> None:
    network = gated(language, opened=True)
    network.gated[1].gates.data.fill_(0.0)  # else words hear of earlier pictures from one another
    end, dog = language.end, language.encode("a dog")
    text = [PICTURE, end, *dog, end, PICTURE, end, *dog, end]
    media = network.media(positions(3))
    with network.looking(media[None, :2], torch.tensor([[0] * (len(dog) + 2) + [1] * (len(dog) + 1)])) as weights:
        language.states(language.embed(torch.tensor([[token for token in text if token != PICTURE][:-1]])))
    first, second = weights[0][0, : len(dog) + 2], weights[0][0, len(dog) + 2 :]
    assert not first[:, 4:].any() and not second[:, :4].any()
    torch.testing.assert_close(first.sum(1), torch.ones(len(first)))
    states, _ = network.states([text], [media[[0, 1]]])
    other, _ = network.states([text], [media[[0, 2]]])
    changed = (states != other).any(2)[0]
    assert changed.tolist() == [False] * (len(dog) + 2) + [True] * (len(dog) + 1)


def test_a_prefix_stands_where_its_picture_does(language: LanguageModel) -> None:
    network = prefixed(language)
    media = network.media(positions(2))
    end, dog, man = language.end, language.encode("a dog"), language.encode("a man")
    texts = [[PICTURE, end, *dog, end, PICTURE, end, *man, end], [PICTURE, end, *dog, end]]
    embedded, tokens = network.embedded(*together(texts, [media, media[1:]]))
    assert torch.equal(embedded[0, :3], media[0]) and torch.equal(embedded[1, :3], media[1])
    assert torch.equal(embedded[0, 3 + 2 + len(dog) :][:3], media[1])
    _, wanted = network.states(texts, [media, media[1:]])
    assert [token for token in wanted[1].tolist() if token >= 0] == [end, *dog, end]
    assert tokens[1].tolist()[:4] == [PICTURE] * 3 + [end]


@pytest.mark.parametrize("kind", ["prefix", "gated"])
def test_beams_follow_their_own_pictures(language: LanguageModel, kind: str) -> None:
    """The likeliest of three beams, by the network's own reading of it, whatever other pictures are in the batch."""
    network = prefixed(language) if kind == "prefix" else gated(language, opened=True)
    media = network.media(positions(2))
    options = {"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 5, "length_penalty": 1.0}
    start = [PICTURE, language.end]
    with torch.inference_mode():
        both = network.generate([start, start], [media[:1], media[1:]], **options)
        alone = network.generate([start], [media[1:]], **options)
        torch.testing.assert_close(both.sequences_scores[3:], alone.sequences_scores, atol=1e-4, rtol=1e-4)
        sampled = both.sequences[3].tolist()
        if language.end in sampled:
            sampled = sampled[: sampled.index(language.end) + 1]
        states, wanted = network.states([[*start, *sampled]], [media[1:]])
        logs = language.logits(states).log_softmax(-1)[0]
        told = wanted[0] >= 0
        each = logs[told].gather(1, wanted[0][told][:, None])[-len(sampled) :, 0]
    assert float(each.mean()) == pytest.approx(float(both.sequences_scores[3]), abs=1e-4)


def test_texts_read_together_lose_what_they_lose_alone(language: LanguageModel) -> None:
    network = prefixed(language)
    media = network.media(positions(2))
    texts = [[PICTURE, language.end, *language.encode(text), language.end] for text in ("a dog", "two children play")]
    losses = [network.loss(*together([text], [media[i : i + 1]])).item() for i, text in enumerate(texts)]
    counts = [len(text) - 1 for text in texts]
    both = network.loss(*together(texts, [media[:1], media[1:]])).item()
    assert both == pytest.approx(sum(a * b for a, b in zip(losses, counts, strict=True)) / sum(counts), abs=1e-4)


def test_who_reads_beside_a_gated_network_waits_until_it_is_done(language: LanguageModel) -> None:
    network = gated(language, opened=True)
    embedded = language.embed(torch.tensor([[language.end, *language.encode("a dog")]]))
    expected, embeddings = language.states(embedded), []
    reader = threading.Thread(target=lambda: embeddings.append(language.states(embedded)))
    with network.looking(
        network.media(positions(1))[None], torch.zeros(1, embedded.shape[1], dtype=torch.long)
    ) as weights:
        reader.start()
        reader.join(0.3)
        assert not embeddings and not weights
    reader.join()
    assert torch.equal(embeddings[0], expected)
