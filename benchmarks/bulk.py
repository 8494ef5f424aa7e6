"""Any number of pictures: what the stream takes beside the embedding engine alone, and what memory.

python -m benchmarks.bulk --count 20000

The engine alone embeds pictures that are decoded already, in batches of a part's size; before and after the stream, so
that a busy minute of the machine meets both. What is counted of the stream begins when the networks are loaded, and
ends when the Parquet file is there. Seconds of computing (all processes) say the same where others use the machine.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import photos
from fsl_demo import runtime
from fsl_demo.core.episodes import quiet

MODULE, FEW, DECODED = "benchmarks.bulk", 200, 512
METHOD = "prototype"


def make(folder: Path, count: int) -> Path:
    """A folder of so many JPEG files of 240 x 240 pixels, no two alike."""
    folder.mkdir()
    for start in range(0, count, 50):
        for number, (_, data) in enumerate(photos.files(start // 50)[: count - start], start=start):
            (folder / f"{number:06d}.jpg").write_bytes(data)
    return folder


def engine(folder: Path) -> dict[str, float]:
    """Pictures a second of the engine alone, and seconds of computing for each."""
    from fsl_demo.core.pictures import ingest
    from fsl_demo.services.bulk import networks
    from fsl_demo.services.bulk.embed import Embed
    from fsl_demo.services.bulk.parts import PART

    task = Embed(networks.registry(), METHOD)
    decoded = [ingest(path) for path in sorted(folder.iterdir())[:DECODED]]
    list(task.answer([[replace(picture, sha256=f"{number}") for number, picture in enumerate(decoded[:PART])]]))

    def run() -> None:
        for start in range(0, len(decoded), PART):
            list(task.answer([decoded[start : start + PART]]))

    return timed(run, len(decoded))


def stream(folder: Path, out: Path) -> dict[str, float]:
    """Pictures a second of the stream, seconds of computing for each, and the peak of memory in megabytes."""
    from fsl_demo.services import bulk
    from fsl_demo.services.bulk.embed import EmbedRecipe

    source = bulk.opened(str(folder), lambda error: None)
    with bulk.engine(EmbedRecipe(METHOD), quiet, lambda error: None, where=bulk.Where()) as engine:
        figures = timed(lambda: bulk.carry_out(source, engine, out=out, on_pace=lambda pace: None), source.count)
    return figures | {"megabytes": peak()}


def timed(work: Callable[[], object], pictures: int) -> dict[str, float]:
    began, computed = time.perf_counter(), computing()
    work()
    seconds = time.perf_counter() - began
    return {"rate": pictures / seconds, "computing": (computing() - computed) / pictures}


def computing() -> float:
    """Seconds of computing of this process and of those that it has started."""
    import psutil

    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def peak() -> float:
    """The largest size of this process so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def apart(module: str, *arguments: str | Path | int) -> dict[str, float]:
    """A measurement in a process of its own."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    measured: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return measured


def measure(count: int) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as place:
        many, few = make(Path(place, "many"), count), make(Path(place, "few"), FEW)
        before = apart(MODULE, "--engine", many)
        small = apart(MODULE, "--stream", few, "--out", Path(place, "few.parquet"))
        whole = apart(MODULE, "--stream", many, "--out", Path(place, "many.parquet"))
        after = apart(MODULE, "--engine", many)
    rate, computed = ((before[name] + after[name]) / 2 for name in ("rate", "computing"))
    return {
        "pictures": count,
        "engine": {"rate": rate, "computing": computed},
        "stream": whole,
        "share of the speed": whole["rate"] / rate,
        "share by computing": computed / whole["computing"],
        f"megabytes for {FEW}": small["megabytes"],
        f"megabytes more than for {FEW}": whole["megabytes"] - small["megabytes"],
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=20_000, help="pictures (default: 20000)")
    for name in ("engine", "stream", "out"):
        options.add_argument(f"--{name}", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    runtime.prepare("cpu")
    if chosen.engine:
        figures: dict[str, Any] = engine(chosen.engine)
    elif chosen.stream:
        figures = stream(chosen.stream, chosen.out)
    else:
        figures = measure(chosen.count)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
