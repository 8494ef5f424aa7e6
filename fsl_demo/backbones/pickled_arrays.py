"""Arrays that joblib has pickled, read without running what a file asks for.

A pickle names functions and calls them. Here three names stand for what an array's header says; any other is refused.
"""

from __future__ import annotations

import io
import math
import pickle
from typing import Any

import numpy as np


def arrays(data: bytes) -> list[np.ndarray]:
    """The arrays of a list, each of float32 in C order, as `joblib.dump` writes them.

    Raises:
        ValueError: anything else.
    """
    try:
        listed = _Unpickler(io.BytesIO(data)).load()
        return [header.array for header in listed]
    except (pickle.UnpicklingError, AttributeError, EOFError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"no pickled arrays: {error}") from error


class _Header:
    """What a file says of an array, or of its type."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)

        class Wrapper:
            """Begins an array: its bytes follow, after a byte that says how many are skipped."""

            def __setstate__(self, state: dict[str, Any]) -> None:
                kind, shape = state["dtype"], state["shape"]
                if (state["order"], kind.arguments[0], kind.state[1]) != ("C", "f4", "<"):
                    raise pickle.UnpicklingError("an array is not of float32 in C order")
                file.seek(file.read(1)[0], io.SEEK_CUR)
                values = np.frombuffer(file.read(4 * math.prod(shape)), "<f4")
                self.array = values.reshape(shape).copy()

        self._names = {
            ("joblib.numpy_pickle", "NumpyArrayWrapper"): Wrapper,
            ("numpy", "ndarray"): _Header,
            ("numpy", "dtype"): _Header,
        }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._names:
            raise pickle.UnpicklingError(f"{module}.{name} is refused")
        return self._names[module, name]
