"""Every picture goes through a network once."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from PIL import Image

from fsl_demo import runtime
from fsl_demo.backbones import cache
from fsl_demo.backbones.cache import FeatureCache, MemoryStore
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.core.pictures import Picture, from_image


class Colours:
    """A network whose two channels are red and green."""

    id, title, weights, preprocessing, channels = "colours", "Colours", "0" * 64, "none", 2
    source: "Colours | None" = None

    def prepare(self, picture: Picture) -> np.ndarray:
        return np.asarray(picture.image())

    def maps(self, images: Sequence[np.ndarray], progress: Progress) -> np.ndarray:
        return np.stack(images)[..., :2].transpose(0, 3, 1, 2).astype(np.float32)


class Doubled(Colours):
    """A network that goes on from the maps of another one."""

    id, source = "doubled", Colours()

    def maps(self, images: Sequence[np.ndarray], progress: Progress) -> np.ndarray:
        return 2 * np.stack(images)


def picture(red: int) -> Picture:
    return from_image(Image.new("RGB", (4, 4), (red, 7, 0)), f"{red}.png")


def test_features_come_in_the_order_asked_for_and_are_counted_once() -> None:
    features = FeatureCache()
    asked = [picture(1), picture(2), picture(1)]
    np.testing.assert_array_equal(features.pooled(Colours(), asked), [[1, 7], [2, 7], [1, 7]])
    assert features.maps(Colours(), asked).shape == (3, 2, 4, 4)
    features.pooled(Colours(), [picture(3), picture(2)])
    assert features.embedded["colours"] == 3
    assert features.reused["colours"] == 3  # two for the maps, one picture of the last two


def test_a_network_that_reads_the_maps_of_another_embeds_no_picture_again() -> None:
    features = FeatureCache()
    features.maps(Colours(), [picture(1)])
    np.testing.assert_array_equal(features.pooled(Doubled(), [picture(2), picture(1)]), [[4, 14], [2, 14]])
    assert features.embedded == {"colours": 2, "doubled": 2}


def test_no_pictures_have_no_features() -> None:
    assert FeatureCache().pooled(Colours(), []).shape == (0, 2)


def test_vectors_outlive_the_cache_and_weights_keep_them_apart() -> None:
    vectors = MemoryStore()
    FeatureCache(vectors).pooled(Colours(), [picture(1)])
    again, other = FeatureCache(vectors), Colours()
    again.pooled(Colours(), [picture(1)])
    assert again.embedded["colours"] == 0
    other.weights = "1" * 64  # type: ignore[misc]
    again.pooled(other, [picture(1)])
    assert again.embedded["colours"] == 1


def test_what_was_embedded_before_a_stop_is_kept() -> None:
    features, asked = FeatureCache(), [picture(red) for red in range(40)]

    def stop(stage: str, done: int, total: int) -> None:
        assert (stage, total) == ("embed", 40)
        if done >= 16:
            raise Cancelled

    with pytest.raises(Cancelled):
        features.pooled(Colours(), asked, stop)
    assert features.embedded["colours"] == 16
    features.pooled(Colours(), asked)
    assert features.embedded["colours"] == 40


def test_maps_are_bounded_and_pooled_features_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAP_BYTES", 3 * 2 * 16 * 4)
    features, asked = FeatureCache(), [picture(red) for red in range(5)]
    assert features.maps(Colours(), asked).shape == (5, 2, 4, 4)
    features.pooled(Colours(), asked)
    features.maps(Colours(), asked[2:])
    assert features.embedded["colours"] == 5
    features.maps(Colours(), asked[:1])
    assert features.embedded["colours"] == 6


def test_threads_share_the_work() -> None:
    features, asked = FeatureCache(), [picture(red) for red in range(50)]
    workers = [threading.Thread(target=features.pooled, args=(Colours(), asked, quiet)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert features.embedded["colours"] == 50


def test_texts_are_encoded_once() -> None:
    class Lengths:
        id, weights = "lengths", "0" * 64

        def encode(self, texts: Sequence[str], progress: Progress) -> np.ndarray:
            return np.array([[len(text)] for text in texts], np.float32)

    features = FeatureCache()
    np.testing.assert_array_equal(features.texts(Lengths(), ["ab", "a", "ab"]), [[2], [1], [2]])
    features.texts(Lengths(), ["a"])
    assert features.embedded["lengths"] == 2


class Small(Colours):
    """A network on a device with room for some pictures at once.

    Attributes:
        room: how many pictures.
        asked: how many it was given, each time.
    """

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self.asked: list[int] = []

    def maps(self, images: Sequence[np.ndarray], progress: Progress) -> np.ndarray:
        self.asked.append(len(images))
        if len(images) > self.room:
            raise torch.OutOfMemoryError("the device is full")
        return super().maps(images, progress)


def test_where_memory_is_too_small_half_as_many_go_at_once_from_then_on() -> None:
    features, network = FeatureCache(), Small(room=5)
    pictures = [picture(n) for n in range(20)]
    np.testing.assert_array_equal(features.pooled(network, pictures), FeatureCache().pooled(Colours(), pictures))
    assert network.asked == [16, 8, 4, 4, 4, 4, 4] and features.embedded["colours"] == 20


def test_a_picture_for_which_there_is_no_memory_is_an_error() -> None:
    with pytest.raises(UserError, match="not enough memory"):
        FeatureCache().pooled(Small(room=0), [picture(1), picture(2)])


def test_a_gpu_gets_more_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "device", lambda: torch.device("cuda"))
    network = Small(room=100)
    FeatureCache().pooled(network, [picture(n) for n in range(120)])
    assert network.asked == [120, 60, 60]


def test_vectors_of_another_precision_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    features = FeatureCache()
    features.pooled(Colours(), [picture(1)])
    monkeypatch.setattr(runtime, "_precision", "bf16")
    features.pooled(Colours(), [picture(1)])
    assert features.embedded["colours"] == 2
