"""Measure again what `fsl_demo.inference.shares` knows of near-duplicates and of pictures of a class.

    python -m experiments.likeness --data data

On CIFAR-FS's 16 validation classes and every other class of `photos`, in the vectors of `originals`. Printed:

usual    how far two pictures of a class are apart on average, of the distance that 19 in 20 pairs keep to
near     of pairs within a class and of each kind of near-duplicate, how many are nearer than a share of the mean
         distance between classes; a good share takes in most near-duplicates, and few other pairs
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.support_sets import COPIES
from experiments.tune import cifar_fs, photos
from fsl_demo import runtime
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import quiet
from fsl_demo.core.pictures import ingest
from fsl_demo.inference.batches import Embed
from fsl_demo.inference.calibration import REFUSED
from fsl_demo.inference.originals import Originals
from fsl_demo.inference.shares import NEAR, USUAL

A_CLASS = 10
SHARES = (0.15, 0.2, 0.25, 0.3, 0.35)
KINDS = ("crop", "mirror image", "JPEG 40", "all three")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data"))
    data = parser.parse_args().data
    runtime.prepare()
    embed = Originals(Networks(FeatureCache()))
    print(f"in the code: usual {USUAL}, near {NEAR}")
    for name, classes in (("photos", photos(data)), ("CIFAR-FS, validation", cifar_fs(data, "val", A_CLASS))):
        print(f"\n{name}\n" + "\n".join(measured(embed, classes)), flush=True)


def measured(embed: Embed, classes: Mapping[str, Sequence[Path]]) -> list[str]:
    """The lines of one set of classes."""
    chosen = [list(files)[:A_CLASS] for files in classes.values()]
    owners = np.repeat(range(len(chosen)), [len(files) for files in chosen])
    pictures = [ingest(file) for files in chosen for file in files]
    vectors = embed(pictures, quiet)
    distances, same = 1 - vectors @ vectors.T, owners[:, None] == owners
    pairs, between = distances[same & np.triu(np.ones_like(same), k=1)], distances[~same].mean()
    rows = {"other pictures": pairs}
    for kind, copy in zip(KINDS, COPIES, strict=True):
        rows[kind] = 1 - (vectors * embed([copy(picture) for picture in pictures], quiet)).sum(axis=1)
    return [
        f"usual {pairs.mean() / np.quantile(pairs, 1 - REFUSED):.2f}",
        f"{'near':<16}" + "".join(f"{share:>8.2f}" for share in SHARES),
        *(
            f"{kind:<16}" + "".join(f"{np.mean(values < share * between):>8.1%}" for share in SHARES)
            for kind, values in rows.items()
        ),
    ]


if __name__ == "__main__":
    main()
