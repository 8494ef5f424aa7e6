"""Requests, drafts, imports and cards with anything in them: no raw error, and every session loads afterwards.

python -m tests.hardening.events --count 10000
"""

from __future__ import annotations

import argparse
import copy
import json
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from fsl_demo import runtime
from fsl_demo.checkpoints import card
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import from_image
from fsl_demo.core.registry import Registry
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import FORMATS, read
from fsl_demo.ui.document import Document
from fsl_demo.ui.page import Page
from fsl_demo.ui.server import routes_of
from fsl_demo.ui.tabs import REGISTRY
from fsl_demo.ui.texts import languages
from tests.colours import painted
from tests.hardening.values import VALUES, places, put

SHIPPED_CARD = next(Path("checkpoints").glob("*/card.json"))
UNEXPECTED = languages()["en"].texts["unexpected"].split("{")[0]
JSON = {"Content-Type": "application/json"}
LONG = ("download", "describe")
"""Jobs that reach for the network or for models: they have tests of their own."""
ROUTES = {"edits": "edits", "panels": "panel", "data": "data", "jobs": "job", "openings": "open"}


Check = Callable[["World", st.DataObject], None]


class World:
    """A workbench whose methods need no network, and a session in it that has everything.

    Attributes:
        draft: id of the session's draft.
        whole: the draft's data, results and steps as they are stored.
    """

    def __init__(self, folder: Path) -> None:
        from tests.ui.conftest import Browser, Colour, ReadingColour

        self.folder = folder
        self.workspace = Workspace(folder / "workspace")
        self.page = Page(self.workspace, Registry([Colour(), ReadingColour("asif")]))
        self.client = TestClient(routes_of(self.page), raise_server_exceptions=False)
        browser = Browser(self.page)
        first, second = (row.key for row in browser.document.classes)
        shas = [
            self.workspace.add_picture(from_image(painted(rgb, seed, 12), f"{seed}.png")).sha256
            for seed, rgb in enumerate([(200, 10, 10), (220, 20, 10), (10, 10, 200), (10, 20, 220), (210, 0, 0)])
        ]
        browser.edits(
            ("rename", {"key": first, "name": "red"}),
            ("rename", {"key": second, "name": "blue"}),
            ("add_pictures", {"target": first, "pictures": [(sha, "") for sha in shas[:2]]}),
            ("add_pictures", {"target": second, "pictures": [(shas[2], "")]}),
            ("add_pictures", {"target": "queries", "pictures": [(sha, f"{sha}.png") for sha in shas[3:]]}),
            ("set_setting", {"method": "prototype", "name": "none_below", "value": "0.3"}),
            ("label", {"query": shas[3], "answer": second, "annotator": "Ada", "seconds": 1.5}),
        )
        browser.predict()
        browser.predict()
        browser.edit("save")
        self.draft, self.episode = browser.draft, browser.document.episode_id
        stored = self.workspace.drafts.find(self.draft)
        assert stored is not None and stored.results and stored.steps
        self.whole = {"data": stored.data, "results": stored.results, "steps": list(stored.steps)}
        self.known = st.sampled_from(
            [*shas, first, second, "prototype", "asif", self.episode, self.draft, "none_below"]
        )
        self.number = 0

    def ask(self, route: str, body: Any) -> Any:
        """Send JSON to a route; gives the answer, which has to be JSON without a raw error."""
        answer = self.client.post(f"/workbench/{route}", content=json.dumps(body), headers=JSON)
        assert answer.status_code in (200, 204, 409, 422), (route, body, answer.status_code, answer.text[:500])
        assert UNEXPECTED not in answer.text, (route, body, answer.text[:500])
        return None if answer.status_code == 204 else strictly(answer.text)

    def loads(self, draft: str) -> None:
        """A page that comes anew gets everything, and goes on."""
        self.page.drafts._open.clear()  # as after a restart
        shown = self.page.drafts.get(draft)
        for language in languages().values():
            board = self.page.board(shown, language).since("")
            strictly(json.dumps(board, ensure_ascii=False, allow_nan=False).encode().decode())
            assert "toolbar" in board["parts"]
        self.number += 1
        edit = {"n": self.number, "type": "set_title", "values": {"title": f"goes on {self.number}"}}
        made = self.ask("edits", {"draft": draft, "tab": "fuzz", "at": "", "edits": [edit]})
        assert made.get("taken") == self.number and not made["notices"], made

    def store(self, whole: dict[str, Any]) -> None:
        """Put a draft into the database as it is, whatever it is."""
        with closing(sqlite3.connect(self.workspace.folder / "fsl_demo.db")) as db, db:
            db.execute("UPDATE drafts SET data = ? WHERE id = ?", (text(whole["data"]), self.draft))
            db.execute("UPDATE draft_results SET data = ? WHERE draft = ?", (text(whole["results"]), self.draft))
            db.execute("DELETE FROM draft_steps WHERE draft = ?", (self.draft,))
            steps = whole["steps"] if isinstance(whole["steps"], list) else [whole["steps"]]
            rows = [(self.draft, number, text(step)) for number, step in enumerate(steps)]
            db.executemany("INSERT INTO draft_steps (draft, number, data) VALUES (?, ?, ?)", rows)


def text(value: Any) -> str:
    return json.dumps(value)


def strictly(answer: str) -> Any:
    """JSON as a browser parses it."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(answer, parse_constant=refuse)


def events(world: World, data: st.DataObject) -> None:
    """Requests of any kind and name, in any order."""
    draft = world.page.drafts.start(Document.copy(world.page.drafts.get(world.draft).document)).id
    values = st.one_of(VALUES, world.known, st.lists(world.known, max_size=3), st.just(""))
    for _ in range(data.draw(st.integers(1, 6), "requests")):
        kind = data.draw(st.sampled_from(list(ROUTES)))
        requests = {name: request for name, request in REGISTRY.by_kind[kind].items() if name not in LONG}
        name = data.draw(st.one_of(st.sampled_from(list(requests)), st.text(max_size=8)))
        fields = list(requests[name].model_fields) if name in requests else ["anything"]
        filled = {field: data.draw(values, field) for field in fields if data.draw(st.booleans())}
        if kind == "edits":
            world.number += 1
            edit = {"n": world.number, "type": name, "values": filled}
            world.ask("edits", {"draft": draft, "tab": "fuzz", "at": "", "edits": [edit]})
        else:
            world.ask(ROUTES[kind], {"draft": draft, "name": name, "values": filled})
    world.loads(draft)
    for job in world.page.jobs.of(draft):
        assert not job.trouble, (job.kind, job.trouble)


def drafts(world: World, data: st.DataObject) -> None:
    """Stored drafts with anything anywhere."""
    whole = copy.deepcopy(world.whole)
    for _ in range(data.draw(st.integers(1, 3), "places")):
        whole = put(whole, data.draw(st.sampled_from([place for place in places(whole) if place])), data.draw(VALUES))
    world.store(whole)
    world.loads(world.draft)
    for _ in range(2):
        world.number += 1
        undo = {"n": world.number, "type": "undo", "values": {}}
        world.ask("edits", {"draft": world.draft, "tab": "fuzz", "at": "", "edits": [undo]})
    world.loads(world.draft)


def imports(world: World, data: st.DataObject) -> None:
    """Exports whose documents have anything anywhere: refused in a sentence, or saved and opened."""
    path, forged = world.folder / "export.zip", world.folder / "forged.zip"
    if not path.exists():
        FORMATS["imagefolder"].write([("id", world.workspace.episode(world.episode))], path)
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(forged, "w") as out:
        for entry in whole.namelist():
            content = whole.read(entry)
            if entry.endswith(".json"):
                document = json.loads(content)
                place = data.draw(st.sampled_from(list(places(document))))
                content = json.dumps(put(document, place, data.draw(VALUES))).encode()
            out.writestr(entry, content)
    try:
        (labelled,) = read(forged, world.workspace)
        episode = world.workspace.save_episode(labelled)
    except UserError as error:
        assert str(error)
        return
    world.workspace.episode(episode)
    opened = world.ask("open", {"draft": world.draft, "name": "reopen", "values": {"episode": episode}})
    assert not opened["notices"]
    world.loads(opened["draft"])


def cards(world: World, data: st.DataObject) -> None:
    """Cards of checkpoints with anything anywhere."""
    whole = json.loads(SHIPPED_CARD.read_text())
    place = data.draw(st.sampled_from(list(places(whole))))
    try:
        card.parse(json.dumps(put(whole, place, data.draw(VALUES))).encode(), "forged")
    except UserError as error:
        assert str(error)


CHECKS: tuple[Check, ...] = (events, drafts, imports, cards)


def run(count: int) -> dict[str, int]:
    """Try so many examples, a quarter of each kind; what fails is raised as the smallest example of it."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        return {check.__name__: _try(check, world, count // len(CHECKS)) for check in CHECKS}


def _try(check: Check, world: World, count: int) -> int:
    tried: list[bool] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def example(data: st.DataObject) -> None:
        check(world, data)
        tried.append(True)

    example()
    return len(tried)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    runtime.prepare("cpu")
    started = time.perf_counter()
    print(json.dumps({**run(parser.parse_args().count), "seconds": round(time.perf_counter() - started)}))
