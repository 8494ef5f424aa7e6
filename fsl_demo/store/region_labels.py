"""Regions of the queries of saved episodes, one by one."""

from __future__ import annotations

from fsl_demo.core.errors import UserError
from fsl_demo.core.regions import RegionLabel
from fsl_demo.store import episodes, regions
from fsl_demo.store.connection import Connections, now
from fsl_demo.store.regions import RegionRecord


class RegionLabelStore:
    """What people say is where on a stored query. Every method may raise `episode_missing` and `query_missing`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, episode_id: str, query_position: int, label: RegionLabel) -> None:
        """Mark a region; one that is marked so already is not marked again."""
        with self._connections.write() as db:
            item = episodes.query_item(db, episode_id, query_position)
            marked = regions.labels(db, item)
            if label not in marked:
                regions.put_labels(db, item, (*marked, label))
                episodes.touch(db, episode_id, now())

    def withdraw(self, episode_id: str, query_position: int, label: RegionLabel) -> None:
        """Take a region back; its history stays.

        Raises:
            UserError: `region_missing`.
        """
        with self._connections.write() as db:
            item = episodes.query_item(db, episode_id, query_position)
            marked = list(regions.labels(db, item))
            if label not in marked:
                raise UserError("region_missing", name=label.name, number=query_position + 1)
            marked.remove(label)
            regions.put_labels(db, item, marked)
            episodes.touch(db, episode_id, now())

    def history(self, episode_id: str, query_position: int) -> list[RegionRecord]:
        """Everything that was marked on a query and taken back, oldest first."""
        with self._connections.read() as db:
            return regions.history(db, episodes.query_item(db, episode_id, query_position))
