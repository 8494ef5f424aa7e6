"""A method without a network that says what is where: patches of strong colour, named by the colour of a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image
from skimage.measure import label, regionprops

from fsl_demo.core.capabilities import Detects, Grounds, HasWeights, Locates
from fsl_demo.core.cards import DetectorCard, MethodCard
from fsl_demo.core.episodes import ClassSpec, Episode, Explanation, Focus, Layer, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Box, Region, RegionExplanation, RegionNeighbour
from fsl_demo.core.settings import Settings, none_below
from tests.colours import WORDS

GRID = 48
STRONG = 0.35
"""How much a colour's channels differ where there is a thing."""
COLOURS = dict(zip(WORDS, np.eye(3, dtype=np.float32), strict=True))
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def cells(picture: Picture) -> np.ndarray:
    """float32 [GRID, GRID, 3], from 0 to 1."""
    return np.asarray(picture.image().resize((GRID, GRID), Image.Resampling.NEAREST), dtype=np.float32) / 255


def colour_of(picture: Picture, box: Box) -> np.ndarray:
    """The mean colour in a box, float32 [3]."""
    left, top, right, bottom = (round(edge * GRID) for edge in box)
    part = cells(picture)[top : max(bottom, top + 1), left : max(right, left + 1)]
    return np.asarray(part.reshape(-1, 3).mean(axis=0))


def patches(picture: Picture) -> list[Box]:
    """Where the strong colours are, the largest first."""
    grid = cells(picture)
    strong = np.where(grid.max(axis=2) - grid.min(axis=2) > STRONG, grid.argmax(axis=2) + 1, 0)
    areas = sorted(regionprops(label(strong, background=0, connectivity=1)), key=lambda area: -area.area)
    return [
        (left / GRID, top / GRID, right / GRID, bottom / GRID) for top, left, bottom, right in (a.bbox for a in areas)
    ]


@dataclass(frozen=True)
class LocatedSettings(Settings):
    none_below: float | None = none_below()


class Located(Locates[LocatedSettings], HasWeights, Grounds):
    """A class has the colour that its name says and that its boxes have; a patch is of the class with its colour."""

    Settings = LocatedSettings

    def __init__(self, name: str = "located") -> None:
        self.card = MethodCard(
            name,
            "Patches",
            paper="-",
            checkpoint="colours",
            needs_pictures=False,
            reads_text=False,
            transductive=False,
            explains=("query",),
            cost=1,
            kinds=("patches",),
        )

    def weights(self, settings: LocatedSettings) -> str:
        return "-"

    def ground(self, picture: Picture, phrases: Sequence[str], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        classifier = self.fit(Episode(tuple(map(ClassSpec, phrases))), LocatedSettings())
        places = []
        for index, phrase in enumerate(phrases):
            near = [(box, float(classifier.near(picture, box)[index])) for box in patches(picture)]
            regions = (Region(box, score=max(0.0, value), words=((phrase, max(0.0, value)),)) for box, value in near)
            places.append(tuple(sorted(regions, key=lambda region: -region.score)))
        return places

    def fit(self, episode: Episode, settings: LocatedSettings, progress: Progress = quiet) -> LocatedFit:
        return LocatedFit(self, episode, settings)


class LocatedFit:
    """A `RegionClassifier`."""

    def __init__(self, method: Located, episode: Episode, settings: LocatedSettings) -> None:
        self.method, self.episode, self.settings = method, episode, settings
        self.support = [
            (example.picture, box, example.class_index)
            for example in episode.support
            for box in example.boxes or (WHOLE,)
        ]
        named = [[colour for word, colour in COLOURS.items() if word in spec.name.split()] for spec in episode.classes]
        for picture, box, index in self.support:
            named[index].append(colour_of(picture, box))
        grey = np.full(3, 0.5, np.float32)
        self.means = np.stack([np.mean(colours, axis=0) if colours else grey for colours in named])

    def near(self, picture: Picture, box: Box) -> np.ndarray:
        """1 - distance to the colour of each class, float32 [C]."""
        return np.asarray(1 - np.linalg.norm(self.means - colour_of(picture, box), axis=1), np.float32)

    def shares(self, near: np.ndarray) -> np.ndarray:
        powers = np.exp(10 * near)
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)

    def regions(self, queries: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        named = []
        for query in queries:
            shares = [(box, self.shares(self.near(query, box))) for box in patches(query)]
            regions = [
                Region(
                    box,
                    score=float(share.max()),
                    words=tuple((self.episode.classes[i].name, float(share[i])) for i in np.argsort(-share)),
                )
                for box, share in shares
            ]
            named.append(tuple(sorted(regions, key=lambda region: -region.score)))
        return named

    def explain_region(self, query: Picture, box: Box) -> RegionExplanation:
        colour = colour_of(query, box)
        words = sorted(
            ((word, float(colour @ axis) - 0.5) for word, axis in COLOURS.items()), key=lambda pair: -pair[1]
        )
        neighbours = [
            RegionNeighbour(
                picture,
                box=other,
                class_index=index,
                similarity=float(1 - np.linalg.norm(colour_of(picture, other) - colour)),
            )
            for picture, other, index in self.support
        ]
        return RegionExplanation(
            tuple(sorted(words, key=lambda pair: -pair[1])),
            tuple(sorted(neighbours, key=lambda near: -near.similarity)),
        )

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        near = np.stack([max((self.near(q, box) for box in patches(q) or [WHOLE]), key=np.max) for q in queries])
        return Scores(
            self.method.card.id,
            "-",
            settings=asdict(self.settings),
            seconds=0.01,
            similarities=near,
            probabilities=self.shares(near),
            none_below=0.0,
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        values = np.linspace(0, 1, 49, dtype=np.float32).reshape(7, 7)
        return Explanation(self.method.card.id, class_index, (Layer(query, "query", values),))


def scene(*patches: tuple[str, Box], seed: int = 0, side: int = 96) -> Image.Image:
    """A grey picture with patches of the colours that `Located` knows."""
    noise = np.random.default_rng(seed).integers(-9, 10, (side, side, 3))
    pixels = 128 + noise
    for colour, box in patches:
        left, top, right, bottom = (round(edge * side) for edge in box)
        pixels[top:bottom, left:right] = 20 + 200 * COLOURS[colour] + noise[top:bottom, left:right]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


class PatchDetector(Detects):
    """Patches of strong colour as things, the largest first."""

    card = DetectorCard("things", "Things", paper="-", checkpoint="colours", finds=WORDS, cost=1)

    def detect(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        return [tuple(Region(box) for box in patches(picture)) for picture in pictures]
