"""Any number of pictures by two workers of Ray, beside the engine of one process: pictures a second, and equal rows.

python -m benchmarks.workers --count 2000

The classifier is fitted once, before either measurement begins; the engines answer in turns, each twice.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import bulk as stream
from benchmarks import photos
from fsl_demo import runtime
from fsl_demo.core.episodes import Episode, quiet

WORKERS, ROUNDS, METHOD = 2, 2, "prototype"
ROUNDING = 5e-6
"""How much probabilities differ where threads are more or fewer."""


def learned() -> Episode:
    """Five classes of five pictures."""
    return photos.read(photos.files(10_000))


def answered(folder: Path, out: Path, workers: int) -> float:
    """Pictures a second.

    Args:
        workers: of Ray; 0 for the engine of this process.
    """
    from fsl_demo.services import bulk
    from fsl_demo.services.bulk.predict import PredictRecipe

    source = bulk.opened(str(folder), lambda error: None)
    where = bulk.Where("ray" if workers else "local", workers or None, device="cpu")
    recipe = PredictRecipe.of(learned(), methods=[METHOD])
    with bulk.engine(recipe, quiet, lambda error: None, where=where) as engine:
        figures = stream.timed(lambda: bulk.carry_out(source, engine, out=out, on_pace=lambda pace: None), source.count)
    return figures["rate"]


def differences(first: Path, second: Path) -> dict[str, Any]:
    """What of two files is not the same, row by row."""
    from pyarrow import parquet

    left, right = (parquet.read_table(path).to_pylist() for path in (first, second))
    apart = [
        max(abs(a - b) for a, b in zip(mine["probabilities"], other["probabilities"], strict=True))
        for mine, other in zip(left, right, strict=True)
    ]
    same = ("file", "sha256", "error", "answer", "unlike")
    return {
        "rows": len(left),
        "rows with another answer": sum(
            any(mine[name] != other[name] for name in same) for mine, other in zip(left, right, strict=True)
        ),
        "probabilities differ by": max(apart),
    }


def measure(count: int) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as place:
        folder = stream.make(Path(place, "pictures"), count)
        rates: dict[int, list[float]] = {0: [], WORKERS: []}
        for number in range(ROUNDS):
            for workers, measured in rates.items():
                out = Path(place, f"{workers}-{number}.parquet")
                command = ("--folder", folder, "--out", out, "--workers", workers)
                measured.append(stream.apart("benchmarks.workers", *command)["rate"])
        local, ray = map(statistics.mean, rates.values())
        rows = differences(Path(place, "0-0.parquet"), Path(place, f"{WORKERS}-0.parquet"))
    assert not rows["rows with another answer"] and rows["probabilities differ by"] < ROUNDING, rows
    return {"local": local, "ray": ray, "share": ray / local, **rows}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=2_000, help="pictures (default: 2000)")
    for name in ("folder", "out"):
        options.add_argument(f"--{name}", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--workers", type=int, default=0, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if importlib.util.find_spec("ray") is None:
        print(json.dumps({"skipped": "Ray is not installed: make ray"}))
        return
    runtime.prepare("cpu")
    if chosen.folder:
        figures: dict[str, Any] = {"rate": answered(chosen.folder, chosen.out, chosen.workers)}
    else:
        figures = measure(chosen.count)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
