"""Does a classifier that was taken away answer as the workbench does? Pictures of all formats and sizes tell.

    python -m experiments.parity data/photos --count 1000 --json docs/results/97-take-away.json

The folder answers in a process of its own, by its own `classify.py`, where `fsl_demo` and torch cannot be imported.
`--cases` adds files that are as they are: each is named, with how far apart its answers are.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.many_files import KINDS, made
from fsl_demo import runtime
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Scores, quiet
from fsl_demo.core.pictures import Picture, ingest
from fsl_demo.core.registry import Registry
from fsl_demo.portable.folder import write_folder
from fsl_demo.services import reading
from fsl_demo.services.export_classifier import exported

METHODS = {
    "prototype": {},
    "asif": {},
    "compact-vlm": {},
    "linear-probe": {},
    "siamese": {"variant": "photographs"},
    "can": {"variant": "photographs"},
    "siamese characters": {"variant": "characters"},
}
"""The first answers all files, the others every tenth."""
CLASSES, SHOTS, SHARE = 10, 5, 10
COMMAND = "python -m experiments.parity data/photos --count 985 --cases CASES --json docs/results/97-take-away.json"
ANSWER = """\
import json, sys
sys.modules.update(dict.fromkeys(("fsl_demo", "torch")))
sys.path.insert(0, sys.argv[1])
from classify import load
classifier = load(sys.argv[1])
for path in map(str.strip, sys.stdin):
    try:
        answer = classifier.predict(path)
        print(json.dumps([list(answer.probabilities.values()), answer.unlike]), flush=True)
    except Exception as error:
        print(json.dumps(str(error)), flush=True)
"""


@dataclass(frozen=True)
class Apart:
    """How far answers to the same files are apart.

    Attributes:
        largest: difference of a probability, for each file.
        same: whether the class is the same, for each file.
        marks: how often the mark "unlike" is the same.
    """

    files: list[str]
    largest: np.ndarray
    same: np.ndarray
    marks: int

    def row(self, method: str) -> dict[str, Any]:
        worst = float(self.largest.max())
        return {
            "classifier": f"`{method}`",
            "files": f"{len(self.files):,}",
            "same class": f"{int(self.same.sum()):,}",
            "same mark “unlike”": f"{self.marks:,}",
            "probabilities differ by, at most": f"{worst:.6f}",
        }


def episode(folder: Path) -> tuple[Episode, list[Path]]:
    """A support set of the first classes of a folder, and the other files of these classes."""
    names = sorted(place.name for place in folder.iterdir() if place.is_dir())[:CLASSES]
    files = {name: sorted((folder / name).iterdir()) for name in names}
    support = tuple(Example(ingest(file), i) for i, name in enumerate(names) for file in files[name][:SHOTS])
    described = tuple(ClassSpec(name, (f"a photo of a {name.replace('_', ' ')}",)) for name in names)
    return Episode(described, support), [file for name in names for file in files[name][SHOTS:]]


def compare(registry: Registry, name: str, task: Episode, files: Sequence[Path], pictures: Sequence[Picture]) -> Apart:
    """Answers here and in a folder, to the same files."""
    method = registry.method(name.split()[0])
    settings = method.Settings(**METHODS[name])
    here = method.fit(task, settings).predict(pictures, quiet)
    with tempfile.TemporaryDirectory() as place:
        contents = exported(registry, method, episode=task, settings=settings, progress=quiet)
        write_folder(Path(place) / "taken", contents)
        there = answers(Path(place) / "taken", files)
    return apart(here, files, there)


def answers(folder: Path, files: Sequence[Path]) -> list[Any]:
    """Probabilities and mark of each file, or what is wrong with it."""
    ran = subprocess.run(
        [sys.executable, "-c", ANSWER, str(folder)],
        input="".join(f"{file}\n" for file in files),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]


def apart(here: Scores, files: Sequence[Path], there: Sequence[Any]) -> Apart:
    read = [number for number, answer in enumerate(there) if not isinstance(answer, str)]
    for number, answer in enumerate(there):
        if isinstance(answer, str):
            print(f"{files[number].name}: {answer}", file=sys.stderr)
    probabilities = np.array([there[number][0] for number in read])
    own = here.probabilities[read]
    return Apart(
        files=[files[number].name for number in read],
        largest=np.abs(own - probabilities).max(axis=1),
        same=own.argmax(axis=1) == probabilities.argmax(axis=1),
        marks=sum(here.unlike(number) == there[number][1] for number in read),
    )


def document(rows: Sequence[dict[str, Any]], kinds: Counter[str]) -> dict[str, Any]:
    """As `docs/results` has it."""
    made_of = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    about = (
        f"Files of the first row: {made_of}, and odd ones (profiles, damaged metadata, 16 bits with alpha); the others"
        f" answered every tenth; sizes from 1 x 1 to 5 megapixels. Each is one of {CLASSES} classes of `photos`, with"
        f" {SHOTS} examples each. The folder answers in a process of its own, without the workbench and without torch."
    )
    return {
        "title": "Taken away",
        "about": [about],
        "tables": [{"columns": [name for name in rows[0] if name != "command"], "rows": list(rows)}],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="class folders")
    parser.add_argument("--count", type=int, default=1000, help="files to make")
    parser.add_argument("--cases", type=Path, help="folder of further files")
    parser.add_argument("--json", type=Path, help="write the figures there")
    chosen = parser.parse_args()
    runtime.prepare("cpu")
    task, sources = episode(chosen.folder)
    registry = reading.registry(None)
    with tempfile.TemporaryDirectory() as place:
        files = made(sources, count=chosen.count, place=Path(place))
        kinds = Counter(file.name.split(" ", 1)[1].rsplit(".", 1)[0] for file in files)
        cases = [file for file in sorted(chosen.cases.iterdir()) if "right" not in file.name] if chosen.cases else []
        everything = [*files, *cases]
        pictures = [ingest(file) for file in everything]
        rows = []
        for number, name in enumerate(METHODS):
            step = SHARE if number else 1
            difference = compare(registry, name, task=task, files=everything[::step], pictures=pictures[::step])
            rows.append({**difference.row(name), "command": COMMAND})
            print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
            worst = np.argsort(-difference.largest)[:5]
            print("  " + "; ".join(f"{difference.files[i]}: {difference.largest[i]:.1e}" for i in worst), flush=True)
    assert set(kinds) <= set(KINDS)
    if chosen.json:
        made_of = document(rows, kinds)
        if chosen.json.exists():  # the table of the static page, which another command fills
            made_of["tables"] += json.loads(chosen.json.read_text(encoding="utf-8"))["tables"][1:]
        chosen.json.write_text(json.dumps(made_of, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
