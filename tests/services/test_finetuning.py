"""A fine-tuning from request to receipt: nothing is put to use, and whatever stops it, it goes on from there."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import astuple, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from fsl_demo import checkpoints, runtime
from fsl_demo.__main__ import main
from fsl_demo.checkpoints import layout
from fsl_demo.core.errors import UserError
from fsl_demo.datasets.parts import Dataset, Part
from fsl_demo.services import elsewhere, finetuning, receipt_page
from fsl_demo.services.finetuning import Finetuned, FinetuneRequest, carry_out, requested
from fsl_demo.services.receipt import OnVerdict, Receipt, receipt
from fsl_demo.store import Workspace
from fsl_demo.training.events import EpochDone, Event, OnEvent, Progressed, Stop, never, silent
from tests import tuned
from tests.frozen import frozen
from tests.tuned import DIGITS

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of checkpoints, with one in it."""
    folder = tuned.shipped(tmp_path / "checkpoints")
    monkeypatch.setattr(layout, "FOLDER", folder)
    return folder


def done(
    folder: Path,
    request: FinetuneRequest | None = None,
    on_event: OnEvent = silent,
    stop: Stop = never,
    on_verdict: OnVerdict = lambda made: None,
) -> Finetuned | None:
    return carry_out(
        request or tuned.request(),
        tuned.collection(),
        folder=folder / "run",
        networks=tuned.networks(),
        on_event=on_event,
        stop=stop,
        root=folder,
        on_verdict=on_verdict,
    )


def versions() -> tuple[int | None, list[int]]:
    entry = checkpoints.entry(DIGITS)
    return entry.in_use, [version.number for version in entry.versions if version.fault is None]


def test_from_a_collection_to_a_version_that_is_not_in_use_and_its_receipt(tmp_path: Path) -> None:
    events: list[Event] = []
    before = checkpoints.load(DIGITS)
    finetuned = done(tmp_path, on_event=events.append)
    assert finetuned is not None and str(finetuned.version) == f"{DIGITS}@2" and versions() == (1, [1, 2])
    assert tuned.kinds(events) == {"Progressed", "Stepped", "EpochDone", "Finished"}
    new = checkpoints.load(f"{DIGITS}@2")
    assert new.card.start is not None and new.card.start.sha256 == before.sha256 == checkpoints.load(DIGITS).sha256
    assert new.card.collection is not None and new.card.collection.digest == tuned.collection().digest
    assert new.card.pictures is not None and (new.card.pictures.train, new.card.pictures.validation) == (24, 12)
    assert new.card.command == f"python -m fsl_demo finetune siamese --collection mine@1 --from {DIGITS}@1 --epochs 2"
    assert any(not np.array_equal(new.arrays[name], array) for name, array in before.arrays.items())
    stored = json.loads((tmp_path / "run/receipt.json").read_text())
    assert stored["verdict"] == finetuned.receipt.verdict
    assert (stored["before"]["sha256"], stored["after"]["sha256"]) == (before.sha256, new.sha256)
    assert stored["elsewhere"][0]["data"] == "omniglot" and "not in" in stored["elsewhere"][0]["missing"]


def test_the_test_part_is_not_read_before_the_receipt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fsl_demo.training import tasks
    from fsl_demo.training.config import Config
    from fsl_demo.training.run import run

    whole = tuned.collection()
    tested = {frozen.picture for frozen in whole.part("test")}
    without = type(whole)(
        whole.name,
        whole.number,
        digest=whole.digest,
        created_at=whole.created_at,
        pictures=tuple(frozen for frozen in whole.pictures if frozen.picture not in tested),
    )
    arrays = []
    for name, collection in (("with", whole), ("without", without)):
        task = tasks.finetuning("siamese", collection, start=checkpoints.load(DIGITS), networks=tuned.networks())
        config = Config(tmp_path / name, tmp_path / name, name=DIGITS, epochs=1)
        run(task, config, silent)
        arrays.append(checkpoints.load(tmp_path / name / DIGITS).arrays)
    assert arrays[0].keys() == arrays[1].keys()
    assert all(np.array_equal(array, arrays[1][name]) for name, array in arrays[0].items())


def test_the_same_request_again_is_the_same_version(tmp_path: Path) -> None:
    first, events = done(tmp_path), list[Event]()
    again = done(tmp_path, on_event=events.append)
    assert first is not None and again is not None and again.version == first.version and versions() == (1, [1, 2])
    assert again.receipt.as_dict() == first.receipt.as_dict() and not any(isinstance(e, EpochDone) for e in events)
    other = done(tmp_path / "elsewhere", tuned.request(seed=1))
    assert other is not None and other.version.version == 3


def test_a_stop_leaves_nothing_and_the_same_request_goes_on(tmp_path: Path) -> None:
    expected = done(tmp_path / "whole", tuned.request(epochs=3))
    assert expected is not None
    events: list[Event] = []
    request = tuned.request(epochs=3)
    stopped = done(tmp_path, request, on_event=events.append, stop=lambda: "EpochDone" in tuned.kinds(events))
    assert stopped is None
    assert versions() == (1, [1, 2]) and not (tmp_path / "run/receipt.json").exists()
    rest: list[Event] = []
    finetuned = done(tmp_path, tuned.request(epochs=3), rest.append)
    assert finetuned is not None and finetuned.version == expected.version and versions() == (1, [1, 2])
    assert [event.epoch for event in rest if isinstance(event, EpochDone)] == [2, 3]


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(folder: Path, point: str) -> None:
    """Fine-tune, and be killed before or after the new version is put into its place."""
    rename = Path.rename

    def then_die(path: Path, target: Path) -> None:
        rename(path, target)
        die()

    layout.FOLDER = folder / "checkpoints"
    Path.rename = {"before": die, "after": then_die}[point]  # type: ignore[method-assign]
    done(folder)


def share(folder: Path, rank: int, port: int) -> None:
    """Be one of two processes that fine-tune together, as `torch.distributed.run` starts them."""
    with (folder / f"{rank}.txt").open("w") as out:
        for stream in (1, 2):
            os.dup2(out.fileno(), stream)
    ranks = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2}
    master = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in {**ranks, **master}.items()})
    asked = ("siamese", "--collection", "mine", "--from", str(folder / "checkpoints" / DIGITS), "--epochs", "1")
    places = ("--workspace", str(folder / "workspace"), "--root", str(folder), "--device", "cpu", "--threads", "1")
    assert main(["finetune", *asked, *places]) == 0


def fork(folder: str) -> None:
    """Import what a fine-tuning takes, fork the processes of these tests, and print how each ended."""
    runtime.prepare("cpu", 1)
    import torch._dynamo  # noqa: F401  (an optimiser imports it)

    import fsl_demo.cli.finetune  # noqa: F401

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    works: dict[str, Callable[[], None]] = {point: partial(die_at, Path(folder, point), point) for point in POINTS}
    works |= {f"rank {rank}": partial(share, Path(folder, "shared"), rank, port) for rank in (0, 1)}
    started = {}
    for name, work in works.items():
        started[name] = os.fork()
        if not started[name]:
            try:
                work()
                sys.stdout.flush()
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
    print(json.dumps({name: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for name, pid in started.items()}))


POINTS = ("before", "after")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """The folder of the forked processes, and how each of them ended."""
    folder = tmp_path_factory.mktemp("forked")
    for name in (*POINTS, "shared"):
        tuned.shipped(folder / name / "checkpoints")
    tuned.stored(Workspace(folder / "shared/workspace"))
    command = [sys.executable, "-c", f"from {__name__} import fork; fork({str(folder)!r})"]
    forked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert forked.returncode == 0, forked.stderr
    return folder, json.loads(forked.stdout.splitlines()[-1])


@pytest.mark.process
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_before_or_after_the_version_is_there_leaves_nothing_half(
    ended: tuple[Path, dict[str, int]], point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ended[0] / point
    assert ended[1][point] == -signal.SIGKILL
    monkeypatch.setattr(layout, "FOLDER", folder / "checkpoints")
    assert versions() == (1, {"before": [1], "after": [1, 2]}[point])
    assert checkpoints.verified(checkpoints.entry(DIGITS)).fault is None
    assert not list((folder / "run").glob("re[cs]*"))
    events: list[Event] = []
    finetuned = done(folder, on_event=events.append)
    assert finetuned is not None and versions() == (1, [1, 2])
    assert not any(isinstance(event, EpochDone) for event in events)
    assert (folder / "run/receipt.json").is_file() and (folder / "run/receipt.html").is_file()


def test_a_receipt_that_was_broken_off_is_made_by_the_same_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(receipt_page, "images_of", lambda made: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            done(tmp_path)
    assert versions() == (1, [1, 2]) and not (tmp_path / "run/receipt.json").exists()
    assert done(tmp_path) is not None
    assert versions() == (1, [1, 2]) and (tmp_path / "run/receipt.json").is_file()


@pytest.mark.process
def test_two_processes_share_a_fine_tuning(ended: tuple[Path, dict[str, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ended[0] / "shared"
    told = [(folder / f"{rank}.txt").read_text() for rank in (0, 1)]
    assert (ended[1]["rank 0"], ended[1]["rank 1"]) == (0, 0), told
    monkeypatch.setattr(layout, "FOLDER", folder / "checkpoints")
    assert versions() == (1, [1, 2]) and "".join(told).count("receipt: ") == 1
    assert len(list((folder / "workspace/finetunings").glob("*/receipt.json"))) == 1


def test_two_processes_do_not_carry_out_the_same(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with FileLock(tmp_path / "run/.lock"), pytest.raises(UserError) as refused:
        done(tmp_path)
    assert refused.value.code == "finetuning_running"


def test_too_few_pictures_are_said_with_what_is_missing(tmp_path: Path) -> None:
    few = frozen({name: members[:4] for name, members in tuned.digits().items()}, (3, 1, 0))
    with pytest.raises(UserError) as refused:
        carry_out(
            requested("siamese", few, DIGITS),
            few,
            folder=tmp_path / "few",
            networks=tuned.networks(),
            on_event=silent,
        )
    assert refused.value.code == "collection_small"
    assert (refused.value.params["train"], refused.value.params["validation"]) == (3, 0)


def test_another_methods_checkpoint_is_refused(tmp_path: Path) -> None:
    request = tuned.request().model_copy(update={"method": "can"})
    with pytest.raises(UserError, match="of another method: siamese"):
        done(tmp_path, request)


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small data set that tells what was forgotten."""
    data = Dataset("others", "", train=Part({}), validation=Part({}), test=Part(dict(tuned.digits())))
    monkeypatch.setattr(elsewhere.datasets, "read", lambda name, root: data)
    monkeypatch.setattr(elsewhere, "SAMPLING", replace(elsewhere.SAMPLING, way=2, episodes=20))


@pytest.mark.usefixtures("others")
def test_the_verdict_is_there_before_it_is_measured_what_was_forgotten(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    early: list[dict[str, object]] = []

    def verdict(made: Receipt) -> None:
        early.append(json.loads((tmp_path / "run/receipt.json").read_text()))
        told.clear()

    finetuned = done(
        tmp_path,
        on_event=lambda event: told.append(astuple(event)) if isinstance(event, Progressed) else None,
        on_verdict=verdict,
    )
    assert finetuned is not None
    assert early[0]["elsewhere"] is None and early[0]["verdict"] == finetuned.receipt.verdict
    assert [(stage, done, total) for stage, done, total in told if stage == "forget"][-1] == ("forget", 40, 40)
    assert {done for _, done, _ in told} >= {0, 10, 20, 30, 40}
    stored = json.loads((tmp_path / "run/receipt.json").read_text())
    assert stored["elsewhere"][0]["episodes"] == 20 and not stored["elsewhere"][0]["missing"]


@pytest.mark.usefixtures("others")
def test_stopped_before_it_is_measured_what_was_forgotten_the_verdict_stays_and_the_same_request_goes_on(
    tmp_path: Path,
) -> None:
    judged: list[Receipt] = []
    assert done(tmp_path, on_verdict=judged.append, stop=lambda: bool(judged)) is None
    assert json.loads((tmp_path / "run/receipt.json").read_text())["elsewhere"] is None
    again = done(tmp_path)
    assert again is not None and again.receipt.verdict == judged[0].verdict and again.receipt.elsewhere is not None


def test_a_receipt_needs_a_version_that_was_fine_tuned(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        receipt(DIGITS, tuned.collection(), tuned.networks(), root=tmp_path)
    assert refused.value.code == "receipt_start"


def test_weights_that_are_worse_are_called_worse_and_every_flip_is_explained(tmp_path: Path, home: Path) -> None:
    start = checkpoints.load(DIGITS)
    random = np.random.default_rng(0)
    spoilt = {
        name: random.permutation(array.ravel()).reshape(array.shape) if array.ndim > 1 else array
        for name, array in start.arrays.items()
    }
    card = {**start.card.as_dict(), "start": {"name": DIGITS, "sha256": start.sha256}}
    number = checkpoints.write_version(DIGITS, arrays=spoilt, card=card, folder=home, used=False)
    made = receipt(f"{DIGITS}@{number}", tuned.collection(), tuned.networks(), root=tmp_path)
    assert made.verdict == "worse" and versions() == (1, [1, 2]) and len(made.flips) > 10
    first = made.flips[0]
    assert first.asked.before.class_index != first.asked.after.class_index
    assert len(first.before) == len(first.after) == 2 and first.before != first.after
    html = receipt_page.page_of(made)
    assert "is worse" in html and f"Stay with {DIGITS}@1" in html
    for outside in ("http:", "https:", "<script", "url(", "<link"):
        assert outside not in html
    assert html.count("data:image/jpeg;base64,") == sum(1 + len(f.before) + len(f.after) for f in made.flips)


def test_names_in_a_receipt_are_shown_and_not_run(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    classes = {f"{hostile}{name}": members for name, members in tuned.digits().items()}
    made = frozen(classes, tuned.PARTS, name=hostile)
    finetuned = carry_out(
        requested("siamese", made, DIGITS, options=finetuning.FinetuneOptions(epochs=1)),
        made,
        folder=tmp_path / "run",
        networks=tuned.networks(),
        on_event=silent,
        root=tmp_path,
    )
    assert finetuned is not None
    html = (tmp_path / "run/receipt.html").read_text()
    assert "<script" not in html and "&lt;script&gt;" in html
