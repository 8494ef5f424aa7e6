"""A page on an empty workspace, with a method that needs no network: mean colour against mean colour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest

from fsl_demo.episodes import ClassSpec, Episode, Explanation, Focus, Layer, Progress, Scores
from fsl_demo.errors import UserError
from fsl_demo.methods.contract import MethodCard
from fsl_demo.pictures import Picture
from fsl_demo.store import Workspace
from fsl_demo.ui.page import Page
from tests.colours import mean_colour, painted

Paint = Callable[..., Path]


@dataclass(frozen=True)
class ColourSettings:
    none_below: float | None = field(default=None, metadata={"low": 0.0, "high": 1.0, "step": 0.01, "help": "-"})


class Colour:
    """Stands in for a method: 1 - distance of mean colours."""

    Settings = ColourSettings

    def __init__(self, name: str = "prototype") -> None:
        reads = name == "asif"
        self.card = MethodCard(name, name.title(), "-", "colours", not reads, reads, False, ("query", "support"), 1)

    def reads(self, text: str, settings: ColourSettings) -> bool:
        return text.isascii()

    def sentences(self, spec: ClassSpec, settings: ColourSettings) -> tuple[list[str], list[str]]:
        return [spec.name], list(spec.descriptions)

    def embed(self, pictures: list[Picture]) -> np.ndarray:
        return np.stack([mean_colour(picture) for picture in pictures])

    def fit(self, episode: Episode, settings: ColourSettings, progress: Progress) -> Any:
        episode.check()
        for spec, shots in zip(episode.classes, episode.shots(), strict=True):
            if not shots:
                raise UserError("class_empty", name=spec.name, method=self.card.title)
        vectors = self.embed([example.picture for example in episode.support])
        owners = np.array([example.class_index for example in episode.support])
        means = np.stack([vectors[owners == c].mean(axis=0) for c in range(len(episode.classes))])

        def predict(queries: list[Picture], progress: Progress) -> Scores:
            progress("embed", 0, len(queries))
            found = self.embed(list(queries))
            near = 1 - np.linalg.norm(found[:, None] - means, axis=2).astype(np.float32)
            powers = np.exp(10 * near)
            pairs = 1 - np.linalg.norm(found[:, None] - vectors, axis=2).astype(np.float32)
            floor = 0.5 if settings.none_below is None else settings.none_below
            probabilities = powers / powers.sum(axis=1, keepdims=True)
            return Scores(self.card.id, "-", asdict(settings), 0.01, near, probabilities, floor, pairs)

        def explain(query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
            values = np.linspace(0, 1, 49, dtype=np.float32).reshape(7, 7)
            shown = (focus and focus.support) or next(
                e.picture for e in episode.support if e.class_index == class_index
            )
            layers = (Layer(query, "query", values), Layer(shown, "support", values))
            return Explanation(self.card.id, class_index, layers)

        return SimpleNamespace(predict=predict, explain=explain)


class Browser:
    """Calls the page's events as a browser tab would."""

    def __init__(self, page: Page, tab: str, language: str = "en") -> None:
        self.page = page
        self.request: Any = SimpleNamespace(session_hash=tab, cookies={"fsl_language": language}, headers={})
        self.draft = ""
        self.annotator = "Ada"
        self.shown: dict[Any, Any] = {}
        self.take(page.on_load(self.draft, self.annotator, self.request))

    def take(self, updates: dict[Any, Any]) -> dict[Any, Any]:
        self.draft = updates.get(self.page.draft, self.draft)
        self.shown |= updates
        return updates

    def event(self, data: dict[str, Any]) -> gr.EventData:
        return gr.EventData(None, {"fields": {}, "draft": self.draft, **data})

    def board(self, action: str, **data: Any) -> dict[Any, Any]:
        return self.take(
            self.page.on_board(self.draft, self.annotator, self.request, self.event({"action": action, **data}))
        )

    def predict(self, **fields: Any) -> list[dict[Any, Any]]:
        event = self.event({"action": "predict", "fields": fields})
        return [self.take(u) for u in self.page.on_predict(self.draft, self.annotator, self.request, event)]

    def act(self, handler: Callable[..., dict[Any, Any]], action: str, **data: Any) -> dict[Any, Any]:
        return self.take(handler(self.draft, self.annotator, self.request, self.event({"action": action, **data})))

    @property
    def tab(self) -> Any:
        return self.page.desk.tab(self.request.session_hash, self.draft)

    @property
    def document(self) -> Any:
        return self.tab.document

    @property
    def notice(self) -> str:
        return self.shown[self.page.notice]

    def add(self, target: str, *files: Path | tuple[Path, str]) -> dict[Any, Any]:
        """Upload files and add them; a file may come with the name that the browser gives it."""
        named = [file if isinstance(file, tuple) else (file, file.name) for file in files]
        entries = [{"path": str(path), "name": name, "size": path.stat().st_size} for path, name in named]
        return self.board("add", target=target, batch=str(named), files=entries)


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
    workspace = Workspace(tmp_path / "workspace")
    built = Page(workspace, {"prototype": Colour(), "asif": Colour("asif")})
    built.build()
    return built


@pytest.fixture
def browser(page: Page, uploads: Path) -> Browser:
    return Browser(page, "tab-1")


@pytest.fixture
def filled(browser: Browser, paint: Callable[..., Path]) -> Browser:
    """Red and blue, two pictures each; three queries."""
    first, second = browser.document.classes
    browser.board("fields", field="name", fields={f"name:{first.key}": "red", f"name:{second.key}": "blue"})
    browser.add(first.key, paint("r1.png", (200, 10, 10)), paint("r2.png", (220, 20, 10)))
    browser.add(second.key, paint("b1.png", (10, 10, 200)), paint("b2.png", (10, 20, 220)))
    browser.add("queries", paint("q1.png", (210, 0, 0)), paint("q2.png", (0, 0, 210)), paint("q3.png", (180, 30, 30)))
    return browser
