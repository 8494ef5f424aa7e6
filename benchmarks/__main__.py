"""`make bench`: what the product takes on this machine, beside plain PyTorch and the arithmetic floor."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import start
from fsl_demo.backbones import engine

ROOT = Path(__file__).parents[1]
GIGAFLOP = 0.78  # EfficientNet-Lite0 on one picture: 0.39 billion multiplications, each with an addition
ROUNDS = 3
RETRIEVAL = 50
ZERO_SHOT = 1.5
CAPTIONERS = ("prefix", "gated")
MATCHING = 3
AGAIN, ONE_MORE = 50, 1.3
SHOWN = 5
STREAMED = 20_000


def measure(module: str, *arguments: str) -> dict[str, Any]:
    """What a measurement prints, from a process of its own."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    return json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)


def median(rounds: list[dict[str, Any]], name: str) -> float:
    return statistics.median(measured[name] for measured in rounds)


def row(what: str, *values: str) -> None:
    print(f"{what:<50}" + "".join(f"{value:>14}" for value in values))


def networks() -> None:
    plain, ours, both = [], [], []
    for _ in range(ROUNDS):  # in turns, so that a busy minute of the machine meets all
        plain.append(measure("networks", "plain"))
        ours.append(measure("networks", "ours"))
        both.append(measure("networks", "both"))
    assert np.allclose(plain[0]["features"], ours[0]["features"], atol=1e-3), "both must compute the same features"
    # the best, because it stands for what is possible
    reached = max(measured["gigaflops"] for measured in plain + ours)
    floor = 1e3 * GIGAFLOP / reached
    row(
        f"EfficientNet-Lite0 by {engine.installed()}, ms a picture",
        "plain",
        "ours",
        "floor",
        "ours / floor",
        "and Lite2",
    )
    for size in (1, 16):
        before, now = median(plain, f"batch {size}"), median(ours, f"batch {size}")
        row(
            f"  {size} at once",
            f"{before:.1f}",
            f"{now:.1f}",
            f"{floor:.1f}",
            f"{now / floor:.1f}",
            f"{median(both, f'batch {size}'):.1f}",
        )
    row("  resize and cut, before the network", "", f"{median(ours, 'prepare'):.1f}")
    print(f"  floor: {GIGAFLOP} GFLOP at the {reached:.0f} GFLOP/s that a float32 matrix product reaches here")


def episodes() -> None:
    rounds = [measure("episode") for _ in range(ROUNDS)]
    row("5-way 5-shot, 25 queries, files to scores, seconds")
    print(f"  methods: {', '.join(rounds[0]['methods'])}")
    row("  the first of a process, networks loaded meanwhile", f"{median(rounds, 'first'):.2f}")
    row("  with 50 new pictures", f"{median(rounds, 'new'):.2f}")


def again() -> None:
    measured = measure("again")
    first, nothing, more, alone = (1e3 * measured[name] for name in ("first", "again", "one more", "embedding"))
    row("10-way 5-shot, 300 queries, predicted again, ms", "ours", "over alone", "goal")
    row("  embedding one picture alone", f"{alone:.0f}")
    row("  the first time", f"{first:.0f}")
    row("  with nothing new", f"{nothing:.0f}", "", f"{AGAIN}")
    row("  with one query more", f"{more:.0f}", f"{more / alone:.2f}", f"{ONE_MORE}")


def retrieval() -> None:
    rounds = [measure("retrieval") for _ in range(ROUNDS)]
    row("retrieval over 10,000 stored pictures, milliseconds", "ours", "goal")
    row("  the index, once a process", f"{median(rounds, 'load'):.0f}")
    row("  a search by a vector", f"{median(rounds, 'by vector'):.1f}", f"{RETRIEVAL:.0f}")
    row("  a search by a picture", f"{median(rounds, 'by picture'):.1f}", f"{RETRIEVAL:.0f}")
    row("  a search by a new sentence, MiniLM included", f"{median(rounds, 'by sentence'):.1f}", f"{RETRIEVAL:.0f}")


def zero_shot() -> None:
    rounds = [measure("zero_shot") for _ in range(ROUNDS)]
    alone = median(rounds, "alone")
    row("zero-shot of 25 queries over 10 classes, seconds", rounds[0]["method"], "over alone", "goal")
    row("  embedding 25 pictures alone", f"{alone:.2f}")
    for name, what in (("new", "new pictures, new class names"), ("known", "new pictures, known class names")):
        seconds = median(rounds, name)
        row(f"  {what}", f"{seconds:.2f}", f"{seconds / alone:.2f}", f"{ZERO_SHOT}")
    embedded = max(measured["embedded"] for measured in rounds)
    row(f"  a description edited ({embedded:.0f} pictures embedded)", f"{median(rounds, 'edited'):.3f}")


def matching() -> None:
    rounds = [measure("matching") for _ in range(ROUNDS)]
    row("two streams, 25 queries with 10 descriptions, seconds", "two-stream", "goal")
    row("  new pictures", f"{median(rounds, 'new'):.2f}")
    row("  known pictures, new descriptions", f"{median(rounds, 'known'):.2f}", f"{MATCHING}")
    row("  a blank filled, known picture", f"{median(rounds, 'fill'):.3f}")


def captions() -> None:
    row("captions, 5 beams, new pictures, seconds", *CAPTIONERS, "goal")
    by_captioner = {name: [measure("captions", name) for _ in range(ROUNDS)] for name in CAPTIONERS}
    for name, what, goal in (("one", "a picture", "1"), ("batch", "25 pictures", "10"), ("words", "maps of words", "")):
        row(f"  {what}", *(f"{median(rounds, name):.2f}" for rounds in by_captioner.values()), goal)


def evaluation() -> None:
    measured = measure("evaluation")
    row("600 episodes of 2,000 embedded pictures, seconds", "1 shot", "5 shots")
    for name in dict.fromkeys(key.rsplit(" ", 1)[0] for key in measured):
        row(f"  {name}", *(f"{measured[f'{name} {shot}']['seconds']:.1f}" for shot in (1, 5)))


def sorting() -> None:
    row("sort and undo 2,000 files, killed at 20 moments", "seconds", "goal")
    for mode in ("copy", "move"):
        measured = measure("sorting", mode)
        fine = "yes" if not measured["faults"] else "no"
        row(f"  {mode}, {len(measured['kills'])} kills", f"{measured['seconds']:.0f}")
        row("    nothing lost, nothing overwritten, byte-identical", fine, "yes")
        for fault in measured["faults"][:SHOWN]:
            print(f"      {fault}")


def bulk() -> None:
    measured = measure("bulk", "--count", str(STREAMED))
    row(f"embed --out, {STREAMED:,} pictures", "engine alone", "stream", "share", "goal")
    speed, computed = ((measured[who][name] for who in ("engine", "stream")) for name in ("rate", "computing"))
    row(
        "  pictures a second",
        *(f"{rate:.1f}" for rate in speed),
        f"{measured['share of the speed']:.2f}",
        "0.85",
    )
    row("  computing, ms a picture", *(f"{1e3 * ms:.1f}" for ms in computed), f"{measured['share by computing']:.2f}")
    row("  memory beyond that for 200 pictures, MB", "", f"{measured['megabytes more than for 200']:.0f}", "", "200")


def workers() -> None:
    measured = measure("workers")
    if skipped := measured.get("skipped"):
        row(f"predict --out --engine ray is not measured. {skipped}")
        return
    row(f"predict --out, {measured['rows']:,} pictures", "this process", "2 workers", "share", "goal")
    rates = (f"{measured[name]:.1f}" for name in ("local", "ray"))
    row("  pictures a second, the same rows", *rates, f"{measured['share']:.2f}", "0.90")


def page() -> None:
    measured = measure("page", "actions")
    row("the page in Chromium, 1,000 queries x 20 classes", "kB back", "ms", "goal, kB / ms")
    for name in ("tick", "rename", "label", "undo"):
        row(f"  {name}", f"{measured[name]['bytes'] / 1e3:.1f}", f"{measured[name]['milliseconds']:.0f}", "30 / 100")
    row(
        "  a key until the next picture is on view",
        f"{measured['frames']:.0f} frame",
        f"{measured['wait']:.0f}",
        "1 frame",
    )
    heap, resident = (
        f"{measured[f'{name} before']:.0f} -> {measured[f'{name} after']:.0f}" for name in ("heap", "resident")
    )
    row("  memory after 100 labels, MB: objects, renderer", heap, resident)
    measured = measure("page", "upload")
    row("300 photographs of 12 megapixels are added", "MB", "seconds")
    row(
        "  files, and what is sent",
        f"{measured['files'] / 1e6:.0f} / {measured['up'] / 1e6:.0f}",
        f"{measured['seconds']:.0f}",
    )
    row("  what comes back", f"{measured['down'] / 1e6:.1f}")
    clicks = [f"{measured[name]:.0f}" for name in ("click alone", "click", "click, worst")]
    row("  ms that another's click takes: before, meanwhile, worst", *clicks)
    rounds = [measure("page", "cold") for _ in range(ROUNDS)]
    row(
        "cold start, seconds: address to board, example to answer",
        *(f"{median(rounds, n):.1f}" for n in ("board", "answer")),
    )


def people() -> None:
    measured = measure("load")
    seconds, machine = measured["seconds"], measured["machine"]
    row(f"{measured['people']} people at once, {measured['minutes']:.0f} minutes", "p50", "p95", "goal, p95")
    for name, goal in (("label", 0.2), ("warm prediction", 6.0)):
        row(f"  {name}, seconds", *(f"{seconds[name][share]:.3f}" for share in ("p50", "p95")), f"{goal}")
    row("  errors", "", f"{len(measured['errors'])}", "0")
    row("  MB, first and last quarter", *(f"{machine[f'megabytes, {which} quarter']}" for which in ("first", "last")))


def main() -> None:
    busy = os.getloadavg()[0]  # by others: figures from a busy machine say little
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {busy:.1f}, Python {platform.python_version()}"
    print(f"{machine}; medians, CPU only\n")
    networks()
    print()
    episodes()
    print()
    again()
    print()
    zero_shot()
    print()
    matching()
    print()
    retrieval()
    print()
    captions()
    print()
    evaluation()
    print()
    sorting()
    print()
    bulk()
    print()
    workers()
    print()
    page()
    print()
    people()
    print()
    row("start to a page that answers, seconds", f"{statistics.median(start.seconds() for _ in range(ROUNDS)):.1f}")


if __name__ == "__main__":
    main()
