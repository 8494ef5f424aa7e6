"""Stored pictures as a sequence that is read as it is used, however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import overload

from fsl_demo.core.pictures import Picture
from fsl_demo.store.blobs import Blobs
from fsl_demo.store.connection import Connections

PAGE = 500


class StoredPictures(Sequence[Picture]):
    """Pictures by hash. All of them are stored."""

    def __init__(self, connections: Connections, blobs: Blobs, hashes: Sequence[str]) -> None:
        self._connections, self._blobs, self._hashes = connections, blobs, hashes

    def __len__(self) -> int:
        return len(self._hashes)

    def __iter__(self) -> Iterator[Picture]:
        for start in range(0, len(self), PAGE):
            yield from self[start : start + PAGE]

    @overload
    def __getitem__(self, place: int) -> Picture: ...

    @overload
    def __getitem__(self, place: slice) -> list[Picture]: ...

    def __getitem__(self, place: int | slice) -> Picture | list[Picture]:
        return self._read(self._hashes[place]) if isinstance(place, slice) else self._read([self._hashes[place]])[0]

    def _read(self, hashes: Sequence[str]) -> list[Picture]:
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT sha256, width, height, name, original_sha256 FROM json_each(?)"
                " CROSS JOIN pictures ON sha256 = value ORDER BY json_each.key",
                (json.dumps(list(hashes)),),
            ).fetchall()
        return [self._blobs.picture(*row) for row in rows]
