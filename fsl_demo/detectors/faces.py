"""Faces from the front, by a cascade of local binary patterns (Liao et al. 2007)."""

from __future__ import annotations

from collections.abc import Sequence

from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import Crops
from fsl_demo.core.cards import DetectorCard
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Region
from fsl_demo.inference import faces


class FaceDetector(Crops):
    """The faces of a picture, and the largest of them in the frame that face networks learned from."""

    card = DetectorCard(
        id="faces",
        title="Faces",
        paper="Liao et al. 2007, Learning Multi-scale Block Local Binary Patterns for Face Recognition",
        checkpoint="scikit-image's frontal face cascade",
        finds=("face",),
        cost=60,
    )

    def __init__(self, networks: Networks) -> None:
        """The cascade comes with scikit-image, so it needs none of the networks."""

    def detect(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        """Faces of each picture, the largest first; the cascade gives no scores."""
        found = []
        for number, picture in enumerate(pictures):
            progress("faces", number, len(pictures))
            regions = (Region.within(face.box(picture), words=(("face", 1.0),)) for face in faces.find(picture))
            found.append(tuple(region for region in regions if region is not None))
        return found

    def crop(self, picture: Picture) -> Picture | None:
        """The largest face in its frame; edge pixels go on where the frame reaches beyond the picture."""
        return faces.crop(picture)
