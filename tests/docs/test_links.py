"""Links and figures of the documents lead somewhere, and documents say nothing about the machine they were made on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fsl_demo.ui import requests
from fsl_demo.ui.tabs import TABS
from tests.docs.documents import DOCUMENTS, ROOT, anchors, prose
from tests.docs.test_extending import RECIPES

NAMES = [str(file.relative_to(ROOT)) for file in DOCUMENTS]
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:assets|checkpoints|experiments|fsl_demo|static|tabs|templates|tests|ui)/[\w/.-]+)`")
BASES = (ROOT, ROOT / "fsl_demo", ROOT / "fsl_demo" / "ui")
FOREIGN = re.compile(
    r"/(home|root|work|tmp|Users)/|\blocalhost\b|https?://(?!127\.0\.0\.1|keepachangelog|semver|lab\.example)"
)


@pytest.mark.parametrize("name", NAMES)
def test_relative_links_and_anchors_resolve(name: str) -> None:
    document = ROOT / name
    for link in LINK.findall(prose(document.read_text(encoding="utf-8"))):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("name", NAMES)
def test_no_paths_or_hosts_of_a_machine(name: str) -> None:
    assert not FOREIGN.search((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "CHANGELOG.md"])
def test_files_that_are_named_are_there(name: str) -> None:
    made = {str(step.file) for steps in RECIPES.values() for step in steps}
    for path in PATH.findall((ROOT / name).read_text(encoding="utf-8")):
        assert path in made or any((base / path).exists() for base in BASES), path


def test_the_examples_of_requests_are_requests() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", (ROOT / "docs" / "page.md").read_text(), re.MULTILINE)
    known = {request.__name__: request for tab in TABS for request in tab.requests}
    assert len(rows) == len(requests.KINDS)
    for kind, examples in rows:
        for example in re.findall(r"`(\w+)`", examples):
            assert issubclass(known[example], getattr(requests, kind)), example


def test_the_readme_is_short_and_leads_to_every_document() -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    assert readme.stat().st_size <= 8_000
    assert len(re.findall(r"!\[", text)) == 1
    for document in (ROOT / "docs").glob("*.md"):
        assert f"(docs/{document.name})" in text


def test_every_picture_of_the_page_is_shown_somewhere() -> None:
    shown = {Path(link).name for file in DOCUMENTS for link in LINK.findall(file.read_text(encoding="utf-8"))}
    assert {file.name for file in (ROOT / "assets").glob("*.webp")} <= shown
