"""Runs without a network: painted pictures, `Nearest`, small parts, and a note of each picture that was looked at."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from fsl_demo.core.episodes import ClassSpec, Episode, Example, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.datasets.streams import open_stream
from fsl_demo.services import bulk
from fsl_demo.services.bulk import parts
from fsl_demo.services.bulk.local import Local
from fsl_demo.services.bulk.predict import Predict
from fsl_demo.services.predict import Plan
from tests.colours import painted
from tests.nearest import Nearest, NearestSettings

COLOURS = {"red": (200, 10, 10), "green": (10, 200, 10), "blue": (10, 10, 200)}
PART = 4
parts.PART = PART


class Noting(Nearest):
    """`Nearest` that writes the name of each picture into a file, which outlives the process."""

    notes: Path

    def predict(self, queries: Sequence[Picture], progress: Progress) -> Scores:
        with self.notes.open("a") as file:
            file.write("".join(f"{query.name}\n" for query in queries))
        return super().predict(queries, progress)


def pictures(folder: Path, count: int, broken: Sequence[int] = ()) -> Path:
    """A folder of painted pictures, some in a folder inside it; those with these numbers are none."""
    (folder / "in").mkdir(parents=True)
    for number in range(count):
        path = folder / ("in" if number % 3 == 2 else "") / f"{number:03d}.png"
        painted(list(COLOURS.values())[number % 3], number).save(path)
        if number in broken:
            path.write_bytes(b"no picture")
    return folder


def episode(*names: str) -> Episode:
    """A picture of each colour."""
    chosen = names or tuple(COLOURS)
    return Episode(
        tuple(map(ClassSpec, chosen)),
        tuple(Example(from_image(painted(COLOURS[name]), name), number) for number, name in enumerate(chosen)),
    )


def task(notes: Path, learned: Episode | None = None, floor: float = -2.0) -> Predict:
    """What is done with the pictures."""
    method = Noting()
    method.notes = notes
    plan = Plan(method, NearestSettings(floor))
    return Predict(learned or episode(), [plan], progress=quiet, refused=lambda *_: None, report=lambda error: None)


def run(source: Path | str, out: Path, on_pace: bulk.OnPace = lambda pace: None) -> bulk.Summary:
    """Answer all pictures; `out` is beside the notes."""
    return bulk.carry_out(open_stream(str(source)), Local(task(out.with_suffix(".notes"))), out=out, on_pace=on_pace)


def killed(source: Path, out: Path, when: Callable[[bulk.Pace], bool]) -> None:
    """Run in a process that is killed after the part that makes `when` true."""

    def tell(pace: bulk.Pace) -> None:
        if when(pace):
            os.kill(os.getpid(), signal.SIGKILL)

    _in_a_process(lambda: run(source, out, tell))


def killed_writing(source: Path, out: Path, name: str) -> None:
    """Run in a process that is killed when the file of this name was written, and has not got its name yet."""

    rename = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if Path(target).name == name:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(self, target)

    def work() -> None:
        Path.replace = replace  # type: ignore[method-assign,assignment]
        run(source, out)

    _in_a_process(work)


def _in_a_process(work: Callable[[], object]) -> None:
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
