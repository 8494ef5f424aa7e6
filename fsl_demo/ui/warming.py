"""Networks are loaded in the background while the person looks around, so that the first answer does not wait."""

from __future__ import annotations

import logging
import threading

import numpy as np
from PIL import Image

from fsl_demo import runtime
from fsl_demo.core.episodes import ClassSpec, Episode, Example, quiet
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.methods import proposed
from fsl_demo.ui.page import Page


def start(page: Page) -> threading.Thread:
    """Ask every method that is proposed for photographs a question that nobody will see the answer of."""
    thread = threading.Thread(target=_warm, args=(page,), daemon=True, name="warming")
    thread.start()
    return thread


def _warm(page: Page) -> None:
    known = page.frame_methods
    pictures = [_noise(seed) for seed in range(3)]
    classes = (ClassSpec("cat"), ClassSpec("dog"))
    episode = Episode(classes, (Example(pictures[0], 0), Example(pictures[1], 1)), (pictures[2],))
    with runtime.making_what_stays():
        for name in dict.fromkeys([*proposed(known, []), *proposed(known, pictures)]):
            method = known[name]
            try:
                method.fit(episode, method.Settings(), quiet).predict(episode.queries, quiet)
            except Exception:
                logging.getLogger(__name__).exception("networks could not be loaded in advance")
    page.ready.set()


def _noise(seed: int) -> Picture:
    pixels = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    return from_image(Image.fromarray(pixels), f"noise-{seed}")
