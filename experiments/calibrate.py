"""Measure the defaults of the built-in vision-language model, or what a captioner doubts; write a version with them.

    python -m experiments.calibrate runs/compact_vlm/draft/compact_vlm --data data
    python -m experiments.calibrate checkpoints/prefix_captions --data data

reads CIFAR-FS's validation classes in `data`, or for a captioner Flickr8k's validation pictures. The checkpoint is the
app's own, or any other of the same kind.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fsl_demo import checkpoints, runtime
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.captioners.doubt import Doubt
from fsl_demo.captioners.trained import TrainedCaptioner
from fsl_demo.core.pictures import ingest
from fsl_demo.datasets import cifar_fs, flickr8k
from fsl_demo.methods.compact_vlm import CompactVlm
from fsl_demo.training.calibration.vision_language import calibrated
from fsl_demo.training.tasks.captioner import CAPTIONERS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, help="folder of the checkpoints (default: the app's own)")
    arguments = parser.parse_args()
    runtime.prepare()
    stored = checkpoints.load(arguments.checkpoint)
    card, networks = stored.card.as_dict(), Networks(FeatureCache())
    if stored.card.method in CAPTIONERS:
        captioner = CAPTIONERS[stored.card.method](networks, arguments.checkpoint)
        defaults: Mapping[str, np.ndarray] = doubt(captioner, arguments.data)
    else:
        method = CompactVlm(networks, arguments.checkpoint)
        defaults, grid = calibrated(method, cifar_fs.read(arguments.data).validation.classes)
        card["figures"] = {"validation": card["figures"]["validation"], "calibration": grid}
    print(checkpoints.save(card["name"], {**stored.arrays, **defaults}, card=card, folder=arguments.out))


def doubt(captioner: TrainedCaptioner, root: Path) -> dict[str, np.ndarray]:
    """What captions of photographs are like, as the captioner orders its candidates now."""
    pictures = [ingest(file) for file in flickr8k.read(root).validation.files]
    fits = np.array([candidates[0].fit for candidates in captioner.describe(pictures)])
    learned = Doubt.learned(fits, captioner.joint.embed(pictures))
    return {"doubt_photographs": learned.photographs, "doubt_below": learned.below}


if __name__ == "__main__":
    main()
