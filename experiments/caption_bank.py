"""Writes the checkpoint `caption_bank`: what was said of Flickr8k's training pictures, as counts of word groups.

python -m experiments.caption_bank --data data
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fsl_demo import checkpoints, runtime
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.language_model import plain
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.cli.reporting import Terminal
from fsl_demo.datasets import flickr8k
from fsl_demo.inference.caption_bank import CAPTIONS, CHECKPOINT, ORDERS, groups
from fsl_demo.inference.compact_space import CompactSpace, of_sentences
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.training.reading import pooled

AXES = 128
"""Numbers that are kept of a picture, in 8 bits each."""
FEWEST = 5
"""Pictures that a group of words was said of."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data"), metavar="DIR", help="holds flickr8k")
    parser.add_argument("--out", type=Path, default=checkpoints.FOLDER, metavar="DIR", help="folder of checkpoints")
    chosen = parser.parse_args()
    networks, data = Networks(FeatureCache(map_bytes=1)), flickr8k.read(chosen.data).train
    features = PictureTowers(networks).joined(*pooled(networks, data.files, Terminal().progress))
    arrays = {**pictures(of_sentences(networks)(), features), **word_groups(data.captions)}
    checkpoints.save(CHECKPOINT, arrays, card=CARD, folder=chosen.out)


def pictures(space: CompactSpace, features: np.ndarray) -> dict[str, np.ndarray]:
    """What the built-in model's head makes of pictures, [N, 1998], along its main axes."""
    weight, bias = space.heads["pictures.weight"], space.heads["pictures.bias"]
    headed = l2_normalize(features @ weight.T + bias)
    main = np.linalg.eigh(headed.T @ headed)[1][:, ::-1][:, :AXES].T
    places = l2_normalize(headed @ main.T)
    return {
        "axes": (main @ weight).astype(np.float16),
        "bias": (main @ bias).astype(np.float16),
        "pictures": np.rint(places / np.abs(places).max() * 127).astype(np.int8),
    }


def word_groups(captions: Sequence[Sequence[str]]) -> dict[str, np.ndarray]:
    """How often each group of words was said of each picture, and how rare it is."""
    each = [[Counter(groups(plain(text))) for text in texts] for texts in captions]
    pictures_with = Counter(group for texts in each for group in set().union(*texts))
    keys = np.array(sorted(key for (_, key), count in pictures_with.items() if count >= FEWEST), np.uint32)
    rows = {int(key): row for row, key in enumerate(keys)}
    rarity = {group: np.log(len(each) / count) for group, count in pictures_with.items()}
    by_key = {key: value for (_, key), value in rarity.items()}
    squares = np.zeros((len(each), CAPTIONS, ORDERS))
    for number, texts in enumerate(each):
        for place, text in enumerate(texts):
            for group, count in text.items():
                squares[number, place, group[0]] += (count * rarity[group]) ** 2
    totals = [sum(texts, Counter()) for texts in each]
    kept = [sorted((rows[key], count) for (_, key), count in total.items() if key in rows) for total in totals]
    return {
        "groups": keys,
        "rarity": np.array([by_key[int(key)] for key in keys], np.float16),
        "usual_lengths": np.sqrt(squares).mean(axis=(0, 1)).astype(np.float32),
        "lengths": np.array([len(entries) for entries in kept], np.int32),
        "said": np.array([row for entries in kept for row, _ in entries], np.uint16),
        "counts": np.array([count for entries in kept for _, count in entries], np.uint8),
    }


CARD: dict[str, object] = {
    "title": "What people said of like pictures",
    "architecture": f"Flickr8k's training pictures as the head of compact_vlm sees them, along its {AXES} main axes in"
    f" 8 bits, and how often each group of one to four words that was said of {FEWEST} or more of them was said of"
    f" each, in {CAPTIONS} captions; groups are CRC-32 hashes",
    "preprocessing": "rgb-224-crop0.875-bicubic-half; rgb-260-whole-bicubic-half",
    "data": "flickr8k (photographs and captions: for non-commercial research and education)",
    "split": "Flickr8k's 6,000 training pictures; its validation and test pictures are not read",
    "pictures": {"train": 6000},
    "command": "python -m experiments.caption_bank --data data",
    "seed": 0,
    "figures": {
        "validation": {
            "what": "CIDEr of `prefix` on every second of Flickr8k's validation pictures, the best of 16 beams that are"
            " borne out, with the bank and without",
            "cider": 0.603,
            "without": 0.558,
        }
    },
    "pretraining": "EfficientNet-Lite0 and Lite2 trained on ImageNet",
}


if __name__ == "__main__":
    runtime.prepare()
    main()
