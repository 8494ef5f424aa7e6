"""Measure the defaults of the built-in vision-language model again, and write a version of it that has them.

    python -m experiments.calibrate runs/compact_vlm/draft/compact_vlm --data data

reads CIFAR-FS's validation classes in `data`. The checkpoint is the app's own, or any other of the same kind.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fsl_demo import checkpoints, runtime
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.datasets import cifar_fs
from fsl_demo.inference.compact_space import CHECKPOINT
from fsl_demo.methods.compact_vlm import CompactVlm
from fsl_demo.training.calibration.vision_language import calibrated


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, help="folder of the checkpoints (default: the app's own)")
    arguments = parser.parse_args()
    runtime.prepare()
    stored = checkpoints.load(arguments.checkpoint)
    method = CompactVlm(Networks(FeatureCache()), arguments.checkpoint)
    defaults, grid = calibrated(method, cifar_fs.read(arguments.data).validation.classes)
    card = stored.card.as_dict()
    card["figures"] = {"validation": card["figures"]["validation"], "calibration": grid}
    print(checkpoints.save(CHECKPOINT, {**stored.arrays, **defaults}, card=card, folder=arguments.out))


if __name__ == "__main__":
    main()
