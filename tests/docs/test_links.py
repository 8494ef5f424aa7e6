"""Links and figures of the documents lead somewhere, and documents say nothing about the machine they were made on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.documents import DOCUMENTS, ROOT, anchors, prose

NAMES = [str(file.relative_to(ROOT)) for file in DOCUMENTS]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FOREIGN = re.compile(r"/(home|root|work|tmp|Users)/|\blocalhost\b|https?://(?!127\.0\.0\.1|keepachangelog|semver)")


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
