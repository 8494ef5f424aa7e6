"""What was tried for zero-shot by bare names, and lost: `python -m experiments.class_names`.

Share of pictures whose class comes first among all classes of the set, a mean over classes, on the validation classes
of CIFAR-FS (16) and of `photos` (10).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from fsl_demo import datasets, runtime
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import ClassSpec, quiet
from fsl_demo.inference.anchors import relative
from fsl_demo.inference.compact_space import HEAD, NAMES, CompactSpace, of_class_names
from fsl_demo.inference.glossary import definitions
from fsl_demo.inference.hypernyms import ancestors, meanings, synsets
from fsl_demo.inference.kinds import kinds
from fsl_demo.inference.prompts import balanced, default_templates
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.inference.vision_language import sentences
from fsl_demo.training.tasks.picture_space import features, groups

NEAREST = 50
"""Pictures that a text is most like, by which CSLS (Lample et al. 2018) corrects it."""
WORDNET = 0.25
"""Share of WordNet's rows beside MiniLM's."""

Scores = Callable[["Set"], np.ndarray]


class Set:
    """A data set's pictures and names, in parts of the space.

    Attributes:
        heads, relations: of pictures, [N, D], and of texts, [C, D].
        others: the pictures of the other set, for what is known of pictures in general.
    """

    others: Set

    def __init__(self, space: CompactSpace, pictures: np.ndarray, labels: np.ndarray, names: list[str]) -> None:
        self.space, self.labels, self.names = space, labels, names
        self.heads, self.relations = self._parts(space.project(pictures))
        self.text_heads, self.text_relations = self.texts(definitions)

    def _parts(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count = len(self.space.text_anchors)
        return l2_normalize(vectors[:, :HEAD]), l2_normalize(vectors[:, HEAD : HEAD + count])

    def texts(self, define: Callable[[str], list[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Heads and relations of the names, with their definitions."""
        groups_of = [sentences(self.space, ClassSpec(name), default_templates(), define) for name in self.names]
        return self._parts(self.space.texts([balanced(*both) for both in groups_of]))

    def blend(self, heads: np.ndarray, relations: np.ndarray, of: Set | None = None) -> np.ndarray:
        """As the product of two vectors blends them: of this set's pictures, or another's, with texts."""
        pictures = of or self
        return (1 - NAMES.relations) * pictures.heads @ heads.T + NAMES.relations * pictures.relations @ relations.T

    def shipped(self, of: Set | None = None) -> np.ndarray:
        return self.blend(self.text_heads, self.text_relations, of)

    def accuracy(self, scores: np.ndarray) -> float:
        right = scores.argmax(axis=1) == self.labels
        return float(np.mean([right[self.labels == label].mean() for label in np.unique(self.labels)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("data"), metavar="DIR", help="holds the data sets")
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR", help="of the trainings")
    chosen = parser.parse_args()
    runtime.prepare()
    networks, part = Networks(FeatureCache(map_bytes=1)), datasets.read("objects", chosen.root).validation
    file = chosen.runs / "picture_space" / "validation.safetensors"
    data = features(networks, data=part, file=file, progress=quiet)
    space, of_class = of_class_names(networks)(), groups(data)
    sets = []
    for group in np.unique(of_class):
        labels, rows = np.flatnonzero(of_class == group), of_class[data.labels] == group
        names = [data.names[label].split("/")[1] for label in labels]
        sets.append(Set(space, data.images[rows], np.searchsorted(labels, data.labels[rows]), names))
    sets[0].others, sets[1].others = sets[1], sets[0]
    print("| names | CIFAR-FS, 16 | `photos`, 10 |\n|---|---|---|")
    for title, scores in ROWS.items():
        cells = [f"{100 * each.accuracy(scores(each)):.1f}" for each in sets]
        print(f"| {title} | {' | '.join(cells)} |", flush=True)


def csls(of: Set) -> np.ndarray:
    """Less half of what a text has in common with the pictures of another set that it is most like."""
    near = np.sort(of.shipped(of.others), axis=0)[-NEAREST:].mean(axis=0)
    return np.asarray(of.shipped() - near / 2)


def kind(name: str) -> list[str]:
    """Definitions, and what the thing is a kind of."""
    parents = [parent for synset in meanings(name)[:1] for parent in synsets()[synset].parents]
    return [*definitions(name), *(f"a kind of {next(iter(synsets()[parent].nouns))}" for parent in parents[:1])]


@cache
def wordnet(name: str) -> np.ndarray:
    """How much a name's usual meaning and each of ImageNet's classes have in common: the information content of their
    most exact kind (Resnik 1995), [1000]."""
    rows, members = kinds()
    shared = np.zeros(members.shape[1])
    for synset in meanings(name)[:1]:
        for ancestor in ancestors(synset) & rows.keys():
            content = -np.log(members[rows[ancestor]].mean())
            shared = np.maximum(shared, members[rows[ancestor]] * content)
    return shared / np.log(len(shared))


def with_wordnet(of: Set) -> np.ndarray:
    own = relative(np.stack([wordnet(name) for name in of.names]), power=4, keep=100)
    return of.blend(of.text_heads, l2_normalize((1 - WORDNET) * of.text_relations + WORDNET * own))


ROWS: dict[str, Scores] = {
    "heads and relations (ours)": Set.shipped,
    "heads alone": lambda of: of.heads @ of.text_heads.T,
    "relations alone": lambda of: of.relations @ of.text_relations.T,
    "less the mean text of the episode": lambda of: of.blend(
        *(l2_normalize(texts - texts.mean(axis=0)) for texts in (of.text_heads, of.text_relations))
    ),
    "less the mean over another set's pictures": lambda of: of.shipped() - of.shipped(of.others).mean(axis=0),
    "less half of the nearest pictures of another set (CSLS)": csls,
    "the first definition alone": lambda of: of.blend(*of.texts(lambda name: definitions(name)[:1])),
    "without definitions": lambda of: of.blend(*of.texts(lambda _: [])),
    "with what the thing is a kind of": lambda of: of.blend(*of.texts(kind)),
    "with WordNet's relations to ImageNet's classes": with_wordnet,
}


if __name__ == "__main__":
    main()
