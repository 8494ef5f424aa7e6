"""What was computed a moment ago is not computed again."""

import numpy as np

from fsl_demo.inference.vector_cache import VectorCache


def test_each_key_is_computed_once_until_it_is_crowded_out() -> None:
    asked: list[str] = []
    remembered = VectorCache(3)

    def vectors(*keys: str) -> list[float]:
        def compute(missing: list[int]) -> np.ndarray:
            asked.extend(keys[number] for number in missing)
            return np.array([[ord(keys[number])] for number in missing], np.float32)

        return remembered(keys, compute, 1)[:, 0].tolist()

    assert vectors("a", "b", "a") == [97, 98, 97] and asked == ["a", "b"]
    assert vectors("b", "c") == [98, 99] and asked == ["a", "b", "c"]
    assert vectors("d", "a") == [100, 97] and asked == ["a", "b", "c", "d"]
    assert vectors("a") == [97] and asked[-1] == "a"
    assert remembered([], lambda missing: np.zeros((0, 1)), 1).shape == (0, 1)
