"""Words at random places, and regions that lie where a map of their words says."""

import numpy as np
import torch

from fsl_demo.training.dictionary_figures import Held
from fsl_demo.training.objectives.semantic_dictionary import BACKGROUND, REGION, WHOLE, Rights, Words

CLASSES, PHRASES, EACH, CHANNELS = 3, 9, 24, 12
SMALL = {"HIDDEN": 32, "ROWS": 8, "BATCH": 32}
"""Of `objectives.semantic_dictionary`."""


def data() -> tuple[Words, Rights, np.ndarray]:
    """Words at random places, and regions that lie where a linear map of their words says."""
    random = np.random.default_rng(0)
    count = CLASSES + PHRASES
    vectors = random.standard_normal((count, 16)).astype(np.float32) / 4
    words = Words(
        tuple(map(str, range(count))),
        vectors,
        sentences=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        mentions=np.eye(count, CLASSES, dtype=bool),
    )
    places = vectors @ random.standard_normal((16, CHANNELS)) / 2
    owners = np.repeat(np.arange(count), EACH)
    features = places[owners] + 0.2 * random.standard_normal((len(owners), CHANNELS))
    nothing = 0.2 * random.standard_normal((40, CHANNELS))
    kinds = np.concatenate([np.full(len(owners), REGION), np.full(40, BACKGROUND), np.full(EACH, WHOLE)])
    table = np.full((len(kinds), 2), -1)
    table[: len(owners), 0] = owners
    table[-EACH:, 0] = np.arange(EACH) % CLASSES
    features = np.concatenate([features, nothing, features[table[-EACH:, 0] * EACH]])
    return words, Rights(kinds, table), (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)


def held(words: Words, table: Rights, features: np.ndarray) -> Held:
    classes = (table.kinds <= BACKGROUND) & (table.words[:, 0] < CLASSES)
    spoken = np.flatnonzero(table.words[:, 0] >= CLASSES)
    return Held(
        names=torch.from_numpy(words.vectors[:CLASSES]),
        vocabulary=torch.from_numpy(words.vectors[CLASSES:]),
        regions=torch.from_numpy(features[classes]),
        owners=table.words[classes, 0],
        objectness=np.where(table.kinds[classes] == REGION, 0.9, 0.3),
        pictures=np.arange(classes.sum()) % EACH,
        wholes=torch.from_numpy(features[table.kinds == WHOLE]),
        single=table.words[table.kinds == WHOLE, 0],
        spoken=torch.from_numpy(features[spoken]),
        phrases=torch.from_numpy(words.vectors),
        means=[[number] for number in table.words[spoken, 0].tolist()],
    )
