"""Train detector and dictionary without five of VOC's classes, to study classes that are known by their words alone.

    python -m experiments.unseen_classes data --runs runs/unseen --out runs/unseen/checkpoints

leaves out bus, cat, cow, motorbike and sofa: all photographs of VOC 2007 that show one, and all of Flickr8k of which a
phrase names one. A detector that is there already is used as it is.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from dataclasses import replace
from pathlib import Path

from fsl_demo import runtime
from fsl_demo.datasets.voc2007 import LEFT_OUT
from fsl_demo.inference import region_space
from fsl_demo.training.config import Config
from fsl_demo.training.run import run
from fsl_demo.training.tasks.detector import DetectorTask
from fsl_demo.training.tasks.semantic_dictionary import SemanticDictionaryTask

WORDS = re.compile(
    r"\b((mini|trolley)?bus(es)?|tram|double[- ]decker|cats?|kittens?|kitty|feline|cows?|cattle|calf|calves|bulls?|"
    r"oxen|steers?|motor ?(bikes?|cycles?|cyclists?|cross)|mopeds?|dirt ?-?bikes?|dirt ?-?bikers?|scooters?|sofas?|"
    r"couch(es)?|love ?seats?|settees?)\b"
)
"""What phrases call the classes that are left out."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds voc2007, flickr8k and flickr8k_entities")
    parser.add_argument("--runs", type=Path, default=Path("runs/unseen"))
    parser.add_argument("--out", type=Path, default=Path("runs/unseen/checkpoints"))
    parser.add_argument("--epochs", type=int, help="of the detector")
    parser.add_argument("--precision", choices=("no", "bf16", "fp16"), default="no")
    arguments = parser.parse_args()
    runtime.prepare()
    root, detector = arguments.data, arguments.out / region_space.CHECKPOINT
    config = Config(
        runs=arguments.runs,
        out=arguments.out,
        command=shlex.join(["python", "-m", "experiments.unseen_classes", *sys.argv[1:]]),
        epochs=arguments.epochs,
        precision=arguments.precision,
    )
    if not detector.exists():
        run(DetectorTask("detector", root, left_out=LEFT_OUT, left_out_words=WORDS), config, print)
    task = SemanticDictionaryTask(
        "semantic-dictionary",
        root,
        detector=detector.resolve(),
        left_out=LEFT_OUT,
        left_out_words=WORDS,
        pictures=1_000,
    )
    run(task, replace(config, epochs=None), print)


if __name__ == "__main__":
    main()
