"""Trains the semantic dictionary on what a detector and a frozen network make of regions, and calibrates it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.picture_maps import classes as classifier_rows
from fsl_demo.checkpoints import Source
from fsl_demo.core.episodes import Progress
from fsl_demo.datasets import voc2007
from fsl_demo.inference import region_space
from fsl_demo.inference.region_features import RegionMap, RegionReader
from fsl_demo.inference.region_space import RegionSpace
from fsl_demo.losses.semantic_dictionary import BETA, Denominator
from fsl_demo.training import dictionary_words, region_rows, scenes
from fsl_demo.training.calibration.semantic_dictionary import calibrated
from fsl_demo.training.captioned import OnOneDataSet
from fsl_demo.training.config import Config
from fsl_demo.training.data import Arrays
from fsl_demo.training.dictionary_words import Read
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.objectives import semantic_dictionary as objective
from fsl_demo.training.objectives.semantic_dictionary import SemanticDictionaryObjective, Words
from fsl_demo.training.region_whitening import region_map
from fsl_demo.training.scenes import Scene
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.task import Prepared

SCHEDULE = Schedule(epochs=12, rate=1e-3, decay=0.01, warm_up=0.05)
SETTING = {
    "hidden": objective.HIDDEN,
    "penalty": objective.PENALTY,
    "beta": BETA,
    "rows": objective.ROWS,
    "batch": objective.BATCH,
    "steps": objective.STEPS,
    "alike": objective.ALIKE,
    "shares": list(objective.SHARES),
}
