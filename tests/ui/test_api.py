"""The API of a running workbench, through Gradio's own client."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from fsl_demo.ui import server
from fsl_demo.ui.page import Page
from tests.dictated import Dictated
from tests.ui.conftest import Paint


@pytest.fixture
def client(page: Page, uploads: Path, request: pytest.FixtureRequest) -> Client:
    blocks = page.build()
    address = server.launch(blocks, page.workspace, server_name="127.0.0.1")
    request.addfinalizer(blocks.close)
    return Client(address, verbose=False)


def zipped(folder: Path, files: dict[str, Path]) -> str:
    archive = folder / f"{len(files)}-files.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for name, file in files.items():
            out.write(file, name)
    return str(archive)


def test_predict(client: Client, paint: Paint, tmp_path: Path) -> None:
    support = zipped(tmp_path, {"red/1.png": paint("r.png", (200, 9, 9)), "blue/1.png": paint("b.png", (9, 9, 200))})
    queries = zipped(tmp_path, {"new/q.png": paint("q.png", (210, 20, 20))})
    said = client.predict(handle_file(queries), handle_file(support), None, ["prototype"], api_name="/predict")
    assert said["classes"] == ["blue", "red"]
    assert said["queries"][0]["file"] == "new/q.png"
    assert said["queries"][0]["predictions"]["prototype"]["label"] == "red"


def test_errors_are_sentences(client: Client, paint: Paint, tmp_path: Path) -> None:
    queries = zipped(tmp_path, {"q.png": paint("q.png", (210, 20, 20))})
    with pytest.raises(AppError, match="One class is not a choice"):
        client.predict(handle_file(queries), None, {"cat": ["a cat"]}, None, api_name="/predict")


def test_captions(page: Page, uploads: Path, paint: Paint, request: pytest.FixtureRequest) -> None:
    page.captioners = {"dictated": Dictated()}
    blocks = page.build()
    address = server.launch(blocks, page.workspace, server_name="127.0.0.1")
    request.addfinalizer(blocks.close)
    client = Client(address, verbose=False)
    (said,) = client.predict(handle_file(paint("q1.png", (200, 9, 9))), None, api_name="/caption")
    assert said["captions"][0]["text"] == "a red dog runs on the grass"
    assert said["captioner"] == "dictated"
    with pytest.raises(AppError, match="no captioner “nobody”"):
        client.predict(handle_file(paint("q2.png", (200, 9, 9))), "nobody", api_name="/caption")
