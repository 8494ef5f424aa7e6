"""`evaluate` on 2,000 embedded pictures, and easyfsl on the same vectors and episodes; JSON, in seconds.

The vectors and maps are made up, because speed does not depend on what they say: 50 classes of 40, each around a
centre. Both sides get the episodes drawn and the vectors in memory. easyfsl's methods score an episode at a time, as
its own `evaluate` has them do; ours also calibrate probabilities, and mark what is unlike the examples.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from typing import Any

from fsl_demo import runtime

runtime.prepare("cpu")
runtime.guard_torchvision()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from easyfsl.methods import LaplacianShot, PrototypicalNetworks  # noqa: E402
from PIL import Image  # noqa: E402

from fsl_demo import methods  # noqa: E402
from fsl_demo.backbones.cache import Backbone, FeatureCache  # noqa: E402
from fsl_demo.backbones.networks import Networks  # noqa: E402
from fsl_demo.core.episodes import Progress, quiet  # noqa: E402
from fsl_demo.core.pictures import Picture, from_image  # noqa: E402
from fsl_demo.datasets.parts import Item  # noqa: E402
from fsl_demo.evaluation.episodes import Opened, episode_of  # noqa: E402
from fsl_demo.evaluation.outcomes import outcomes  # noqa: E402
from fsl_demo.evaluation.run import CHUNK  # noqa: E402
from fsl_demo.evaluation.sampling import EpisodeSampler, Sampling  # noqa: E402

CLASSES, EACH = 50, 40
TRAINED = ("siamese", "can")
OURS = ("prototype", "asif", "compact-vlm", "linear-probe", *TRAINED)
VARIANT = "photographs"
THEIRS = {"prototypical": PrototypicalNetworks, "laplacian": LaplacianShot}


def pictures() -> dict[str, list[Picture]]:
    """2,000 pictures of a few pixels, no two alike."""
    return {f"thing {index}": [_picture(index * EACH + number) for number in range(EACH)] for index in range(CLASSES)}


def _picture(number: int) -> Picture:
    return from_image(Image.new("RGB", (4, 4), (number % 256, number // 256, 0)), f"{number}.png")


class Embedded(FeatureCache):
    """A cache that has maps of every picture: the same one with a weight a picture and channel, to save memory."""

    def maps(self, backbone: Any, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """float32 [N, D, h, w]."""
        height, width = backbone.size
        places = np.random.default_rng(0).gamma(1.0, 1.0, (height, width)).astype(np.float32)
        return self.pooled(backbone, pictures)[:, :, None, None] * places


def embedded(classes: dict[str, list[Picture]]) -> Networks:
    """Networks whose cache has a vector of every picture already."""
    features, random = Embedded(), np.random.default_rng(0)
    networks = Networks(features)
    trained = [networks.trained(f"{method}_{VARIANT}") for method in TRAINED]
    everything: tuple[Backbone, ...] = (networks.pictures, networks.whole_pictures, *trained)
    for network in everything:
        vectors = {}
        for members in classes.values():
            centre = random.gamma(0.5, 1.0, network.channels)
            for picture in members:
                vectors[picture.sha256] = (centre * random.gamma(1.0, 1.0, network.channels)).astype(np.float32)
        features.put_pooled(network, vectors)
    return networks


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--episodes", type=int, default=600)
    options.add_argument("--shots", type=int, nargs="+", default=[1, 5])
    chosen = options.parse_args()
    classes = pictures()
    known = methods.build(embedded(classes))
    opened, measured = Opened(), dict[str, Any]()
    space = known["prototype"].space  # type: ignore[attr-defined]
    everything = [picture for members in classes.values() for picture in members]
    vectors = torch.from_numpy(space.embed(everything))
    place = {picture: number for number, picture in enumerate(everything)}
    for shot in chosen.shots:
        sampler: EpisodeSampler[Item] = Sampling(shot=shot).sampler(classes)
        drawn = [episode_of(each, opened) for each in sampler.draw(chosen.episodes)]
        for name in OURS:
            method: Any = known[name]
            settings = method.Settings(**({"variant": VARIANT} if name in TRAINED else {}))
            outcomes(method, settings, *zip(*drawn[:2], strict=True))  # loads what is loaded once
            began, right = time.perf_counter(), []
            for start in range(0, len(drawn), CHUNK):
                part = zip(*drawn[start : start + CHUNK], strict=True)
                right.append(outcomes(method, settings, *part).right)
            measured[f"{name} {shot}"] = {
                "seconds": time.perf_counter() - began,
                "accuracy": np.concatenate(right).mean(),
            }
        tasks = [
            (
                torch.tensor([place[example.picture] for example in episode.support]),
                torch.tensor([example.class_index for example in episode.support]),
                torch.tensor([place[picture] for picture in episode.queries]),
                torch.from_numpy(truth),
            )
            for episode, truth in drawn
        ]
        for name, make in THEIRS.items():
            model = make(feature_normalization=2)
            began, hits = time.perf_counter(), 0
            with torch.no_grad():
                for support, labels, queries, truth in tasks:
                    model.process_support_set(vectors[support], labels)
                    hits += int((model(vectors[queries]).argmax(1) == truth).sum())
            accuracy = hits / sum(len(truth) for *_, truth in tasks)
            measured[f"easyfsl {name} {shot}"] = {"seconds": time.perf_counter() - began, "accuracy": accuracy}
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
