"""A page on an empty workspace, with a method that needs no network: mean colour against mean colour."""

from __future__ import annotations

import asyncio
import threading
import time
import zipfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from gradio_client import Client
from starlette.testclient import TestClient

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import Classifies, Embeds, ReadsText, SearchesText
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import ClassSpec, Episode, Explanation, Focus, Layer, Progress, Scores, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.core.settings import Settings, none_below
from fsl_demo.detectors.faces import FaceDetector
from fsl_demo.store import Workspace
from fsl_demo.ui import uploads as incoming
from fsl_demo.ui.context import Asker, Context
from fsl_demo.ui.document import Document
from fsl_demo.ui.drafts import OpenDraft
from fsl_demo.ui.jobs import Job
from fsl_demo.ui.page import Page, SentEdit
from fsl_demo.ui.server import application, routes_of, running
from fsl_demo.ui.texts import languages
from tests.colours import ColourSpace, mean_colour, painted
from tests.dictated import Dictated

Paint = Callable[..., Path]
PATIENCE = 30
"""Seconds after which a test gives up waiting."""


def until(ready: Callable[[], bool], what: str) -> None:
    """Wait for something that another thread brings about."""
    pause, end = threading.Event(), time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(what)
        pause.wait(0.005)


def outcome(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives, in a thread of its own: Playwright may have left a running loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@dataclass(frozen=True)
class ColourSettings(Settings):
    none_below: float | None = none_below()


class Colour(Classifies[ColourSettings], Embeds):
    """Stands in for a method: 1 - distance of mean colours.

    Attributes:
        sharpness: how sure it is.
        gate: when there is one, one batch of queries waits for it: the one at which `left` is 1.
        at_gate: set when that batch has come to the gate.
    """

    Settings = ColourSettings

    def __init__(self, name: str = "prototype", sharpness: float = 10.0) -> None:
        reads = isinstance(self, ReadsText)
        self.card = MethodCard(
            name,
            name.title(),
            paper="-",
            checkpoint="colours",
            needs_pictures=not reads,
            reads_text=reads,
            transductive=False,
            explains=("query", "support"),
            cost=1,
        )
        self.sharpness = sharpness
        self.gate: threading.Event | None = None
        self.left = 0
        self.at_gate = threading.Event()

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        return np.stack([mean_colour(picture) for picture in pictures])

    def fit(self, episode: Episode, settings: ColourSettings, progress: Progress = quiet) -> Any:
        episode.check()
        for spec, shots in zip(episode.classes, episode.shots(), strict=True):
            if not shots:
                raise UserError("class_empty", name=spec.name, method=self.card.title)
        vectors = self.embed([example.picture for example in episode.support])
        owners = np.array([example.class_index for example in episode.support])
        means = np.stack([vectors[owners == c].mean(axis=0) for c in range(len(episode.classes))])

        def predict(queries: list[Picture], progress: Progress) -> Scores:
            progress("embed", 0, len(queries))
            self.left -= 1
            if self.gate is not None and self.left == 0:
                self.at_gate.set()
                assert self.gate.wait(PATIENCE)
            seen = self.embed(list(queries))
            near = 1 - np.linalg.norm(seen[:, None] - means, axis=2).astype(np.float32)
            powers = np.exp(self.sharpness * near)
            pairs = 1 - np.linalg.norm(seen[:, None] - vectors, axis=2).astype(np.float32)
            floor = 0.5 if settings.none_below is None else settings.none_below
            if np.linalg.norm(means[0] - means[-1]) < 0.05:
                floor = float("nan")  # classes of one colour tell no stranger
            probabilities = powers / powers.sum(axis=1, keepdims=True)
            return Scores(
                self.card.id,
                "-",
                settings=asdict(settings),
                seconds=0.01,
                similarities=near,
                probabilities=probabilities,
                none_below=floor,
                pairs=pairs,
            )

        def explain(query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
            values = np.linspace(0, 1, 49, dtype=np.float32).reshape(7, 7)
            shown = (focus and focus.support) or next(
                e.picture for e in episode.support if e.class_index == class_index
            )
            layers = (Layer(query, "query", values), Layer(shown, "support", values))
            return Explanation(self.card.id, class_index, layers)

        return SimpleNamespace(predict=predict, explain=explain)


class ReadingColour(Colour, ReadsText[ColourSettings]):
    """`Colour` that can do with names and descriptions."""

    def reads(self, text: str, settings: ColourSettings) -> bool:
        return text.isascii()

    def sentences(self, spec: ClassSpec, settings: ColourSettings) -> tuple[list[str], list[str]]:
        return [spec.name], list(spec.descriptions)


class SearchingColour(ReadingColour, SearchesText):
    """`ReadingColour` with a space to search in."""

    joint: Any = None

    def __init__(self, name: str, joint: ColourSpace | None = None) -> None:
        super().__init__(name)
        self.joint = joint or ColourSpace()


class Browser:
    """Asks a page for what a browser tab asks it for, and keeps what it has on view.

    Attributes:
        tab: name of the browser tab, whose edits are numbered.
        parts, rows, order: what is on view; see `Board`.
        notices: of the last request or job, by kind.
    """

    def __init__(self, page: Page, tab: str = "tab-1", language: str = "en", draft: str = "") -> None:
        self.page, self.tab, self.language = page, tab, languages()[language]
        self.draft, self.annotator = draft, "Ada"
        self.number, self.at = 0, ""
        self.parts: dict[str, Any] = {}
        self.rows: dict[str, Any] = {}
        self.order: list[str] = []
        self.notices: list[dict[str, str]] = []
        self.open("latest")

    # --- what a tab asks for ----------------------------------------------------------------------------------------

    def open(self, name: str, **values: Any) -> None:
        opened = self.page.open(self.draft, name, values=values, asker=Asker(self.language))
        self.draft, self.notices = opened["draft"], opened["notices"]
        self.forget()
        self.look()

    def edit(self, type: str, **values: Any) -> dict[str, Any]:
        return self.edits((type, values))

    def edits(self, *edits: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        """Send edits in one request; gives the answer."""
        first = self.number + 1
        self.number += len(edits)
        return self.send([SentEdit(n=n, type=type, values=values) for n, (type, values) in enumerate(edits, first)])

    def send(self, edits: list[SentEdit]) -> dict[str, Any]:
        answer = self.page.edit(self.draft, self.tab, edits=edits, at=self.at, asker=Asker(self.language))
        self.notices = answer["notices"]
        self.take(answer)
        return answer

    def panel(self, name: str, **values: Any) -> str:
        answer = self.page.panel(self.draft, name, values=values, asker=Asker(self.language))
        self.notices = answer["notices"]
        return answer["html"] or ""

    def data(self, name: str, **values: Any) -> Any:
        answer = self.page.data(self.draft, name, values=values, asker=Asker(self.language))
        self.notices = answer["notices"]
        return answer["data"]

    def start(self, name: str, **values: Any) -> Job | None:
        """Put a job in line; None where it was refused."""
        answer = self.page.start(self.draft, name, values=values, asker=Asker(self.language))
        self.notices = answer["notices"]
        return next((job for job in self.page.jobs.of(self.draft) if job.id == answer["job"]), None)

    def job(self, name: str, **values: Any) -> dict[str, Any]:
        """Carry out a job and see its end; gives what the page shows of it, nothing where it was refused."""
        job = self.start(name, **values)
        return {} if job is None else self.ended(job)

    def ended(self, job: Job) -> dict[str, Any]:
        """See the end of a job, as the page's stream tells it."""
        until(lambda: self.shown_job(job.id).get("state") in ("done", "stopped", "failed"), f"end of {job.kind}")
        shown = self.shown_job(job.id)
        self.notices = shown["notices"]
        return shown

    def shown_job(self, job_id: str) -> dict[str, Any]:
        self.look()
        return next((shown for shown in self.parts["data:jobs"] if shown["id"] == job_id), {})

    def predict(self) -> dict[str, Any]:
        return self.job("predict")

    def add(self, target: str, *files: Path | tuple[Path, str]) -> None:
        """Upload files and put them somewhere, in one step; a file may come with the path that the browser gives it."""
        entries: list[incoming.Entry] = []
        wrong: list[incoming.Entry] = []
        given = [file if isinstance(file, tuple) else (file, file.name) for file in files]
        placed = self._in_classes(given, wrong) if target == "classes" else ((*file, "") for file in given)
        for path, name, class_name in placed:
            for entry in incoming.read(self.context, path, path=name, target=target):
                (wrong if entry.error else entries).append(replace(entry, class_name=entry.class_name or class_name))
        if entries and target == "classes":
            pictures = [(entry.class_name, entry.sha, entry.path) for entry in entries]
            self.edit("add_class_pictures", pictures=pictures, batch=f"batch-{self.number}")
        elif entries and target == "collection":
            self.edit("add_to_collection", pictures=[entry.sha for entry in entries])
        elif entries:
            placed_pictures = [(entry.sha, entry.path) for entry in entries]
            self.edit("add_pictures", target=target, pictures=placed_pictures, batch=f"batch-{self.number}")
        self.notices = [*self.notices, *({"kind": "error", "text": entry.error} for entry in wrong)]

    def _in_classes(
        self, files: Sequence[tuple[Path, str]], wrong: list[incoming.Entry]
    ) -> Iterator[tuple[Path, str, str]]:
        """Files of folders with their class, in the order in which they are sent; archives as they are."""
        whole = [file for file in files if file[1].endswith((".zip", ".tar")) and "/" not in file[1]]
        loose = [file for file in files if file not in whole]
        placed = incoming.placed(self.context, [name for _, name in loose])
        wrong += [incoming.Entry("", error=text) for text in placed.told]
        yield from ((*loose[number], class_name) for number, class_name in placed.classes)
        yield from ((path, name, "") for path, name in whole)

    def label(self, query: str, answer: str, suggestion: str = "", **values: Any) -> dict[str, Any]:
        values = {"annotator": self.annotator, **values}
        return self.edit("label", query=query, answer=answer, suggestion=suggestion, **values)

    def undo(self) -> dict[str, Any]:
        return self.edit("undo")

    # --- what it has on view ----------------------------------------------------------------------------------------

    def forget(self) -> None:
        self.at, self.parts, self.rows, self.order = "", {}, {}, []

    def look(self) -> None:
        """Take what the page's stream would bring."""
        self.take(self.page.board(self.open_draft, self.language).since(self.at))

    def take(self, changes: dict[str, Any]) -> None:
        if changes["whole"]:
            self.parts, self.rows = {}, {}
        self.at = changes["at"]
        self.parts |= changes["parts"]
        self.rows |= changes["rows"]
        if "order" in changes:
            self.order = changes["order"]
        self.rows = {name: row for name, row in self.rows.items() if name in self.order}
        classes = {row["key"] for row in self.parts["data:classes"]}
        self.parts = {
            name: part
            for name, part in self.parts.items()
            if not name.startswith("class:") or name.split(":")[1] in classes
        }

    def row(self, query: str) -> dict[str, Any]:
        return self.rows[query[:16]]

    @property
    def html(self) -> str:
        """Everything that is on view of the document, one part after the other."""
        return "\n".join(part for name, part in self.parts.items() if not name.startswith("data:"))

    @property
    def notice(self) -> str:
        return "\n".join(notice["text"] for notice in self.notices)

    @property
    def open_draft(self) -> OpenDraft:
        return self.page.drafts.get(self.draft)

    @property
    def document(self) -> Document:
        return self.open_draft.document

    @property
    def context(self) -> Context:
        return Context(self.page, self.open_draft, self.language)

    @property
    def answers(self) -> list[str]:
        """Name of the combined answer to each query, in order."""
        names = self.document.class_names()
        return [names[self.row(query)["answer"]] for query in self.document.queries]


def restarted(browser: Browser, methods: dict[str, Any] | None = None) -> Browser:
    """The same browser tab after the program was started again on the same workspace."""
    page = browser.page
    again = Browser.__new__(Browser)
    again.__dict__.update(browser.__dict__)
    registry = page.registry if methods is None else Registry(methods.values())
    again.page = Page(Workspace(page.workspace.folder), registry)
    again.open("latest")
    return again


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


@pytest.fixture
def paint(uploads: Path) -> Callable[..., Path]:
    """Makes an uploaded picture of one colour, speckled so that no two are the same."""

    def make(name: str, rgb: tuple[int, int, int], size: int = 24) -> Path:
        file = uploads / name
        painted(rgb, sum(name.encode()), size).save(file)
        return file

    return make


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(
        Workspace(tmp_path / "workspace"),
        Registry([Colour(), ReadingColour("asif")], detectors=[FaceDetector(Networks(FeatureCache()))]),
    )


@pytest.fixture
def browser(page: Page, uploads: Path) -> Browser:
    return Browser(page)


@pytest.fixture
def filled(browser: Browser, paint: Paint) -> Browser:
    """Red and blue, two pictures each; three queries."""
    first, second = browser.document.classes
    browser.edits(
        ("rename", {"key": first.key, "name": "red"}),
        ("rename", {"key": second.key, "name": "blue"}),
    )
    browser.add(first.key, paint("r1.png", (200, 10, 10)), paint("r2.png", (220, 20, 10)))
    browser.add(second.key, paint("b1.png", (10, 10, 200)), paint("b2.png", (10, 20, 220)))
    browser.add("queries", paint("q1.png", (210, 0, 0)), paint("q2.png", (0, 0, 210)), paint("q3.png", (180, 30, 30)))
    return browser


@contextmanager
def gated(method: Any, batch: int = 1) -> Iterator[threading.Event]:
    """Hold a method at the next batch of queries but so many; the event lets it go on, and so does the end."""
    method.gate, method.left = threading.Event(), batch
    method.at_gate.clear()
    try:
        yield method.gate
    finally:
        method.gate.set()
        method.gate = None


@pytest.fixture
def client(page: Page) -> Iterator[TestClient]:
    """The page's own routes."""
    with TestClient(routes_of(page), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def address(page: Page, uploads: Path) -> Iterator[str]:
    """The whole application, served."""
    page.registry.captioners = {"dictated": Dictated()}
    with running(application(page), "127.0.0.1", 0) as address:
        yield address


@pytest.fixture
def api(address: str) -> Client:
    return Client(address, verbose=False)


def zipped(folder: Path, files: dict[str, Path]) -> str:
    """A zip of files by the names that they have in it."""
    archive = folder / f"{len(files)}-files.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for name, file in files.items():
            out.write(file, name)
    return str(archive)
