"""The table of results."""

from __future__ import annotations

import csv
import io

from fsl_demo.ui import tables
from fsl_demo.ui.document import NONE
from tests.ui.conftest import Browser, Paint


def rows(browser: Browser) -> list[dict[str, str]]:
    data = tables.results_csv(browser.context)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_one_answer_first_and_then_what_each_method_says(filled: Browser) -> None:
    filled.edit("set_setting", method="asif", name="none_below", value="1")
    filled.predict()
    first, second = (row.key for row in filled.document.classes)
    filled.label(filled.document.queries[0], second, first)
    filled.label(filled.document.queries[1], NONE, second)
    made = rows(filled)
    assert list(made[0]) == [
        *("query", "file_name", "path", "sha256", "answer", "probability", "unlike", "label", "annotator", "caption"),
        *("prototype.answer", "prototype.probability", "prototype.unlike", "prototype.p[red]", "prototype.p[blue]"),
        *("asif.answer", "asif.probability", "asif.unlike", "asif.p[red]", "asif.p[blue]"),
    ]
    assert [row["query"] for row in made] == ["1", "2", "3"]
    assert [row["sha256"] for row in made] == filled.document.queries
    assert [row["file_name"] for row in made] == ["q1.png", "q2.png", "q3.png"]
    assert [row["answer"] for row in made] == ["red", "blue", "red"]
    assert [row["label"] for row in made] == ["blue", "none of these", ""]
    assert [row["annotator"] for row in made] == ["Ada", "Ada", ""]
    assert (made[0]["prototype.unlike"], made[0]["asif.unlike"]) == ("no", "yes")
    assert float(made[1]["prototype.p[blue]"]) > 0.5
    assert float(made[0]["prototype.p[red]"]) + float(made[0]["prototype.p[blue]"]) == 1


def test_it_is_safe_to_open(filled: Browser) -> None:
    filled.edit("rename", key=filled.document.classes[0].key, name="=cmd()")
    filled.predict()
    made = rows(filled)
    assert made[0]["answer"] == made[0]["prototype.answer"] == "'=cmd()"


def test_before_a_prediction_and_with_queries_that_came_later(filled: Browser, paint: Paint) -> None:
    made = rows(filled)
    assert len(made) == 3 and made[0]["answer"] == "" and "prototype.answer" not in made[0]
    filled.predict()
    file = paint("late.png", (1, 2, 3))
    filled.add("queries", (file, "a/late.png"), (file, "b/late.png"))
    made = rows(filled)
    assert made[3]["path"] == "a/late.png; b/late.png" and made[3]["answer"] == made[3]["asif.p[red]"] == ""


def test_a_class_that_was_removed(filled: Browser) -> None:
    filled.predict()
    filled.edit("remove_class", key=filled.document.classes[0].key)
    made = rows(filled)
    assert [row["answer"] for row in made] == ["(removed class)", "blue", "(removed class)"]
    assert "prototype.p[red]" not in made[0]
