"""Tables as spreadsheets write them."""

import os
from pathlib import Path

import pytest

from fsl_demo.core import table_files
from fsl_demo.core.errors import UserError

COLUMNS = ("class", "description")
ROWS = [("cat", "a grey cat"), ("dog", "a brown dog")]


def table(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def read(path: Path) -> list[tuple[str, str]]:
    return [(row.cells["class"], row.cells["description"]) for row in table_files.read(path, COLUMNS)]


def plain(separator: str = ",", end: str = "\n") -> str:
    return end.join(separator.join(row) for row in [COLUMNS, *ROWS]) + end


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_ends_of_lines(tmp_path: Path, separator: str, end: str) -> None:
    assert read(table(tmp_path / "t.csv", plain(separator, end))) == ROWS


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_unicode_with_and_without_a_mark(tmp_path: Path, encoding: str) -> None:
    text = "class\tdescription\n猫\ta grey cat\nKäfer\ta beetle\n"
    assert read(table(tmp_path / "t.csv", text, encoding)) == [("猫", "a grey cat"), ("Käfer", "a beetle")]


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp1252", ["Käfer", "Forêt", "Año", "Smørrebrød"]),
        ("cp932", ["猫", "正常", "リンゴ", "不良品"]),
        ("gbk", ["猫", "正常", "苹果", "不合格"]),
        ("big5", ["貓", "正常", "蘋果", "不合格"]),
    ],
)
def test_windows_code_pages(tmp_path: Path, encoding: str, names: list[str]) -> None:
    text = "class;description\r\n" + "".join(f"{name};a thing\r\n" for name in names)
    assert [name for name, _ in read(table(tmp_path / "t.csv", text, encoding))] == names


@pytest.mark.parametrize("first", ["sep=;\n", '"sep=;"\r\n', "SEP=;\n"])
def test_excel_says_which_separator(tmp_path: Path, first: str) -> None:
    path = table(tmp_path / "t.csv", f"{first}class;description\ncat;a cat, grey\n")
    (row,) = table_files.read(path, COLUMNS)
    assert (row.line, row.cells) == (3, {"class": "cat", "description": "a cat, grey"})


def test_names_of_columns_are_compared_without_case_and_space(tmp_path: Path) -> None:
    assert read(table(tmp_path / "t.csv", " Class , DESCRIPTION ,note\ncat,a cat,x\n")) == [("cat", "a cat")]


@pytest.mark.parametrize("empty", ["\n", ",\n", " , \n", ",,,,\n", '"",""\n'])
def test_empty_rows_and_cells_are_passed_over_wherever_they_are(tmp_path: Path, empty: str) -> None:
    content = f"{empty}class,description\n{empty}cat,a cat,,\n{empty}dog\n{empty}{empty}"
    rows = table_files.read(table(tmp_path / "t.csv", content), COLUMNS)
    assert [(row.line, row.cells["class"], row.cells["description"]) for row in rows] == [
        (4, "cat", "a cat"),
        (6, "dog", ""),
    ]


def test_quoted_cells_hold_separators_and_lines(tmp_path: Path) -> None:
    content = 'class,description\ncat,"a ""grey"" cat, asleep\non a sofa"\ndog,a 5" dog\n'
    rows = table_files.read(table(tmp_path / "t.csv", content), COLUMNS)
    assert [(row.line, row.cells["description"]) for row in rows] == [
        (2, 'a "grey" cat, asleep\non a sofa'),
        (4, 'a 5" dog'),
    ]


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"class,description\ncat,a cat\ndog,a dog, brown\n", "table_cells", 3),
        (b"sep=;\nclass;description\ncat;a cat;;grey\n", "table_cells", 3),
        (b'class,description\ncat,a cat\ndog,"a dog\nowl,an owl\n', "table_quote", 3),
        (b'class,description\ncat,"a cat\ndog,"a dog"\n', "table_quote", 2),
        (b'class,"description\ncat,a cat\n', "table_quote", 1),
        (b"class,description\ncat," + b"x" * 140_000, "table_cell_long", 2),
        (b"class,description,Class\ncat,a,b\n", "table_column_twice", None),
        (b"class,description\ncat,\0\0\n", "table_no_text", None),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "table_no_text", None),
        (b"class,description\n\x81\x8d\x8f\x90,\xff\xfe\n", "table_encoding", None),
        (b"\xff\xfec\0l\0a\0s\0s", "table_encoding", None),
        (b"", "csv_columns", None),
        (b"\n\n,,\n", "csv_columns", None),
        (b"class;text\ncat;a cat\n", "csv_columns", None),
    ],
)
def test_what_is_refused_is_named_with_its_line(tmp_path: Path, content: bytes, code: str, line: int | None) -> None:
    with pytest.raises(UserError) as refused:
        read(table(tmp_path / "t.csv", content))
    assert (refused.value.code, refused.value.params.get("line")) == (code, line)
    assert "t.csv" in str(refused.value)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with (tmp_path / "long.csv").open("wb") as file:
        file.truncate(100_000_000)
    for path in (tmp_path / "pipe.csv", Path("/dev/zero"), tmp_path, tmp_path / "gone.csv"):
        with pytest.raises(UserError) as refused:
            read(path)
        assert refused.value.code == "picture_missing"
    with pytest.raises(UserError) as refused:
        read(tmp_path / "long.csv")
    assert refused.value.code == "table_large"
