"""Feature maps in bounded memory: what nobody asked for goes first."""

from __future__ import annotations

import numpy as np

from fsl_demo.backbones.kept_maps import KeptMaps

MAPS = np.zeros(1, np.float32)


def kept(maps: KeptMaps, *keys: str) -> str:
    """Those of the keys whose maps are there."""
    return "".join(key for key in keys if maps.get(key, asked=False) is not None)


def test_by_products_go_before_maps_that_somebody_asked_for() -> None:
    maps = KeptMaps(3 * MAPS.nbytes)
    for key, asked in (("a", True), ("b", False), ("c", False), ("d", True)):
        maps.put(key, MAPS, asked)
    assert kept(maps, *"abcd") == "acd"
    assert maps.get("c", asked=True) is MAPS  # and is none any more
    maps.put("e", MAPS, asked=False)
    assert kept(maps, *"acde") == "acd"


def test_of_maps_that_were_asked_for_the_least_lately_used_go_first() -> None:
    maps = KeptMaps(2 * MAPS.nbytes)
    for key in "ab":
        maps.put(key, MAPS, asked=True)
    maps.get("a", asked=True)
    maps.put("c", MAPS, asked=True)
    assert kept(maps, *"abc") == "ac"
