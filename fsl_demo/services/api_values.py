"""What programs send as JSON, checked to be what it has to be."""

from __future__ import annotations

from fsl_demo.core.episodes import MAX_NAME
from fsl_demo.core.errors import UserError
from fsl_demo.core.regions import Box, check_box


def descriptions(value: object) -> dict[str, list[str]]:
    """Phrasings by class name, from JSON: an object with a text or a list of texts for each class, or null.

    Raises:
        UserError: `descriptions_shape`, `class_name_empty`.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UserError("descriptions_shape", what="this", kind=_kind(value))
    phrasings = {}
    for name, texts in value.items():
        listed = texts if isinstance(texts, list) else [texts]
        for text in listed:
            if not isinstance(text, str):
                raise UserError("descriptions_shape", what=f"“{str(name)[:MAX_NAME]}”", kind=_kind(text, of=texts))
        if not str(name).strip():
            raise UserError("class_name_empty", position=list(value).index(name) + 1)
        phrasings[str(name).strip()] = [text.strip() for text in listed if text.strip()]
    return phrasings


def boxes(value: object) -> dict[str, list[Box]]:
    """Boxes by the path of a support picture, from JSON: an object with a list of lists of four numbers, or null.

    Raises:
        UserError: `boxes_shape`.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UserError("boxes_shape", what="this", kind=_kind(value))
    for path, drawn in value.items():
        if not isinstance(drawn, list):
            raise UserError("boxes_shape", what=f"“{str(path)[:MAX_NAME]}”", kind=_kind(drawn))
    return {str(path): [_box(path, box) for box in drawn] for path, drawn in value.items()}


def _box(path: object, value: object) -> Box:
    what = f"a box of “{str(path)[:MAX_NAME]}”"
    if not isinstance(value, list):
        raise UserError("boxes_shape", what=what, kind=_kind(value))
    wrong = next((edge for edge in value if isinstance(edge, bool) or not isinstance(edge, int | float)), None)
    if wrong is not None or len(value) != 4:
        kind = _kind(wrong, of=value) if wrong is not None else f"a list of {len(value)}"
        raise UserError("boxes_shape", what=what, kind=kind)
    left, top, right, bottom = map(float, value)
    try:
        check_box((left, top, right, bottom))
    except ValueError as error:
        raise UserError("boxes_shape", what=what, kind=str(value)[:MAX_NAME]) from error
    return left, top, right, bottom


def method_names(value: object) -> list[str] | None:
    """Ids of methods, from JSON: a list of them, or null for those that suit.

    Raises:
        UserError: `names_shape`.
    """
    if value is None:
        return None
    if not isinstance(value, list):
        raise UserError("names_shape", what="this", kind=_kind(value))
    for name in value:
        if not isinstance(name, str):
            raise UserError("names_shape", what=str(name)[:MAX_NAME], kind=_kind(name))
    return value


def use_region(value: object) -> bool:
    """Whether the best region of each picture is compared, from JSON: true, false, or null for false.

    Raises:
        UserError: `use_region_shape`.
    """
    if value is not None and not isinstance(value, bool):
        raise UserError("use_region_shape", kind=_kind(value))
    return value is True


def method_name(value: object) -> str | None:
    """Id of a method, from JSON: a text, or null for the default.

    Raises:
        UserError: `names_shape`.
    """
    if value is not None and not isinstance(value, str):
        raise UserError("names_shape", what=str(value)[:MAX_NAME], kind=_kind(value))
    return value


def captioner(value: object) -> str | None:
    """Id of a captioner, from JSON: a text, or null for the first.

    Raises:
        UserError: `captioner_shape`.
    """
    if value is not None and not isinstance(value, str):
        raise UserError("captioner_shape", kind=_kind(value))
    return value


def _kind(value: object, of: object = None) -> str:
    """What a value is called in JSON; `of` is the list that it stands in, if it does."""
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    kind = kinds.get(type(value), "a number")
    return f"a list with {kind} in it" if isinstance(of, list) else kind
