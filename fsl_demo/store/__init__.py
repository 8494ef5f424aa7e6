"""Where episodes, pictures, labels and drafts are kept: SQLite and picture files in one folder."""

from fsl_demo.store.browse import EpisodeFilter, EpisodeSummary, Statistics
from fsl_demo.store.captions import CaptionMatch
from fsl_demo.store.collected import CollectionFilter, CollectionPage
from fsl_demo.store.collection import CollectionPicture
from fsl_demo.store.drafts import Draft, DraftRevision, StaleDraft
from fsl_demo.store.episodes import StoredEpisode
from fsl_demo.store.labels import EpisodeWord, LabelRecord
from fsl_demo.store.reading import reader, usable
from fsl_demo.store.regions import RegionRecord
from fsl_demo.store.workspace import Workspace

__all__ = [
    "CaptionMatch",
    "CollectionFilter",
    "CollectionPage",
    "CollectionPicture",
    "Draft",
    "DraftRevision",
    "EpisodeFilter",
    "EpisodeSummary",
    "EpisodeWord",
    "LabelRecord",
    "RegionRecord",
    "StaleDraft",
    "Statistics",
    "StoredEpisode",
    "Workspace",
    "reader",
    "usable",
]
