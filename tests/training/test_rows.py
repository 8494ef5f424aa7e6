"""Batches of pictures in memory or on a GPU."""

import numpy as np
import pytest
import torch

from fsl_demo.training import rows
from fsl_demo.training.data import Arrays

CPU = torch.device("cpu")


@pytest.mark.parametrize("held", [False, True])
def test_a_batch_has_the_pictures_of_its_numbers_in_their_order(held: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_fits", lambda size, device: held)
    images = np.random.default_rng(0).integers(0, 256, (9, 4, 4, 1), np.uint8)
    images.flags.writeable = False  # as read from a file
    data = Arrays(images, np.arange(9) % 3, names=("a", "b", "c"), pairs=np.zeros((0, 3), int))
    made = rows.Rows(data, CPU)
    for numbers in ([4, 0, 8], [2, 2]):
        batch, labels = made.batch(np.array(numbers))
        assert batch.dtype == torch.uint8 and batch.tolist() == images[numbers].tolist()
        assert labels.tolist() == [number % 3 for number in numbers]


def test_only_what_leaves_room_on_a_gpu_is_held_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (400, 1000))
    fits = [rows._fits(size, torch.device(kind)) for kind in ("cuda", "cpu") for size in (99, 101)]
    assert fits == [True, False, False, False]
