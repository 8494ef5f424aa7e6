"""Accounts: logging in and out, the lock after wrong passwords, roles, and that nobody gets at what is another's."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2.exceptions import VerifyMismatchError
from gradio_client import Client, handle_file
from gradio_client.exceptions import AuthenticationError
from starlette.testclient import TestClient

from fsl_demo.core.accounts import ROLES
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import from_image
from fsl_demo.store import Workspace
from fsl_demo.store import accounts as stored_accounts
from fsl_demo.ui import login
from fsl_demo.ui.page import Page
from fsl_demo.ui.security import guarded
from fsl_demo.ui.security.addresses import Addresses
from fsl_demo.ui.server import Reach, application, routes_of, running, serve
from fsl_demo.ui.tabs import REGISTRY
from tests.colours import painted
from tests.dictated import Dictated
from tests.ui.conftest import Paint, until

PASSWORD = "correct horse battery"
OWN = "http://127.0.0.1:7860"
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUF1ue3Pa7uB0xUHHBlrT8LcbXOlIwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyNzA2NDgxNloYDzIxMjYxMTAz
MDY0ODE2WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATNlTuHLFte/9oQB4BCPFN+e+lhUPntH3q5xeUc5GZzAlwSYAVATvKa
9G7Jm+SzK2KF+1Y7/wrR0WwuzG1OD/01o28wbTAdBgNVHQ4EFgQUabbEfKGNy/AB
5J53XLeBVClz/jcwHwYDVR0jBBgwFoAUabbEfKGNy/AB5J53XLeBVClz/jcwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDSAAwRQIgaKpeTtJ5MwlKRmm9hbtZ+W/pbwDmOvqpQHTKO0KL8WkCIQCs
2HSdlq1nNby7QRH89l1YZRL87DYW1Zaj/55y4RzcqA==
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0ujZrygXmAKIGmco
OofL+DB2pzDGOhub6Hh/twqe+2ahRANCAATNlTuHLFte/9oQB4BCPFN+e+lhUPnt
H3q5xeUc5GZzAlwSYAVATvKa9G7Jm+SzK2KF+1Y7/wrR0WwuzG1OD/01
-----END PRIVATE KEY-----
"""
"""Signed by itself, for 127.0.0.1, until 2126."""


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2id with little memory: what it costs is not what is tested."""
    hasher = stored_accounts.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(stored_accounts, "_hasher", hasher)
    monkeypatch.setattr(stored_accounts, "_NOBODY", hasher.hash("nobody"))


@pytest.fixture
def guarded_page(page: Page) -> Any:
    for name, role in (("Ada", "annotator"), ("Bob", "annotator"), ("Grace", "reviewer"), ("Root", "admin")):
        page.workspace.accounts.add(name, role, PASSWORD)
    accounts = page.workspace.accounts
    return guarded(routes_of(page, accounts), Addresses.of("127.0.0.1", 7860), accounts)


class Person:
    """A browser in which somebody has logged in, and the draft that they have on view."""

    def __init__(self, app: Any, name: str) -> None:
        self.client = TestClient(app, base_url=OWN, raise_server_exceptions=False, headers={"Origin": OWN})
        self.name, self.number = name, 0
        answer = self.log_in(PASSWORD)
        assert answer.status_code == 200, answer.text
        self.draft = self.post("open", draft="", name="latest", values={}).json()["draft"]

    def log_in(self, password: str) -> Any:
        return self.client.post("/login", data={"username": self.name, "password": password})

    def post(self, path: str, **body: Any) -> Any:
        return self.client.post(f"/workbench/{path}", json=body)

    def edit(self, type: str, draft: str = "", **values: Any) -> Any:
        """The answer to one edit."""
        self.number += 1
        edits = [{"n": self.number, "type": type, "values": values}]
        return self.post("edits", draft=draft or self.draft, tab=self.name, at="", edits=edits)

    def told(self, type: str, **values: Any) -> str:
        """What the page says after an edit."""
        answer = self.edit(type, **values).json()
        return "\n".join(notice["text"] for notice in answer["notices"])

    def upload(self, file: Path) -> str:
        answer = self.client.post(
            f"/workbench/uploads?draft={self.draft}&target=queries",
            content=file.read_bytes(),
            headers={"X-Path": file.name},
        )
        return str(answer.json()["sha"])

    def open(self, name: str, **values: Any) -> Any:
        answer = self.post("open", draft=self.draft, name=name, values=values).json()
        self.draft = answer["draft"]
        return answer

    def panel(self, name: str, **values: Any) -> str:
        return str(self.post("panel", draft=self.draft, name=name, values=values).json()["html"])


@pytest.fixture
def ada(guarded_page: Any) -> Iterator[Person]:
    yield Person(guarded_page, "Ada")


@pytest.fixture
def bob(guarded_page: Any) -> Iterator[Person]:
    yield Person(guarded_page, "Bob")


def saved_episode(person: Person, paint: Paint) -> tuple[str, list[str]]:
    """Two classes, two queries, saved; gives the episode's id and all its pictures."""
    names = ("r.png", "b.png", "q1.png", "q2.png")
    shas = [person.upload(paint(f"{person.name}-{name}", (50 * n, 9, 200))) for n, name in enumerate(names)]
    person.edit("add_class_pictures", pictures=[("red", shas[0], "r.png"), ("blue", shas[1], "b.png")])
    person.edit("add_pictures", target="queries", pictures=[(sha, "") for sha in shas[2:]])
    told = person.told("save")
    (episode,) = re.findall(r"[0-9a-f]{16}", told)
    return episode, shas


# --- logging in ------------------------------------------------------------------------------------------------------


def test_without_a_session_there_is_a_log_in_page_and_nothing_else(guarded_page: Any) -> None:
    client = TestClient(guarded_page, base_url=OWN, follow_redirects=False)
    answer = client.get("/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    for route in (
        "/workbench/texts.js",
        "/workbench/requests.js",
        "/workbench/static/main.js",
        "/config",
        "/workbench/stream",
    ):
        answer = client.get(route)
        assert answer.status_code == 401 and answer.json()["error"] == "Log in first."
    for route in ("/workbench/open", "/workbench/edits", "/gradio_api/upload", "/gradio_api/call/predict", "/logout"):
        assert client.post(route, json={}).status_code == 401
    page = client.get("/login")
    assert page.status_code == 200 and 'autocomplete="current-password"' in page.text
    assert client.get("/workbench/static/login.js").status_code == 200
    assert client.cookies.get("fsl_session") is None


def test_the_cookie_is_for_the_server_only(guarded_page: Any, ada: Person) -> None:
    cookie = ada.log_in(PASSWORD).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Secure" not in cookie
    addresses = Addresses.of("127.0.0.1", 7860, public="https://lab.example")
    app = guarded(guarded_page.app.app.app.app.app.app, addresses, guarded_page.app.app.app.app.accounts)
    secure = TestClient(app, base_url="https://lab.example")
    answer = secure.post("/login", data={"username": "ada", "password": PASSWORD})
    assert answer.status_code == 200 and "Secure" in answer.headers["set-cookie"]


def test_logging_out_and_changes_of_an_account_end_sessions(guarded_page: Any, page: Page, ada: Person) -> None:
    other = Person(guarded_page, "Ada")
    assert ada.client.post("/logout").status_code == 204
    assert ada.post("open", draft="", name="latest").status_code == 401
    assert other.edit("set_title", title="mine").status_code == 200
    page.workspace.accounts.set_password("Ada", "another one entirely")
    assert other.edit("set_title", title="mine").status_code == 401
    assert other.log_in(PASSWORD).status_code == 401
    assert other.log_in("another one entirely").status_code == 200
    page.workspace.accounts.remove("ada")
    assert other.edit("set_title", title="mine").status_code == 401


def test_sessions_end_by_themselves(page: Page, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_accounts, "UNUSED", -stored_accounts.UNUSED)
    assert ada.edit("set_title", title="mine").status_code == 401


def test_ten_wrong_passwords_lock_an_account_and_an_address(
    ada: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(9):
        answer = ada.log_in("wrong password")
        assert answer.status_code == 401 and answer.json()["error"] == "Name or password are wrong."
    assert ada.log_in(PASSWORD).status_code == 200  # which begins again
    for _ in range(10):
        assert ada.log_in("wrong password").status_code == 401
    for person in (ada, bob):  # one address
        answer = person.log_in(PASSWORD)
        assert answer.status_code == 429
        assert re.fullmatch(
            r"Too many wrong passwords\. Try again at \d\d:\d\d \(15 minutes\)\.", answer.json()["error"]
        )
    monkeypatch.setattr(login, "LOCKED_SECONDS", 0)
    assert ada.log_in(PASSWORD).status_code == 200


def test_guesses_that_come_at_once_are_counted_one_by_one(ada: Person) -> None:
    with ThreadPoolExecutor(8) as several:
        answers = list(several.map(lambda n: ada.log_in(f"wrong password {n}").status_code, range(30)))
    assert sorted(answers) == [401] * 10 + [429] * 20


def test_a_stream_ends_so_that_the_session_is_looked_at_again(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsl_demo.ui.routes.LONGEST", 2)
    lines = ada.client.get("/workbench/stream", params={"draft": ada.draft}).text.splitlines()
    assert lines[0].startswith("data: ")


def test_a_name_that_nobody_has_is_answered_alike(ada: Person) -> None:
    ada.name = "nobody"
    assert ada.log_in(PASSWORD).json() == {"code": "login_wrong", "error": "Name or password are wrong."}


def test_a_name_that_nobody_has_takes_as_much_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert not stored_accounts._hasher.check_needs_rehash(stored_accounts._NOBODY)
    with pytest.raises(VerifyMismatchError):  # after all of the work
        stored_accounts._hasher.verify(stored_accounts._NOBODY, PASSWORD)


def test_passwords_are_kept_as_argon2id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    workspace = Workspace(tmp_path / "w")
    account = workspace.accounts.add("Ada", "annotator", PASSWORD)
    stored = (tmp_path / "w" / "fsl_demo.db").read_bytes() + (tmp_path / "w" / "fsl_demo.db-wal").read_bytes()
    assert b"$argon2id$v=19$m=65536,t=3,p=4$" in stored and PASSWORD.encode() not in stored
    assert workspace.accounts.check("ADA", PASSWORD) == account
    token = workspace.accounts.open_session(account)
    assert token.encode() not in (tmp_path / "w" / "fsl_demo.db-wal").read_bytes()


@pytest.mark.parametrize(
    ("name", "role", "password", "code"),
    [
        ("", "admin", PASSWORD, "account_name"),
        ("a\x1bb", "admin", PASSWORD, "account_name"),
        ("x" * 61, "admin", PASSWORD, "account_name"),
        ("Ada", "king", PASSWORD, "account_role"),
        ("Ada", "admin", "short", "password_length"),
        ("ADA ", "admin", PASSWORD, "account_exists"),
    ],
)
def test_accounts_that_cannot_be(page: Page, name: str, role: str, password: str, code: str) -> None:
    page.workspace.accounts.add("ada", "annotator", PASSWORD)
    with pytest.raises(UserError) as refused:
        page.workspace.accounts.add(name, role, password)
    assert refused.value.code == code


def test_a_page_that_others_reach_needs_accounts(tmp_path: Path) -> None:
    for host, public in (("0.0.0.0", None), ("192.0.2.1", None), ("127.0.0.1", "https://lab.example")):
        with pytest.raises(UserError, match=r"Make one first, with `python -m fsl_demo users add NAME --role admin"):
            serve(tmp_path / "w", host=host, port=0, open_browser=False, reach=Reach(public))


@pytest.mark.parametrize("public", ["lab.example", "ftp://lab.example", "https://lab.example/path", "https://a b", ""])
def test_public_addresses_that_are_none(tmp_path: Path, public: str) -> None:
    with pytest.raises(UserError, match="no address"):
        serve(tmp_path / "w", host="127.0.0.1", port=0, open_browser=False, reach=Reach(public))


# --- what is another's -----------------------------------------------------------------------------------------------


def test_a_draft_of_another_is_not_there(page: Page, ada: Person, bob: Person) -> None:
    """Every route that names a draft, with one of Ada's, asked for by Bob."""
    ada.edit("set_title", title="secret")
    own = bob.draft
    for path, body in (
        ("edits", {"tab": "t", "at": "", "edits": [{"n": 1, "type": "set_title", "values": {"title": "taken"}}]}),
        ("panel", {"name": "episodes"}),
        ("job", {"name": "predict"}),
        ("job/stop", {"name": "x"}),
        ("layout", {"paths": ["a/b.png"]}),
        ("job/dismiss", {"name": "x"}),
    ):
        answer = bob.post(path, draft=ada.draft, **body)
        assert answer.status_code == 409 and answer.json()["code"] == "draft_missing", path
    for path in ("stream", "results.csv"):
        answer = bob.client.get(f"/workbench/{path}", params={"draft": ada.draft})
        assert answer.status_code == 409 and "secret" not in answer.text
    for path in ("imports", "live", "uploads"):
        answer = bob.client.post(f"/workbench/{path}", params={"draft": ada.draft, "target": "queries"}, content=b"x")
        assert "does not have this page's draft" in answer.text
    assert bob.post("open", draft=ada.draft, name="latest", values={}).json()["draft"] not in (ada.draft, "")
    bob.open("continue", draft=ada.draft)
    assert bob.draft == own
    bob.open("duplicate")
    bob.edit("forget_draft", draft=bob.draft)
    assert page.drafts.get(ada.draft, page.workspace.accounts.all()[0]).document.title == "secret"


def test_forgetting_a_draft_of_another_does_nothing(page: Page, ada: Person, bob: Person) -> None:
    ada.edit("set_title", title="secret")
    bob.post(
        "edits",
        draft=bob.draft,
        tab="t",
        at="",
        edits=[{"n": 1, "type": "forget_draft", "values": {"draft": ada.draft}}],
    )
    assert page.workspace.drafts.find(ada.draft) is not None
    ada.edit("add_class", key="0000000a")
    assert ada.draft not in bob.panel("episodes")


def test_pictures_of_another_are_seen_once_an_episode_has_them(ada: Person, bob: Person, paint: Paint) -> None:
    sha = ada.upload(paint("secret.png", (1, 2, 3)))
    for path in ("thumbnail", "shown"):
        assert ada.client.get(f"/workbench/pictures/{sha}/{path}").status_code == 200
        assert bob.client.get(f"/workbench/pictures/{sha}/{path}").status_code == 404
        tagged = {"If-None-Match": f'"{sha}"'}
        assert bob.client.get(f"/workbench/pictures/{sha}/{path}", headers=tagged).status_code == 404
    for edit in (
        {"type": "add_pictures", "target": "queries", "pictures": [(sha, "")]},
        {"type": "add_class_pictures", "pictures": [("a", sha, "")]},
        {"type": "add_to_collection", "pictures": [sha]},
        {"type": "send_to_queries", "pictures": [sha]},
        {"type": "send_to_support", "pictures": [sha], "name": "a"},
    ):
        assert "picture" in bob.told(**edit), edit
    for panel in ("details", "caption_details", "blank"):
        answer = bob.post("panel", draft=bob.draft, name=panel, values={"query": sha}).json()
        assert "secret" not in str(answer), panel
    assert bob.client.get(f"/workbench/pictures/{sha}/shown").status_code == 404
    episode, shas = saved_episode(ada, paint)
    assert bob.client.get(f"/workbench/pictures/{shas[2]}/thumbnail").status_code == 200
    assert episode in bob.panel("episodes")
    bob.open("reopen", episode=episode)
    assert bob.client.get("/workbench/results.csv", params={"draft": bob.draft}).status_code == 200
    assert bob.client.get(f"/workbench/pictures/{sha}/shown").status_code == 404


def test_exports_and_uploads_belong_to_who_made_them(page: Page, ada: Person, bob: Person, paint: Paint) -> None:
    saved_episode(ada, paint)
    answer = ada.post("job", draft=ada.draft, name="export", values={"episodes": [], "format": "imagefolder"}).json()
    until(lambda: all(job.is_over for job in page.jobs.of(ada.draft)), "export")
    (job,) = (job for job in page.jobs.of(ada.draft) if job.id == answer["job"])
    assert job.outcome is not None
    file = job.outcome.file
    assert ada.client.get(f"/workbench/exports/{file}").status_code == 200
    for person in (bob, Person(bob.client.app, "Root")):
        assert person.client.get(f"/workbench/exports/{file}").status_code == 404
        assert person.client.get(f"/workbench/exports/account-1%2F{file}").status_code == 404
    (token,) = ada.client.post("/gradio_api/upload", files={"files": ("a.png", b"x")}).json()
    account = next(account for account in page.workspace.accounts.all() if account.name == "Bob")
    with pytest.raises(UserError, match="There is no upload"):
        page.uploads.take([token], f"the API for {account.id}")
    assert page.uploads.take([token], f"the API for {account.id - 1}")


def test_heat_maps_have_addresses_that_nobody_guesses() -> None:
    import hashlib
    import io

    from PIL import Image

    from fsl_demo.ui.images import HeatMaps

    maps, image, data = HeatMaps(), Image.new("RGB", (4, 4)), io.BytesIO()
    image.save(data, "PNG", compress_level=1)
    address = maps.add(image)
    assert hashlib.sha256(data.getvalue()).hexdigest() not in address and maps.add(image) == address
    assert hashlib.blake2b(data.getvalue(), digest_size=32).hexdigest() not in address


# --- roles -----------------------------------------------------------------------------------------------------------


def test_labels_carry_the_account_whatever_the_browser_says(page: Page, ada: Person, paint: Paint) -> None:
    episode, shas = saved_episode(ada, paint)
    key = page.drafts.get(ada.draft, page.workspace.accounts.all()[0]).document.classes[0].key
    ada.edit("label", query=shas[2], answer=key, annotator="Grace")
    ada.edit("accept", answers={key: [shas[3]]}, annotator="Grace")
    ada.edit("save")
    labels = page.workspace.episode(episode).labels
    assert {label.annotator for label in labels.values()} == {"Ada"} and len(labels) == 2


def test_an_annotator_labels_what_others_saved_and_changes_nothing_else(
    page: Page, ada: Person, bob: Person, paint: Paint
) -> None:
    episode, shas = saved_episode(ada, paint)
    ada_key = page.drafts.get(ada.draft, page.workspace.accounts.all()[0]).document.classes[0].key
    ada.edit("label", query=shas[2], answer=ada_key)
    bob.open("reopen", episode=episode)
    bob_key = page.drafts.get(bob.draft, page.workspace.accounts.all()[1]).document.classes[1].key
    ada.edit("save")  # after Bob has opened it
    bob.edit("label", query=shas[3], answer=bob_key)
    assert "Saved" in bob.told("save")
    labels = page.workspace.episode(episode).labels
    assert [(n, label.annotator) for n, label in sorted(labels.items())] == [(0, "Ada"), (1, "Bob")]
    bob.edit("label", query=shas[2], answer=bob_key)
    assert "was labelled by Ada. Only a reviewer" in bob.told("save")
    bob.edit("undo")
    for change in ({"type": "set_title", "title": "Bob's"}, {"type": "rename", "key": bob_key, "name": "purple"}):
        bob.edit(**change)
        assert "saved by somebody else" in bob.told("save")
        bob.edit("undo")
    assert "Saved" in bob.told("save")
    assert "takes the role of reviewer" in bob.told("delete_episode", episode=episode)
    assert "takes the role of reviewer" in bob.told("take_out", pictures=[shas[2]])
    answer = bob.client.post(
        "/workbench/imports", params={"draft": bob.draft}, content=b"x", headers={"X-Path": "a.zip"}
    )
    assert answer.status_code == 409 and "role of reviewer" in answer.json()["error"]

    grace = Person(bob.client.app, "Grace")
    grace.open("reopen", episode=episode)
    accounts = {account.name: account for account in page.workspace.accounts.all()}
    key = page.drafts.get(grace.draft, accounts["Grace"]).document.classes[1].key
    grace.edit("label", query=shas[2], answer=key)
    grace.edit("set_title", title="corrected")
    assert "Saved" in grace.told("save")
    corrected = page.workspace.episode(episode)
    assert corrected.title == "corrected" and corrected.labels[0].annotator == "Grace"
    assert grace.told("delete_episode", episode=episode) == "" and not page.workspace.episodes()


def test_a_review_is_in_ones_own_name_and_settled_by_a_reviewer(page: Page, ada: Person, bob: Person) -> None:
    collections = page.workspace.collections
    picture = page.workspace.add_picture(from_image(painted((200, 10, 10)), "r.png"))
    collections.create("Pets")
    collections.add("Pets", {picture: []})
    asked = {"collection": "Pets", "annotator": "Grace"}
    for person, name in ((ada, "red"), (bob, "blue")):
        person.told("review_label", pictures=[picture.sha256], class_name=name, **asked)
    assert "role of reviewer" in ada.told("review_settle", picture=picture.sha256, class_name="red", **asked)
    (collected,) = collections.pictures("Pets")
    assert [(label.annotator, label.class_name) for label in collected.labels] == [("Bob", "blue"), ("Ada", "red")]
    bob.told("review_take_back", pictures=[picture.sha256], **asked)
    Person(ada.client.app, "Grace").told("review_settle", picture=picture.sha256, class_name="blue", **asked)
    (collected,) = collections.pictures("Pets")
    assert [(label.annotator, label.source) for label in collected.labels] == [("Grace", "settled"), ("Ada", "blind")]


@pytest.mark.parametrize("value", ["local-dir:/etc", "ViT-B-32:/etc/passwd"])
def test_only_an_admin_names_files_of_the_server(page: Page, ada: Person, value: str) -> None:
    from fsl_demo.backbones.cache import FeatureCache
    from fsl_demo.backbones.networks import Networks
    from fsl_demo.methods.clip import ClipMethod

    page.registry.methods["clip"] = ClipMethod(Networks(FeatureCache()))
    (name,) = (control.name for control in ClipMethod.Settings.controls() if type(control).__name__ == "Weights")
    assert "Only an admin" in ada.told("set_setting", method="clip", name=name, value=value)
    root = Person(ada.client.app, "Root")
    assert "Only an admin" not in root.told("set_setting", method="clip", name=name, value=value)


def test_every_request_names_a_role() -> None:
    """What takes more than an annotator; a new request is open to all roles unless it says otherwise."""
    needed = {
        name: request.role
        for requests in REGISTRY.by_kind.values()
        for name, request in requests.items()
        if request.role != ROLES[0]
    }
    assert needed == {
        "delete_episode": "reviewer",
        "restore_episode": "reviewer",
        "take_out": "reviewer",
        "rename_collection": "reviewer",
        "delete_collection": "reviewer",
        "restore_collection": "reviewer",
        "remove_from_collection": "reviewer",
        "put_back_into_collection": "reviewer",
        "freeze": "reviewer",
        "download": "admin",
        "review_settle": "reviewer",
        "finetune": "reviewer",
        "roll_back": "reviewer",
        "use_version": "reviewer",
    }


# --- served ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_program_logs_in_and_calls(page: Page, uploads: Path, paint: Paint) -> None:
    page.registry.captioners = {"dictated": Dictated()}
    page.workspace.accounts.add("Ada", "annotator", PASSWORD)
    with running(application(page, page.workspace.accounts), "127.0.0.1", 0) as address:
        with pytest.raises(AuthenticationError):
            Client(address, verbose=False, auth=("Ada", "a wrong password"))
        client = Client(address, verbose=False, auth=("Ada", PASSWORD))
        (described,) = client.predict(handle_file(paint("q.png", (200, 9, 9))), None, api_name="/caption")
        assert described["captioner"] == "dictated"
        assert httpx.get(f"{address}/gradio_api/info").status_code == 401


@pytest.mark.slow
def test_what_one_person_calls_is_not_there_for_another(page: Page, uploads: Path, paint: Paint) -> None:
    page.registry.captioners = {"dictated": Dictated()}
    for name in ("Ada", "Bob"):
        page.workspace.accounts.add(name, "annotator", PASSWORD)
    with running(application(page, page.workspace.accounts), "127.0.0.1", 0) as address:
        ada, bob = (httpx.Client(base_url=address, headers={"Origin": address}, timeout=30) for _ in range(2))
        for client, name in ((ada, "Ada"), (bob, "Bob")):
            assert client.post("/login", data={"username": name, "password": PASSWORD}).status_code == 200

        def call(path: str, **names: Any) -> str:
            data = paint("q.png", (200, 9, 9)).read_bytes()
            (token,) = ada.post("/gradio_api/upload", files={"files": ("q.png", data)}).json()
            file = {"path": token, "meta": {"_type": "gradio.FileData"}}
            return str(ada.post(path, json={"data": [file, None], **names}).json()["event_id"])

        (caption,) = (api["id"] for api in ada.get("/config").json()["dependencies"] if api["api_name"] == "caption")
        event = call("/gradio_api/call/caption")
        joined = call("/gradio_api/queue/join", session_hash="adasession", fn_index=caption)
        tried = {
            f"GET /gradio_api/call/caption/{event}": {},
            f"GET /gradio_api/call/predict/{joined}": {},
            f"GET /gradio_api/queue/data?session_hash={event}": {},
            "GET /gradio_api/queue/data?session_hash=adasession": {},
            "GET /gradio_api/queue/data?session_hash=bobsession&session_hash=adasession": {},
            "GET /gradio_api/heartbeat/adasession": {},
            "POST /gradio_api/cancel": {"session_hash": "bobsession", "fn_index": caption, "event_id": joined},
            "POST /gradio_api/cancel ": {"session_hash": "adasession", "fn_index": caption, "event_id": "none"},
            "POST /gradio_api/reset": {"event_id": event},
            "POST /gradio_api/queue/join": {"session_hash": "adasession", "fn_index": caption, "data": [None, None]},
            "POST /gradio_api/call/caption": {"session_hash": "adasession", "data": [None, None]},
        }
        for request, values in tried.items():
            method, path = request.split()
            answer = bob.request(method, path, json=values or None)
            assert answer.status_code == 404 and answer.json()["code"] == "address_none", request
        assert "a picture called q" in ada.get(f"/gradio_api/call/caption/{event}").text
        assert "a picture called q" in ada.get("/gradio_api/queue/data?session_hash=adasession").text


def test_tls(page: Page, tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_text(CERTIFICATE)
    key.write_text(KEY)
    page.workspace.accounts.add("Ada", "annotator", PASSWORD)
    reach = Reach(certfile=certificate, keyfile=key)
    reach.check()
    trusted = ssl.create_default_context(cafile=str(certificate))
    with running(routes_of(page, page.workspace.accounts), "127.0.0.1", 0, reach=reach) as address:
        assert address.startswith("https://127.0.0.1:")
        answer = httpx.post(f"{address}/login", data={"username": "Ada", "password": PASSWORD}, verify=trusted)
        assert answer.status_code == 200 and "Secure" in answer.headers["set-cookie"]
        foreign = httpx.get(address, headers={"Host": "evil.example"}, verify=trusted)
        assert foreign.status_code == 400
    key.write_text("no key")
    with pytest.raises(UserError, match=r"cert\.pem cannot be used"):
        reach.check()
