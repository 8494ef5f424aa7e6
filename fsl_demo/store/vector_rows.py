"""Cached vectors, float32 of any shape, by what made them and of what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
from sqlite_utils import Database

FLOAT32 = np.dtype("<f4")


def load(db: Database, space: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
    """The vectors of those keys that have one."""
    rows = db.execute(
        "SELECT key, shape, data FROM vectors WHERE space = ? AND key IN (SELECT value FROM json_each(?))",
        (space, json.dumps(list(keys))),
    )
    return {key: unpack(data).reshape(json.loads(shape)) for key, shape, data in rows}


def save(db: Database, space: str, vectors: Mapping[str, np.ndarray]) -> None:
    """Keep vectors over earlier ones of the same keys."""
    db.conn.executemany(
        "INSERT OR REPLACE INTO vectors (space, key, shape, data) VALUES (?, ?, ?, ?)",
        [(space, key, json.dumps(list(values.shape)), pack(values)) for key, values in vectors.items()],
    )


def pack(values: np.ndarray) -> bytes:
    """The numbers as little-endian float32 in C order."""
    return np.ascontiguousarray(values, dtype=FLOAT32).tobytes()


def unpack(data: bytes) -> np.ndarray:
    """What `pack` packed, flat."""
    return np.frombuffer(data, dtype=FLOAT32).astype(np.float32)
