"""Any number of pictures: the answers of `predict`, and the same file whatever ended a run in between."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import pytest
from pyarrow import parquet

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import ingest
from fsl_demo.datasets.streams import open_stream
from fsl_demo.services import bulk
from fsl_demo.services.bulk import local
from fsl_demo.services.bulk.local import Local
from fsl_demo.services.bulk.predict import Predict
from fsl_demo.services.documents import predict_document
from fsl_demo.services.predict import Plan
from tests.nearest import Nearest, NearestSettings
from tests.services.bulk.colour_run import PART, episode, killed, killed_writing, pictures, run, task

pytestmark = pytest.mark.process
COUNT = 19


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures(tmp_path_factory.mktemp("bulk") / "pictures", COUNT, broken=[5, 18])


@pytest.fixture(scope="module")
def whole(folder: Path) -> Path:
    """What a run makes that nobody ends."""
    out = folder.with_name("whole.parquet")
    assert run(folder, out) == bulk.Summary(rows=COUNT, unreadable=2)
    return out


def test_rows_are_what_predict_says(folder: Path, whole: Path, tmp_path: Path) -> None:
    rows = parquet.read_table(whole).to_pylist()
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    assert sorted(row["file"] for row in rows) == names
    broken = [row for row in rows if row["error"]]
    assert [row["file"] for row in broken] == ["018.png", "in/005.png"]
    assert all("is not a picture" in row["error"] and row["answer"] is row["sha256"] is None for row in broken)
    good = [row for row in rows if not row["error"]]
    queries = {row["file"]: ingest(folder / row["file"]) for row in good}
    learned = dataclasses.replace(episode(), queries=tuple(queries.values()))
    (classifier,) = task(tmp_path / "notes")._classifiers.values()
    document = predict_document(learned, list(queries), scores=[classifier.predict(learned.queries, lambda *_: None)])
    for row, query in zip(good, document["queries"], strict=True):
        assert row["sha256"] == queries[row["file"]].sha256
        assert {name: row[name] for name in ("file", "answer", "probability", "unlike")} == {
            name: query[name] for name in ("file", "answer", "probability", "unlike")
        }
        assert row["probabilities"] == list(query["probabilities"].values())
        prediction = query["predictions"]["nearest"]
        assert (row["nearest"], row["nearest.probability"], row["nearest.unlike"]) == (
            prediction["label"],
            prediction["probability"],
            prediction["unlike"],
        )


def test_a_run_that_is_killed_goes_on_and_makes_the_same_file(folder: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "whole.parquet"
    killed(folder, out, when=lambda pace: pace.done == 2 * PART)
    killed_writing(folder, out, "part-00000003.parquet")
    killed_writing(folder, out, out.name)
    assert not out.exists()
    told: list[bulk.Pace] = []
    assert run(folder, out, told.append) == bulk.Summary(rows=COUNT, unreadable=2)
    assert out.read_bytes() == whole.read_bytes()
    assert told == []  # the third kill came when all parts were there
    looked_at = Counter(out.with_suffix(".notes").read_text().split())
    assert looked_at.pop("probe.png") == 4
    assert len(looked_at) == COUNT - 2 and looked_at.total() <= COUNT - 2 + PART
    assert sorted(path.name for path in tmp_path.iterdir()) == ["whole.notes", "whole.parquet"]


def test_answers_may_lie_among_the_pictures(whole: Path, tmp_path: Path) -> None:
    folder = pictures(tmp_path / "pictures", COUNT, broken=[5, 18])
    out = folder / "answers.parquet"

    def answer(on_pace: bulk.OnPace) -> bulk.Summary:
        stream, engine = open_stream(str(folder)), Local(task(tmp_path / "notes"))
        return bulk.carry_out(stream, engine, out=out, on_pace=on_pace)

    def stop(pace: bulk.Pace) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer(stop)
    assert answer(lambda pace: None) == answer(lambda pace: None) == bulk.Summary(rows=COUNT, unreadable=2)
    assert parquet.read_table(out).equals(parquet.read_table(whole))


def test_what_is_there_already_is_not_made_again(folder: Path, whole: Path) -> None:
    before = whole.stat().st_mtime_ns
    assert run(folder, whole) == bulk.Summary(rows=COUNT, unreadable=2)
    assert whole.stat().st_mtime_ns == before


@pytest.mark.parametrize("what", ["support", "methods", "source"])
def test_another_run_is_told_and_mixes_nothing(folder: Path, tmp_path: Path, what: str) -> None:
    out, notes = tmp_path / "answers.parquet", tmp_path / "notes"
    killed(folder, out, when=lambda pace: pace.done == PART)
    there = sorted(path.read_bytes() for path in tmp_path.rglob("*.parquet"))
    source = pictures(tmp_path / "others", COUNT) if what == "source" else folder
    learned = episode("red", "blue") if what == "support" else None
    other = task(notes, learned, floor=0.5 if what == "methods" else -2.0)
    with pytest.raises(UserError) as refused:
        bulk.carry_out(open_stream(str(source)), Local(other), out=out, on_pace=lambda pace: None)
    assert (refused.value.code, refused.value.params["different"]) == ("bulk_other", what)
    assert sorted(path.read_bytes() for path in tmp_path.rglob("*.parquet")) == there


def test_a_file_of_something_else_stays(folder: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.parquet"
    out.write_bytes(whole.read_bytes())
    with pytest.raises(UserError, match="support") as refused:
        bulk.carry_out(
            open_stream(str(folder)), Local(task(tmp_path / "n", episode("red"))), out, on_pace=lambda pace: None
        )
    assert refused.value.code == "bulk_exists" and out.read_bytes() == whole.read_bytes()
    out.write_text("no Parquet")
    with pytest.raises(UserError) as refused:
        run(folder, out)
    assert refused.value.code == "bulk_exists" and out.read_text() == "no Parquet"


def test_pixels_that_memory_has_no_room_for_are_handed_over_in_smaller_chunks(
    folder: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "CHUNK_BYTES", 2 * 24 * 24 * 4)
    out = tmp_path / "answers.parquet"
    made = task(tmp_path / "notes")
    bulk.carry_out(open_stream(str(folder)), Local(made), out, on_pace=lambda pace: None)
    (method,) = made._classifiers.values()
    assert set(method.asked) == {1, 2}
    assert parquet.read_table(out).equals(parquet.read_table(whole))


def test_a_damaged_part_is_named_and_made_again(folder: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "whole.parquet"
    killed(folder, out, when=lambda pace: pace.done == COUNT)
    part = tmp_path / "whole.parquet.parts" / "part-00000001.parquet"
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(UserError) as refused:
        run(folder, out)
    assert refused.value.code == "bulk_part" and not out.exists()
    part.unlink()
    run(folder, out)
    assert out.read_bytes() == whole.read_bytes()


def test_methods_that_need_all_queries_are_refused(tmp_path: Path) -> None:
    refused: dict[str, str] = {}
    plans = [Plan(Nearest(name, transductive=name == "all"), NearestSettings()) for name in ("all", "each")]
    made = Predict(
        episode(),
        plans,
        progress=lambda *_: None,
        refused=lambda name, error: refused.update({name: error.code}),
        report=lambda error: None,
    )
    assert refused == {"all": "bulk_transductive"}
    assert [method["id"] for method in made.depends["methods"]] == ["each"]
