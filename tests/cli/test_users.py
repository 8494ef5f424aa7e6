"""`users`: accounts from the terminal, beside a workspace that is in use."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from fsl_demo.__main__ import main
from fsl_demo.core.errors import UserError
from fsl_demo.store import Workspace

PASSWORD = "correct horse battery"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


def run(folder: Path, *arguments: str) -> int:
    return main(["users", *arguments, "--workspace", str(folder)])


def typed(monkeypatch: pytest.MonkeyPatch, *passwords: str) -> None:
    """What the person types, one after the other."""
    answers = iter(passwords)
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))


def test_add_list_password_and_remove(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, PASSWORD, PASSWORD)
    assert run(folder, "add", "Ada", "--role", "admin") == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert run(folder, "add", "Grace  Hopper", "--role", "annotator", "--password-stdin") == 0
    assert capsys.readouterr().out == "Ada is admin now.\nGrace Hopper is annotator now.\n"
    accounts = Workspace(folder).accounts
    assert accounts.check("grace hopper", PASSWORD) is not None
    assert run(folder, "list") == 0
    assert capsys.readouterr().out == "admin      Ada\nannotator  Grace Hopper\n"
    assert run(folder, "list", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)[0] == {"name": "Ada", "role": "admin"}

    typed(monkeypatch, "another one entirely", "another one entirely")
    assert run(folder, "password", "ada") == 0
    assert accounts.check("Ada", PASSWORD) is None and accounts.check("Ada", "another one entirely") is not None
    assert run(folder, "remove", "ada") == 0
    assert [account.name for account in accounts.all()] == ["Grace Hopper"]


@pytest.mark.parametrize(
    ("arguments", "passwords", "sentence"),
    [
        (("add", "Ada", "--role", "admin"), (PASSWORD, "another"), "The two passwords differ"),
        (("add", "Ada", "--role", "admin"), ("short", "short"), "A password has 10 to"),
        (("add", " ", "--role", "admin"), (PASSWORD, PASSWORD), "A name has 1 to"),
        (("password", "nobody"), (PASSWORD, PASSWORD), "There is no account “nobody”"),
        (("remove", "nobody"), (), "There is no account “nobody”"),
    ],
)
def test_what_cannot_be_is_said(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    passwords: tuple[str, ...],
    sentence: str,
) -> None:
    typed(monkeypatch, *passwords)
    assert run(folder, *arguments) == 1
    assert sentence in capsys.readouterr().err
    assert not Workspace(folder).accounts.all()


def test_a_role_that_there_is_not(folder: Path) -> None:
    with pytest.raises(SystemExit):
        run(folder, "add", "Ada", "--role", "king")
    with pytest.raises(UserError):
        Workspace(folder).accounts.add("Ada", "king", PASSWORD)


def test_drafts_of_an_account_that_is_removed_are_the_machines(folder: Path) -> None:
    from fsl_demo.store import DraftRevision

    workspace = Workspace(folder)
    account = workspace.accounts.add("Ada", "annotator", PASSWORD)
    draft = workspace.drafts.create(DraftRevision({"name": "kept"}), account.id)
    assert not workspace.drafts.recent() and workspace.drafts.recent(account=account.id)
    workspace.accounts.remove("Ada")
    assert [kept.id for kept in workspace.drafts.recent()] == [draft.id]
    assert workspace.accounts.add("Ada", "annotator", PASSWORD).id != account.id
