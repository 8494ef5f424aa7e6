"""Libraries for searching a million vectors, measured on the same vectors: `python -m benchmarks.vector_indexes`.

Vectors are drawn with a seed: 512 dimensions in clusters of unequal size, each of which spreads in 32 directions, with
some noise in all. Half of the queries are vectors like them, half are the middle of a cluster with noise, as sentences
are. Each library builds its index in a process of its own and searches it, one query at a time, in another, which maps
the file. What is not installed is left out: pip install faiss-cpu usearch sqlite-vec apsw (Python's own sqlite3 is
often built without extensions).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

DIMENSIONS, CLUSTERS, SPREAD, QUERIES, NEAREST = 512, 2_000, 32, 400, 10
BLOCK = 20_000
LONGEST = 40
"""Seconds of searching."""
Search = Callable[[np.ndarray], np.ndarray]


class Drawing:
    """Draws vectors of the same clusters; each call draws others."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self.random = random
        self.middles = random.normal(size=(CLUSTERS, DIMENSIONS)).astype(np.float32)
        self.directions = random.normal(size=(50, SPREAD, DIMENSIONS)).astype(np.float32)
        shares = 1 / np.arange(1, CLUSTERS + 1) ** 0.5
        self.shares = shares / shares.sum()

    def pictures(self, count: int) -> np.ndarray:
        """Unit vectors [count, 512]."""
        owners = self.random.choice(CLUSTERS, size=count, p=self.shares)
        spread = self.random.normal(size=(count, SPREAD)).astype(np.float32)
        vectors = self.middles[owners] + 0.2 * self.random.normal(size=(count, DIMENSIONS)).astype(np.float32)
        for basis in range(len(self.directions)):
            rows = owners % len(self.directions) == basis
            vectors[rows] += 0.12 * spread[rows] @ self.directions[basis]
        return unit(vectors)

    def sentences(self, count: int) -> np.ndarray:
        """Unit vectors [count, 512] at a cosine of about 0.6 to the middle of a cluster."""
        owners = self.random.choice(CLUSTERS, size=count, p=self.shares)
        return unit(self.middles[owners] + 1.3 * self.random.normal(size=(count, DIMENSIONS)).astype(np.float32))


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def draw(folder: Path, count: int) -> None:
    """Write float16 vectors, queries, and the rows of the nearest vectors of each query, by comparing with all."""
    drawing = Drawing()
    vectors = np.lib.format.open_memmap(folder / "vectors.npy", "w+", dtype=np.float16, shape=(count, DIMENSIONS))
    for start in range(0, count, BLOCK):
        vectors[start : start + BLOCK] = drawing.pictures(min(BLOCK, count - start))
    queries = np.concatenate([drawing.pictures(QUERIES // 2), drawing.sentences(QUERIES // 2)])
    best, rows = np.full((QUERIES, NEAREST), -2, np.float32), np.zeros((QUERIES, NEAREST), int)
    for start in range(0, count, BLOCK):
        block = queries @ vectors[start : start + BLOCK].astype(np.float32).T
        both = np.concatenate([best, block], axis=1)
        places = np.concatenate([rows, np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)], axis=1)
        nearest = np.argsort(-both, axis=1)[:, :NEAREST]
        best, rows = np.take_along_axis(both, nearest, 1), np.take_along_axis(places, nearest, 1)
    np.save(folder / "queries.npy", queries)
    np.save(folder / "nearest.npy", rows)


def rescored(vectors: np.ndarray, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The best of these rows by their float16 vectors."""
    rows = np.sort(rows[rows >= 0])
    return rows[np.argsort(-(vectors[rows].astype(np.float32) @ query))[:NEAREST]]


class Faiss:
    """An inverted file, or a graph, of faiss."""

    def __init__(self, recipe: str, file: Path, probes: int = 0, taken: int = 10) -> None:
        self.recipe, self.file, self.probes, self.taken = recipe, file, probes, taken

    def build(self, vectors: np.ndarray) -> None:
        import faiss

        index = faiss.index_factory(DIMENSIONS, self.recipe, faiss.METRIC_INNER_PRODUCT)
        sample = np.sort(np.random.default_rng(1).choice(len(vectors), min(len(vectors), 50_000), replace=False))
        index.train(vectors[sample].astype(np.float32))
        for start in range(0, len(vectors), BLOCK):
            index.add(vectors[start : start + BLOCK].astype(np.float32))
        faiss.write_index(index, str(self.file))

    def open(self, vectors: np.ndarray) -> Search:
        import faiss

        flag = faiss.IO_FLAG_MMAP_IFC if self.recipe.startswith("HNSW") else faiss.IO_FLAG_MMAP
        index = faiss.read_index(str(self.file), flag | faiss.IO_FLAG_READ_ONLY)
        if self.probes:
            faiss.extract_index_ivf(index).nprobe = self.probes
        return lambda query: rescored(vectors, query, index.search(query[None], self.taken)[1][0])


class Usearch:
    """A graph of usearch."""

    def __init__(self, dtype: str, file: Path, width: int, taken: int = 10) -> None:
        self.dtype, self.file, self.width, self.taken = dtype, file, width, taken

    def build(self, vectors: np.ndarray) -> None:
        from usearch.index import Index

        index = Index(ndim=DIMENSIONS, metric="ip", dtype=self.dtype, connectivity=16, expansion_add=96)
        for start in range(0, len(vectors), BLOCK):
            block = vectors[start : start + BLOCK]
            index.add(np.arange(start, start + len(block)), block if self.dtype == "f16" else block.astype(np.float32))
        index.save(str(self.file))

    def open(self, vectors: np.ndarray) -> Search:
        from usearch.index import Index

        index = Index.restore(str(self.file), view=True)
        index.expansion_search = self.width
        return lambda query: rescored(vectors, query, index.search(query, self.taken).keys.astype(int))


class SqliteVec:
    """Rows of sqlite-vec in a SQLite file, all compared: 8-bit numbers, or signs, whose best are compared again."""

    def __init__(self, kind: str, file: Path, taken: int) -> None:
        self.kind, self.file, self.taken = kind, file, taken

    def _connect(self) -> Any:
        import apsw
        import sqlite_vec

        connection = apsw.Connection(str(self.file))
        connection.enable_load_extension(True)
        connection.load_extension(sqlite_vec.loadable_path())
        return connection

    @property
    def _value(self) -> str:
        return {"int8": "vec_quantize_int8(?, 'unit')", "bit": "vec_quantize_binary(?)"}[self.kind]

    def build(self, vectors: np.ndarray) -> None:
        db = self._connect()
        metric = " distance_metric=cosine" if self.kind == "int8" else ""
        db.execute(f"CREATE VIRTUAL TABLE v USING vec0(code {self.kind}[{DIMENSIONS}]{metric})")
        with db:
            for start in range(0, len(vectors), BLOCK):
                block = vectors[start : start + BLOCK].astype(np.float32)
                rows = ((start + row, values.tobytes()) for row, values in enumerate(block))
                db.executemany(f"INSERT INTO v (rowid, code) VALUES (?, {self._value})", rows)

    def open(self, vectors: np.ndarray) -> Search:
        db = self._connect()
        sql = f"SELECT rowid FROM v WHERE code MATCH {self._value} AND k = {self.taken}"
        return lambda query: rescored(
            vectors, query, np.array([row[0] for row in db.execute(sql, (query.astype(np.float32).tobytes(),))])
        )


class Exact:
    """All float16 vectors, mapped, compared by numpy."""

    file = Path(os.devnull)

    def build(self, vectors: np.ndarray) -> None:
        pass

    def open(self, vectors: np.ndarray) -> Search:
        def search(query: np.ndarray) -> np.ndarray:
            scores = [
                vectors[start : start + BLOCK].astype(np.float32) @ query for start in range(0, len(vectors), BLOCK)
            ]
            return np.argpartition(-np.concatenate(scores), NEAREST)[:NEAREST]

        return search


def candidates(folder: Path) -> dict[str, Any]:
    lists = folder / "faiss-1024-sq8"
    return {
        "all, numpy": Exact(),
        "faiss IVF1024,SQ8, 16 lists": Faiss("IVF1024,SQ8", lists, probes=16, taken=50),
        "faiss IVF1024,SQ8, 32 lists": Faiss("IVF1024,SQ8", lists, probes=32, taken=50),
        "faiss IVF1024,SQ8, 64 lists": Faiss("IVF1024,SQ8", lists, probes=64, taken=50),
        "faiss IVF4096,SQ8, 64 lists": Faiss("IVF4096,SQ8", folder / "faiss-4096-sq8", probes=64, taken=50),
        "faiss IVF1024,PQ64, 32 lists": Faiss("IVF1024,PQ64x8", folder / "faiss-pq", probes=32, taken=200),
        "faiss HNSW16,SQfp16": Faiss("HNSW16_SQfp16", folder / "faiss-hnsw"),
        "usearch f16": Usearch("f16", folder / "usearch-f16", width=96),
        "usearch f16, wider": Usearch("f16", folder / "usearch-f16", width=256),
        "usearch i8": Usearch("i8", folder / "usearch-i8", width=128, taken=50),
        "sqlite-vec int8": SqliteVec("int8", folder / "int8.db", taken=50),
        "sqlite-vec bit": SqliteVec("bit", folder / "bit.db", taken=500),
    }


def measure(name: str, folder: Path, step: str) -> dict[str, Any]:
    """Build a candidate's index, or search in it."""
    candidate, vectors = candidates(folder)[name], np.load(folder / "vectors.npy", mmap_mode="r")
    started, cpu = time.perf_counter(), time.process_time()
    if step == "build":
        if not candidate.file.exists():
            candidate.build(vectors)
        return {
            "build s": round(time.perf_counter() - started, 1),
            "build CPU s": round(time.process_time() - cpu, 1),
            "bytes a vector": round(candidate.file.stat().st_size / len(vectors)),
        }
    queries, nearest = np.load(folder / "queries.npy"), np.load(folder / "nearest.npy")
    search = candidate.open(vectors)
    search(queries[0])
    opened, times, hits = time.perf_counter() - started, [], []
    mixed = np.random.default_rng(2).permutation(QUERIES)
    begun = time.perf_counter()
    for number in mixed:
        started = time.perf_counter()
        rows = search(queries[number])
        times.append(1e3 * (time.perf_counter() - started))
        hits.append(len(set(rows.tolist()) & set(nearest[number].tolist())) / NEAREST)
        if time.perf_counter() - begun > LONGEST:
            break
    asked = mixed[: len(hits)] < QUERIES // 2
    right = np.array(hits)
    return {
        "queries": len(hits),
        "open and first s": round(opened, 2),
        "p50 ms": round(float(np.percentile(times, 50)), 1),
        "p95 ms": round(float(np.percentile(times, 95)), 1),
        "recall@10 pictures": round(float(right[asked].mean()), 3),
        "recall@10 sentences": round(float(right[~asked].mean()), 3),
        "peak MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keeps the vectors and indexes")
    parser.add_argument("--only", default="", help="candidates whose name begins so")
    parser.add_argument("--step", nargs=2, metavar=("STEP", "NAME"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        print(json.dumps(measure(chosen.step[1], chosen.folder, chosen.step[0])))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = chosen.folder or Path(made)
        if not (folder / "nearest.npy").exists():
            draw(folder, chosen.count)
        for name in candidates(folder):
            if not name.startswith(chosen.only):
                continue
            measured: dict[str, Any] = {"index": name}
            for step in ("build", "search"):
                command = [sys.executable, "-m", "benchmarks.vector_indexes", "--folder", str(folder)]
                ran = subprocess.run([*command, "--step", step, name], stdout=subprocess.PIPE)
                if ran.returncode:
                    measured["failed"] = step
                    break
                measured |= json.loads(ran.stdout)
            print(json.dumps(measured), flush=True)


if __name__ == "__main__":
    main()
