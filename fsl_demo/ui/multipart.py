"""Files in a multi-part body, as they come: nothing is gathered in memory or elsewhere on the disk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from fsl_demo.core.errors import UserError

MAX_FILES = 20


@dataclass(frozen=True)
class FileStart:
    """A file of this name begins."""

    name: str


Event = FileStart | bytes


class _Parts:
    """Turns the parser's calls into events; a part that is no file is refused."""

    def __init__(self) -> None:
        self.ready: list[Event] = []
        self.files = 0
        self._header = self._value = b""
        self._disposition = b""

    def on_part_begin(self) -> None:
        self._disposition = b""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"filename" not in options or self.files == MAX_FILES:
            raise UserError("upload_form", limit=MAX_FILES)
        self.files += 1
        self.ready.append(FileStart(options[b"filename"].decode("utf-8", "replace")))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.ready.append(data[start:end])


async def files(request: Request) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
    """The name of each file, and its bytes, which have to be read before the next.

    Raises:
        UserError: `upload_form`, for a body that is not made of at most 20 files.
    """
    events = _events(request)
    event = await anext(events, None)
    while event is not None:
        assert isinstance(event, FileStart)
        following: list[Event | None] = []
        yield event.name, _content(events, following)
        event = following[0]


async def _content(events: AsyncIterator[Event], following: list[Event | None]) -> AsyncIterator[bytes]:
    async for event in events:
        if isinstance(event, FileStart):
            following.append(event)
            return
        yield event
    following.append(None)


async def _events(request: Request) -> AsyncIterator[Event]:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise UserError("upload_form", limit=MAX_FILES)
    parts = _Parts()
    parser = MultipartParser(
        options[b"boundary"],
        {
            "on_part_begin": parts.on_part_begin,
            "on_header_field": parts.on_header_field,
            "on_header_value": parts.on_header_value,
            "on_header_end": parts.on_header_end,
            "on_headers_finished": parts.on_headers_finished,
            "on_part_data": parts.on_part_data,
        },
    )
    try:
        async for chunk in request.stream():
            parser.write(chunk)
            for event in parts.ready:
                yield event
            parts.ready.clear()
        parser.finalize()
    except FormParserError as error:
        raise UserError("upload_form", limit=MAX_FILES) from error
