"""A fine-tuning from request to receipt. Whatever kills it, the same request goes on from there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from fsl_demo import checkpoints
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import layout
from fsl_demo.core.collections import FrozenCollection
from fsl_demo.core.durable import replacing
from fsl_demo.core.errors import Cancelled, UserError, disk_trouble
from fsl_demo.services import receipt_page
from fsl_demo.services.finetuning.request import FinetuneRequest
from fsl_demo.services.receipt import OnVerdict, Receipt, VersionName, receipt, receipt_command
from fsl_demo.training import tasks
from fsl_demo.training.config import Config
from fsl_demo.training.events import Event, Finished, OnEvent, Reporter, Stop, never

REQUEST, RESULT, RECEIPT, RECEIPT_PAGE = "request.json", "result.json", "receipt.json", "receipt.html"
IMAGES = "images.json"
"""The pictures of a receipt, from which the page makes it in its language."""


@dataclass(frozen=True)
class Machine:
    """What trains: as of `Config`."""

    precision: str = "no"
    device: str = "auto"


AUTOMATIC = Machine()


@dataclass(frozen=True)
class Finetuned:
    """What came of a fine-tuning: a version that is not in use, and its receipt."""

    version: VersionName
    receipt: Receipt


def carry_out(
    request: FinetuneRequest,
    collection: FrozenCollection,
    folder: Path,
    networks: Networks,
    on_event: OnEvent,
    stop: Stop = never,
    root: Path = Path("data"),
    machine: Machine = AUTOMATIC,
    on_verdict: OnVerdict = lambda made: None,
) -> Finetuned | None:
    """Train, write a version that is not put to use, and its receipt.

    Args:
        folder: of this fine-tuning, for what it resumes from and what comes of it.
        networks: with a cache of what they make of the pictures.
        root: as of `receipt`.
        on_verdict: told once the receipt is there but for what was forgotten.

    Returns:
        None where it was stopped, and in a process that does not lead.

    Raises:
        UserError: `finetuning_running` where another process is at it; what training or receipt raise.
    """
    with disk_trouble(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        write(folder / REQUEST, request.model_dump_json(indent=2))
        version = _known(folder, request) or _trained(
            request, collection, folder=folder, networks=networks, on_event=on_event, stop=stop, machine=machine
        )
        if version is None:
            return None

        def tell(made: Receipt) -> None:
            _write_receipt(made, folder)
            on_verdict(made)

        reporter = Reporter(on_event, stop)
        try:
            made = receipt(
                checkpoints.source_of(layout.home(request.source, layout.FOLDER), version.version),
                collection,
                networks=networks,
                root=root,
                command=receipt_command(str(version), request.frozen),
                progress=reporter.progress,
                on_verdict=tell,
            )
        except Cancelled:
            return None
        _write_receipt(made, folder)
        return Finetuned(version, made)


def _write_receipt(made: Receipt, folder: Path) -> None:
    """What is shown beside others comes last, so that the rest is there when that is."""
    write(folder / IMAGES, json.dumps(receipt_page.images_of(made)))
    for file in (RECEIPT_PAGE, RECEIPT):
        receipt_page.write(made, folder / file)


def _trained(
    request: FinetuneRequest,
    collection: FrozenCollection,
    folder: Path,
    networks: Networks,
    on_event: OnEvent,
    stop: Stop,
    machine: Machine,
) -> VersionName | None:
    from fsl_demo.training import state
    from fsl_demo.training.run import run

    start = checkpoints.load(request.source)
    task = tasks.finetuning(request.method, collection, start=start, networks=networks)
    options = request.options
    written: list[Finished] = []

    def tell(event: Event) -> None:
        if isinstance(event, Finished):
            written.append(event)
        on_event(event)

    run(
        task,
        Config(
            runs=folder,
            out=start.home.parent,
            name=start.home.name,
            command=request.command,
            seed=options.seed,
            precision=machine.precision,
            device=machine.device,
            epochs=options.epochs,
            rate=options.rate,
            patience=options.patience,
            used=False,
        ),
        tell,
        stop,
    )
    if not written:
        return None
    number = written[0].version
    sha256 = checkpoints.load(checkpoints.source_of(start.home, number)).sha256
    version = VersionName(start.home.name, number, sha256)
    write(folder / RESULT, json.dumps(asdict(version), indent=2))
    (folder / start.home.name / state.FILE).unlink(missing_ok=True)
    return version


def _known(folder: Path, request: FinetuneRequest) -> VersionName | None:
    """The version that has come of it before, if it is still there."""
    with suppress(OSError, ValueError, TypeError, UserError):
        version = VersionName(**json.loads((folder / RESULT).read_bytes()))
        stored = checkpoints.load(checkpoints.source_of(layout.home(request.source, layout.FOLDER), version.version))
        if stored.sha256 == version.sha256:
            return version
    return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a fine-tuning; under `accelerate launch`, the process that leads holds it for all."""
    lock = FileLock(folder / ".lock", timeout=0) if os.environ.get("RANK", "0") == "0" else nullcontext()
    try:
        with lock:
            yield
    except Timeout as error:
        raise UserError("finetuning_running") from error


def write(file: Path, text: str) -> None:
    """Put a text in place of a file, whole or not at all."""
    with disk_trouble(file.parent), replacing(file) as stream:
        stream.write(text.encode())


def check(request: FinetuneRequest, collection: FrozenCollection) -> None:
    """Raise what is wrong with a request before it is carried out.

    Raises:
        UserError: `collection_small`; as of `tasks.finetuning`.
    """
    from fsl_demo.training.collected import dataset

    dataset(collection)
    start = checkpoints.load(request.source)
    tasks.finetuning(request.method, collection, start=start, networks=Networks(FeatureCache()))


def rows(folder: Path, request: FinetuneRequest) -> list[dict[str, float]]:
    """What a run that was broken off has done, a row an epoch; nothing where it begins."""
    from fsl_demo.training import state

    stored = state.load(folder / layout.home(request.source, layout.FOLDER).name)
    return stored.history.rows if stored else []
