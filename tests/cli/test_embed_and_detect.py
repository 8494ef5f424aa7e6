"""`embed` and `detect`: any number of pictures into a Parquet file."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyarrow import parquet

from fsl_demo.core.registry import Registry
from fsl_demo.services.bulk import networks
from tests.cli.conftest import Call
from tests.colours import ColourSpace, painted
from tests.located import PatchDetector
from tests.nearest import Searching

pytestmark = pytest.mark.process


def test_a_row_for_each_picture(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry([Searching("prototype", ColourSpace())], detectors=[PatchDetector()])
    monkeypatch.setattr(networks, "registry", lambda: registry)
    source, out = tmp_path / "1.png", tmp_path / "out.parquet"
    painted((200, 10, 10)).save(source)
    for verb, column in (("embed", "vector"), ("detect", "regions")):
        outcome = call(verb, source, "--out", out.with_stem(verb))
        assert outcome.code == 0 and "1/1 pictures" in outcome.err
        (row,) = parquet.read_table(out.with_stem(verb)).to_pylist()
        assert row["file"] == "1.png" and row["error"] is None and row[column]
    outcome = call("embed", source, "--out", out.with_stem("detect"))
    assert outcome.code == 1 and "verb" in outcome.err
    assert call("embed", tmp_path / "nothing", "--out", out).code == 1
    assert call("embed", source).code == 2
