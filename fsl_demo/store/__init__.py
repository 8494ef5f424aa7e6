"""Where episodes, pictures, labels and drafts are kept: SQLite and picture files in one folder."""

from fsl_demo.store.browse import EpisodeFilter, EpisodeSummary, Statistics
from fsl_demo.store.collected_pages import CollectionFilter, CollectionPage
from fsl_demo.store.drafts import Draft, DraftRevision, StaleDraft
from fsl_demo.store.episodes import StoredEpisode
from fsl_demo.store.gallery import CollectionPicture, GalleryCounts, GalleryFilter, GalleryPage
from fsl_demo.store.labels import EpisodeWord, LabelRecord
from fsl_demo.store.reading import reader, usable
from fsl_demo.store.regions import RegionRecord
from fsl_demo.store.words import WordMatch, WordMatches
from fsl_demo.store.workspace import Workspace

__all__ = [
    "CollectionFilter",
    "CollectionPage",
    "CollectionPicture",
    "Draft",
    "DraftRevision",
    "EpisodeFilter",
    "EpisodeSummary",
    "EpisodeWord",
    "GalleryCounts",
    "GalleryFilter",
    "GalleryPage",
    "LabelRecord",
    "RegionRecord",
    "StaleDraft",
    "Statistics",
    "StoredEpisode",
    "WordMatch",
    "WordMatches",
    "Workspace",
    "reader",
    "usable",
]
