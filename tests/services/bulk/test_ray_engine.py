"""Workers of Ray: the rows of the local engine, byte for byte, with a worker that is killed in between."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Notice, Report, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.datasets.streams import open_stream
from fsl_demo.services import bulk
from fsl_demo.services.bulk import ray_engine
from fsl_demo.services.bulk.predict import Predict
from fsl_demo.services.bulk.task import Row
from tests.services.bulk.colour_run import PART, pictures, run, task

pytestmark = [pytest.mark.slow, pytest.mark.process]
COUNT = 19


@dataclass(frozen=True)
class Colours:
    """The task of `colour_run`; whoever is the first to answer a part with this picture is killed."""

    notes: Path
    deadly: str = ""

    def make(self, registry: Registry, progress: Progress, report: Report) -> Predict:
        report(Notice("picture_twice", file="2.png", first="1.png"))
        made = task(self.notes)
        answer = made.answer

        def deadly(chunks: Iterable[Sequence[Picture]]) -> list[Row]:
            chunks = list(chunks)
            names = {picture.name for chunk in chunks for picture in chunk}
            if self.deadly in names and not self.notes.with_suffix(".killed").exists():
                self.notes.with_suffix(".killed").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return answer(chunks)

        made.answer = deadly  # type: ignore[method-assign]
        return made


def test_two_workers_make_the_same_file_and_one_may_be_killed(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="ray is not installed: make ray")
    folder = pictures(tmp_path / "pictures", COUNT, broken=[5, 18])
    local, far = tmp_path / "local.parquet", tmp_path / "ray.parquet"
    run(folder, local)
    told: list[UserError] = []
    stream, listening = open_stream(str(folder)), set[str]()

    def tell(pace: bulk.Pace) -> None:
        listening.update(subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True).stdout.splitlines())

    recipe, where = Colours(tmp_path / "notes", deadly="010.png"), bulk.Where("ray", workers=2, device="cpu")
    with bulk.engine(recipe, lambda *_: None, told.append, where=where) as engine:
        assert isinstance(engine, ray_engine.RayEngine) and len(engine.workers) == 2
        summary = bulk.carry_out(stream, engine, out=far, on_pace=tell)
    assert summary == bulk.Summary(rows=COUNT, unreadable=2)
    assert far.read_bytes() == local.read_bytes()
    assert (tmp_path / "notes.killed").exists() and not far.with_name("ray.parquet.parts").exists()
    looked_at = Counter((tmp_path / "notes").read_text().split())
    assert looked_at.pop("probe.png") == 3  # by two workers, and the one that took the place of the killed one
    assert len(looked_at) == COUNT - 2 and looked_at.total() <= COUNT - 2 + 2 * PART
    assert [error.code for error in told] == ["picture_twice"]
    of_ray = [line for line in listening if "ray" in line]
    assert all(line.split()[3].startswith(("127.0.0.1:", "[::1]:", "[::ffff:127.0.0.1]:")) for line in of_ray)


def test_where_ray_is_not_installed_it_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_engine.importlib.util, "find_spec", lambda name: None)
    with (
        pytest.raises(UserError) as refused,
        bulk.engine(Colours(tmp_path), lambda *_: None, lambda error: None, where=bulk.Where("ray")),
    ):
        pass
    assert refused.value.code == "ray_missing"


def test_an_error_comes_out_of_another_process_as_it_is() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(Notice("picture_twice", file="2.png", first="1.png")))
    assert isinstance(error, Notice) and str(error) == "“2.png” shows the same pixels as “1.png” and counts once."
