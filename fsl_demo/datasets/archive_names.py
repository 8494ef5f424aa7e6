"""Names of an archive's entries, as whoever packed them meant them."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fsl_demo.core.text_encodings import NAMES, guess

_UTF8_FLAG = 0x800
_UNICODE_PATH = 0x7075


@dataclass(frozen=True)
class EntryNames:
    """The names of all entries, in their order.

    Attributes:
        unsure: the first of those whose letters nobody can tell; they are readable, but maybe wrong.
        other: how else that one may read, where another encoding is as likely.
    """

    names: tuple[str, ...]
    unsure: str = ""
    other: str = ""


def entry_names(entries: Sequence[zipfile.ZipInfo]) -> EntryNames:
    """Decode the names: UTF-8 where that is said, Info-ZIP's Unicode Path, else one encoding for all the others."""
    return _with_guesses([_stated(entry) for entry in entries], list(map(_raw, entries)))


def tar_names(names: Sequence[bytes]) -> EntryNames:
    """Decode the names of a tar: those that are UTF-8, and one encoding for all the others."""
    return _with_guesses(list(map(_utf8, names)), names)


def _with_guesses(names: list[str | None], raw: Sequence[bytes]) -> EntryNames:
    """The names, those that nobody states read in one encoding, the likeliest."""
    unknown = [place for place, name in enumerate(names) if name is None]
    reading = guess([raw[place] for place in unknown], NAMES)
    for place, text in zip(unknown, reading.texts, strict=True):
        names[place] = text
    doubted = [(text, other) for text, other in zip(reading.texts, reading.others, strict=False) if text != other]
    if not reading.sure:
        doubted = [(text, "") for text in reading.texts if not text.isascii()]
    unsure, other = doubted[0] if doubted else ("", "")
    return EntryNames(tuple((name or "").replace("\\", "/") for name in names), unsure=unsure, other=other)


def _stated(entry: zipfile.ZipInfo) -> str | None:
    """The name of an entry that says itself how it is encoded."""
    if entry.flag_bits & _UTF8_FLAG or entry.orig_filename.isascii():
        return _unicode_path(entry) or entry.orig_filename
    return _unicode_path(entry)


def _raw(entry: zipfile.ZipInfo) -> bytes:
    """The name's bytes, which `zipfile` has decoded."""
    return entry.orig_filename.encode("utf-8" if entry.flag_bits & _UTF8_FLAG else "cp437")


def _utf8(name: bytes) -> str | None:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _unicode_path(entry: zipfile.ZipInfo) -> str | None:
    """The name in Info-ZIP's extra field, unless that belongs to another name: it holds the CRC of its own."""
    for kind, data in _extra_fields(entry.extra):
        if kind == _UNICODE_PATH and len(data) > 5 and data[0] == 1:
            (checksum,) = struct.unpack_from("<L", data, 1)
            if checksum == zlib.crc32(_raw(entry)):
                try:
                    return data[5:].decode("utf-8")
                except UnicodeDecodeError:
                    return None
    return None


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        yield kind, extra[4 : 4 + length]
        extra = extra[4 + length :]
