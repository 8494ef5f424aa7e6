"""Addresses of pictures, and what is served there: thumbnails, pictures as they are shown, heat maps."""

from __future__ import annotations

import hashlib
import io
import secrets
import threading
from collections import OrderedDict

from PIL import Image

from fsl_demo.store import Workspace

SIDE = 720
"""Longest side of a picture as it is shown, in pixels."""
HEAT_MAP_BYTES = 64_000_000
ROOT = "/workbench/pictures"
_one_at_a_time = threading.Lock()
_SECRET = secrets.token_bytes(32)


def thumbnail_address(sha256: str) -> str:
    return f"{ROOT}/{sha256}/thumbnail"


def picture_address(sha256: str) -> str:
    return f"{ROOT}/{sha256}/shown"


def shown(workspace: Workspace, sha256: str) -> bytes:
    """A stored picture as it is shown, JPEG.

    Raises:
        UserError: `picture_not_stored`, `picture_missing`, `picture_broken`.
    """
    with _one_at_a_time:  # whoever looks through many at once has one whole picture in memory
        image = workspace.picture(sha256).image()
        image.thumbnail((SIDE, SIDE))  # in place: nobody else has it
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


class HeatMaps:
    """The heat maps that pages have on view, by a hash that nobody else can make; the oldest are forgotten."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def add(self, image: Image.Image) -> str:
        """The address at which the image is served, as PNG."""
        buffer = io.BytesIO()
        image.save(buffer, "PNG", compress_level=1)
        data = buffer.getvalue()
        digest = hashlib.blake2b(data, key=_SECRET, digest_size=32).hexdigest()
        with self._lock:
            if digest not in self._kept:
                self._bytes += len(data)
                self._kept[digest] = data
            self._kept.move_to_end(digest)
            while self._bytes > HEAT_MAP_BYTES:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return f"/workbench/heat-maps/{digest}.png"

    def get(self, digest: str) -> bytes | None:
        with self._lock:
            return self._kept.get(digest)


heat_maps = HeatMaps()
