"""Values that nobody expects, for `hypothesis` to put anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

HOSTILE = (
    *("", " ", "\ud800", "\x00", "\x1b[2J", "‮", "</script><img src=x onerror=alert(1)>", "{0}", "{{ t }}", "../../x"),
    *("NaN", "1e999", "=cmd()", "none", "queries", "x" * 300, "0" * 64, "貓", "CON", "\r\n"),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(HOSTILE),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(st.text(max_size=8), st.sampled_from(HOSTILE)), inner)
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to everything in a JSON value, itself too."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def put(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The JSON value, in which one place has become another; it is changed in place, except at its root."""
    if not path:
        return value
    parent = whole
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return whole
