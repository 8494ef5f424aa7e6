"""A pickle of arrays is read; what any other asks for is not run."""

import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from fsl_demo.backbones.pickled_arrays import arrays

PLAIN = [np.arange(24, dtype=np.float32).reshape(2, 3, 4), np.float32([0.5]), np.zeros((1, 1, 7), np.float32)]


def dumped(value: Any) -> bytes:
    file = io.BytesIO()
    joblib.dump(value, file)
    return file.getvalue()


class Calls:
    """Asks to be made by calling a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.asked = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.asked


def test_arrays_are_as_they_were_written() -> None:
    read = arrays(dumped(PLAIN))
    assert len(read) == len(PLAIN)
    for array, wanted in zip(read, PLAIN, strict=True):
        assert array.dtype == np.float32 and array.flags.writeable
        np.testing.assert_array_equal(array, wanted)


@pytest.mark.parametrize(
    ("function", "command"), [(os.mkdir, "{}"), (os.system, "mkdir {}"), (eval, "open('{}', 'w')"), (print, "{}")]
)
@pytest.mark.parametrize("place", ["alone", "before", "after"])
def test_nothing_that_a_file_asks_for_is_run(
    function: Callable[..., Any], command: str, place: str, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    hostile = Calls(function, command.format(made))
    data = {
        "alone": pickle.dumps(hostile),
        "before": dumped([hostile, *PLAIN]),
        "after": dumped([*PLAIN, hostile]),
    }[place]
    with pytest.raises(ValueError, match=f"{function.__name__} is refused"):
        arrays(data)
    assert not made.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04.",
        pickle.dumps(3),
        pickle.dumps(["text"]),
        dumped([np.arange(3)]),
        dumped([np.array([print], object)]),
        dumped([np.asfortranarray(np.zeros((2, 3), np.float32))]),
        dumped(PLAIN)[:-40],
        dumped(PLAIN)[:300],
    ],
    ids=["empty", "nothing", "number", "text", "whole numbers", "objects", "columns first", "no end", "cut off"],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        arrays(data)
