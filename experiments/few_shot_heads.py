"""What else could answer from the same vectors: `python -m experiments.few_shot_heads`.

Vectors are those of `compact-vlm` and, for pictures alone, of `prototype`, of the validation classes of CIFAR-FS and
of `photos`. Every head answers the same 10-way episodes; figures are means of both data sets. Heads that need a number
chosen get the one that is best on the very episodes, so theirs are upper bounds. Two tables:

1. with class names: class means blended with the text (what `compact-vlm` does), and Tip-Adapter, GDA, LP++ and CLAP;
2. pictures alone: class means, easyfsl's methods and alpha-TIM, on as many queries of each class, and on classes drawn
   from a Dirichlet distribution (Veilleux et al. 2021, arXiv:2204.11181). Those marked * learn from all queries at
   once, and are not for a picture that comes alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from fsl_demo import runtime

runtime.prepare("cpu")
runtime.guard_torchvision()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from easyfsl.methods import BDCSPN, PTMAP, TIM, FewShotClassifier, LaplacianShot, SimpleShot  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.nn.functional import cross_entropy, normalize  # noqa: E402

from experiments.alpha_tim import AlphaTIM  # noqa: E402
from fsl_demo import datasets  # noqa: E402
from fsl_demo.backbones.cache import FeatureCache  # noqa: E402
from fsl_demo.backbones.networks import Networks  # noqa: E402
from fsl_demo.core.episodes import ClassSpec, quiet  # noqa: E402
from fsl_demo.datasets.parts import opened  # noqa: E402
from fsl_demo.evaluation import intervals  # noqa: E402
from fsl_demo.inference.prompts import balanced  # noqa: E402
from fsl_demo.inference.vision_language import VisionLanguageInputs  # noqa: E402
from fsl_demo.methods.compact_vlm import CompactVlm  # noqa: E402
from fsl_demo.methods.prototype import Prototype  # noqa: E402

EACH, WAY, QUERIES = 40, 10, 5
SHOTS, CONCENTRATION = (1, 2, 4, 8, 16), 2.0
"""Pictures a class; of the Dirichlet distribution."""
STEPS, SCALE = 200, 30.0
"""Of heads that are learned; what cosines are multiplied with there."""

WEIGHTS = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Of what pictures say beside the text, among which Tip-Adapter and GDA get the best."""


@dataclass(frozen=True)
class Pictures:
    """Vectors of a data set's pictures.

    Attributes:
        joint, alone, originals: for `compact-vlm`, for `prototype`, and to see near-duplicates in, [N, D].
        labels: [N].
        texts: of the classes, [C, D].
    """

    joint: np.ndarray
    alone: np.ndarray
    originals: np.ndarray
    labels: np.ndarray
    texts: np.ndarray


@dataclass(frozen=True)
class Task:
    """An episode: rows of the support pictures, class by class, of the queries, and what these are."""

    support: np.ndarray
    queries: np.ndarray
    classes: np.ndarray
    truth: np.ndarray

    @property
    def owners(self) -> np.ndarray:
        """Class index of each support picture."""
        return np.repeat(np.arange(WAY), len(self.support) // WAY)


class Head(Protocol):
    def __call__(self, keys: Tensor, one_hot: Tensor, /, *, texts: Tensor, queries: Tensor) -> Tensor:
        """From support vectors [S, D], one-hot classes [S, C], texts [C, D] and queries [Q, D] to scores [Q, C]."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("data"), metavar="DIR", help="holds the data sets")
    parser.add_argument("--episodes", type=int, default=100, metavar="N", help="of each data set and number of shots")
    chosen = parser.parse_args()
    networks = Networks(FeatureCache(map_bytes=1))
    inputs = CompactVlm(networks).inputs(CompactVlm.Settings(), quiet)
    sets = list(_sets(networks, inputs, chosen.root))
    print(_table(_with_names(sets, inputs, chosen.episodes)))
    for unbalanced in (False, True):
        print(f"\n{'Dirichlet' if unbalanced else 'balanced'} queries\n")
        print(_table(_pictures_alone(sets, episodes=chosen.episodes, unbalanced=unbalanced)))


def _sets(networks: Networks, inputs: VisionLanguageInputs, root: Path) -> Iterator[Pictures]:
    """The validation classes of CIFAR-FS and of `photos`."""
    method, prototype = CompactVlm(networks), Prototype(networks)
    classes = datasets.read("objects", root).validation.classes
    for group in sorted({name.split("/")[0] for name in classes}):
        names = [name for name in classes if name.startswith(f"{group}/")]
        pictures = [[opened(item) for item in classes[name][:EACH]] for name in names]
        joined = [picture for members in pictures for picture in members]
        specs = [ClassSpec(name.split("/")[1].replace("_", " ")) for name in names]
        sentences = [balanced(*method.sentences(spec, inputs.settings)) for spec in specs]
        yield Pictures(
            joint=inputs.space.embed(joined, quiet),
            alone=prototype.embed(joined),
            originals=inputs.originals(joined, quiet),
            labels=np.repeat(np.arange(len(names)), [len(members) for members in pictures]),
            texts=inputs.space.texts(sentences, quiet),
        )


def _tasks(data: Pictures, shot: int, episodes: int, unbalanced: bool = False) -> Iterator[Task]:
    random = np.random.default_rng(shot)
    for _ in range(episodes):
        classes = random.choice(len(data.texts), WAY, replace=False)
        counts = np.full(WAY, QUERIES)
        if unbalanced:
            counts = random.multinomial(WAY * QUERIES, random.dirichlet(np.full(WAY, CONCENTRATION)))
        support, queries, truth = [], [], []
        for number, (label, count) in enumerate(zip(classes, counts, strict=True)):
            rows = random.permutation(np.flatnonzero(data.labels == label))
            support.append(rows[:shot])
            queries.append(rows[shot : shot + count])
            truth.append(np.full(len(queries[-1]), number))
        yield Task(np.concatenate(support), np.concatenate(queries), classes=classes, truth=np.concatenate(truth))


def _with_names(
    sets: list[Pictures], inputs: VisionLanguageInputs, episodes: int
) -> dict[str, list[list[list[float]]]]:
    """Accuracies of each head, by shots, data sets and episodes."""

    def right(scores: Tensor | np.ndarray, task: Task) -> float:
        return float((np.asarray(scores).argmax(1) == task.truth).mean())

    measured: dict[str, list[list[list[float]]]] = {}
    for shot in SHOTS:
        accuracies_of: dict[str, list[list[float]]] = {}
        for number, data in enumerate(sets):
            for task in _tasks(data, shot, episodes):
                texts, keys, queries = data.texts[task.classes], data.joint[task.support], data.joint[task.queries]
                blend = inputs.blended(keys, data.originals[task.support], owners=task.owners, texts=texts)
                answers: dict[str, Tensor | np.ndarray] = {
                    "text alone": queries @ texts.T,
                    "class means alone": queries @ blend.prototypes.T,
                    "class means and text (ours)": blend.similarities(queries, queries),
                }
                one_hot = torch.from_numpy(np.eye(WAY, dtype=np.float32)[task.owners])
                tensors = [torch.from_numpy(part) for part in (keys, texts, queries)]
                answers |= {
                    name: head(tensors[0], one_hot, texts=tensors[1], queries=tensors[2])
                    for name, head in _heads().items()
                }
                for name, scores in answers.items():
                    accuracies_of.setdefault(name, [[] for _ in sets])[number].append(right(scores, task))
        for name, accuracies in _best(accuracies_of).items():
            measured.setdefault(name, []).append(accuracies)
    return measured


def _best(by_head: Mapping[str, list[list[float]]]) -> dict[str, list[list[float]]]:
    """Of heads with a number, called "NAME, NUMBER", the best one."""
    best: dict[str, list[list[float]]] = {}
    for name, accuracies in by_head.items():
        head = name.split(", ")[0]
        if head not in best or np.mean(accuracies) > np.mean(best[head]):
            best[head] = accuracies
    return best


def _heads() -> dict[str, Head]:
    heads: dict[str, Head] = {"LP++": lp_plus_plus, "CLAP": clap}
    for weight in WEIGHTS:
        heads[f"GDA, {weight:g}"] = partial(gda, weight=weight)
        heads[f"Tip-Adapter, {weight:g}"] = partial(tip_adapter, weight=weight)
    return heads


def tip_adapter(keys: Tensor, one_hot: Tensor, /, *, texts: Tensor, queries: Tensor, weight: float) -> Tensor:
    """Zhang et al. 2022 (arXiv:2111.03930), without training; its sharpness is 5.5."""
    affinity = torch.exp(-5.5 * (1 - queries @ keys.T))
    return SCALE * queries @ texts.T + weight * affinity @ one_hot


def gda(keys: Tensor, one_hot: Tensor, /, *, texts: Tensor, queries: Tensor, weight: float) -> Tensor:
    """Wang et al. 2024 (arXiv:2402.04087): classes are Gaussians of one covariance, which is shrunk."""
    counts = one_hot.sum(0)
    means = one_hot.T @ keys / counts[:, None]
    apart, channels = keys - one_hot @ means, keys.shape[1]
    trace = (apart**2).sum() / len(keys)
    if trace < 1e-6:
        return SCALE * (queries @ texts.T + weight * queries @ normalize(means).T)
    inner = torch.linalg.solve(apart @ apart.T + trace * torch.eye(len(keys)), apart)

    def precision(vectors: Tensor) -> Tensor:
        """The inverse of the covariance times vectors, by Woodbury's identity."""
        return channels / trace * (vectors - vectors @ apart.T @ inner)

    rows = precision(means)
    scores = queries @ rows.T - 0.5 * (means * rows).sum(1)
    return SCALE * (queries @ texts.T + weight * (scores - scores.mean(1, keepdim=True)) / scores.std())


def lp_plus_plus(keys: Tensor, one_hot: Tensor, /, *, texts: Tensor, queries: Tensor) -> Tensor:
    """Huang et al. 2024 (arXiv:2404.02285): class weights and, for each class, how much its text counts are learned, in
    steps as long as a bound of the curvature allows."""
    by_text, labels = keys @ texts.T, one_hot.argmax(1)
    weights = one_hot.T @ keys / one_hot.sum(0)[:, None]
    shares = torch.ones(len(texts))
    curvature = SCALE**2 * torch.linalg.matrix_norm(keys, 2) ** 2 / len(keys) / 2
    text_curvature = SCALE**2 * (by_text**2).mean(0).amax().clamp(min=1e-6) / 2
    for _ in range(STEPS):
        for weight_step in (True, False):
            residual = SCALE * (torch.softmax(SCALE * (keys @ weights.T + shares * by_text), 1) - one_hot) / len(labels)
            if weight_step:
                weights = weights - residual.T @ keys / curvature
            else:
                shares = shares - (residual * by_text).sum(0) / text_curvature
    return queries @ weights.T + shares * (queries @ texts.T)


def clap(keys: Tensor, one_hot: Tensor, /, *, texts: Tensor, queries: Tensor) -> Tensor:
    """Silva-Rodriguez et al. 2024 (arXiv:2312.12730): a linear probe that begins as the texts and is held near them, a
    class as much as its text is right of its pictures."""
    labels = one_hot.argmax(1)
    right = torch.softmax(SCALE * keys @ texts.T, 1) * one_hot
    held = right.sum(0) / one_hot.sum(0)
    weights = texts.clone().requires_grad_()
    optimiser = torch.optim.SGD([weights], lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        optimiser.zero_grad()
        apart = (held * ((weights - texts) ** 2).sum(1)).mean()
        loss = cross_entropy(SCALE * keys @ normalize(weights).T, labels) + apart
        loss.backward()
        optimiser.step()
        schedule.step()
    return queries @ normalize(weights.detach()).T


WITHOUT_NAMES: Mapping[str, Callable[..., FewShotClassifier]] = {
    "easyfsl's SimpleShot": SimpleShot,
    "easyfsl's BD-CSPN*": BDCSPN,
    "easyfsl's LaplacianShot*": LaplacianShot,
    "easyfsl's PT-MAP*": PTMAP,
    "easyfsl's TIM*": TIM,
    "alpha-TIM*": partial(AlphaTIM, alpha=2.0),
}


def _pictures_alone(sets: list[Pictures], episodes: int, unbalanced: bool) -> dict[str, list[list[list[float]]]]:
    """As `_with_names`, for `prototype`'s vectors and `WITHOUT_NAMES`."""
    measured: dict[str, list[list[list[float]]]] = {}
    for shot in SHOTS:
        accuracies_of: dict[str, list[list[float]]] = {}
        for number, data in enumerate(sets):
            vectors = torch.from_numpy(data.alone)
            for task in _tasks(data, shot, episodes=episodes, unbalanced=unbalanced):
                support, queries, labels = vectors[task.support], vectors[task.queries], torch.from_numpy(task.owners)
                means = torch.stack([support[labels == label].mean(0) for label in range(WAY)])
                answers = {"class means (ours)": queries @ normalize(means).T}
                for name, method in WITHOUT_NAMES.items():
                    model = method(feature_normalization=2)
                    model.process_support_set(support, labels)
                    answers[name] = model(queries).detach()
                for name, scores in answers.items():
                    accuracy = float((scores.argmax(1).numpy() == task.truth).mean())
                    accuracies_of.setdefault(name, [[] for _ in sets])[number].append(accuracy)
        for name, accuracies in accuracies_of.items():
            measured.setdefault(name, []).append(accuracies)
    return measured


def _table(measured: Mapping[str, list[list[list[float]]]]) -> str:
    lines = [f"| head | {' | '.join(f'{shot}' for shot in SHOTS)} |", "|---|" + "---|" * len(SHOTS)]
    for name, by_shots in measured.items():
        cells = []
        for by_set in by_shots:
            shares = [intervals.share(accuracies) for accuracies in by_set]
            half = np.sqrt(np.sum([((share.high - share.low) / 2) ** 2 for share in shares])) / len(shares)
            cells.append(f"{100 * np.mean([share.mean for share in shares]):.1f} ± {100 * half:.1f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
