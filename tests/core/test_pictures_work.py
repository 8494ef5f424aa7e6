"""Decoding is bounded in time and memory, in a process of its own, and what one picture does to it harms no other."""

from __future__ import annotations

import gc
import io
import os
import signal
import struct
import subprocess
import sys
import threading
import weakref
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, Work, decoding, from_image, ingest, ingest_into, kept, webp, workers
from fsl_demo.core.pictures.worker import _WALL_SECONDS, _Leave
from tests.core.picture_files import SIGNATURE, chunk, encoded, refusal

ROOT = Path(__file__).parents[2]
RED = Image.new("RGB", (40, 30), "red")

pytestmark = pytest.mark.process


def many_scans(width: int, height: int, count: int) -> bytes:
    """A progressive JPEG that goes over all its coefficients again and again."""
    data = bytearray(encoded(Image.new("L", (16, 16), 90), "JPEG", progressive=True))
    at = data.index(b"\xff\xc2")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    scan = struct.pack(">BBHBBBBBB", 0xFF, 0xDA, 8, 1, 1, 0, 1, 63, 0) + b"\x00" * 4
    return bytes(data[:-2]) + bytes(height * width // 64) + scan * count + b"\xff\xd9"


def running() -> list[int]:
    """The processes that are there, by their ids."""
    return [worker._process.pid for worker in list(workers._free.queue) if worker is not None and worker.is_alive()]


def refused(code: str) -> pytest.RaisesExc[UserError]:
    return pytest.raises(UserError, check=lambda error: error.code == code)


def test_a_picture_of_thousands_of_scans_is_refused_while_others_are_read() -> None:
    data = many_scans(4_000, 3_000, 2_000)
    assert len(data) < 300_000
    codes: list[str] = []
    other = threading.Thread(target=lambda: codes.append(refusal(data, "scans.jpg").code))
    other.start()
    assert ingest(encoded(RED, "PNG")) == from_image(RED, "")
    other.join()
    assert codes == ["picture_costly"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no such clock")
def test_the_kernel_ends_what_takes_too_long() -> None:
    code = (
        "import sys\n"
        "from fsl_demo.core.pictures import worker\n"
        "worker.CPU_SECONDS = 0.02\n"
        "worker.serve(sys.stdin.buffer, sys.stdout.buffer)\n"
    )
    data = encoded(Image.linear_gradient("L").resize((6_000, 5_000)), "JPEG", progressive=True)
    given = workers.REQUEST.pack(False, len(data)) + data + workers.LEAVE
    done = subprocess.run([sys.executable, "-c", code], input=given, stdout=subprocess.PIPE, cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGPROF
    assert done.stdout == b'{"ready": true}\n{"pixels": 30000000}\n'


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux only")
def test_memory_is_bounded() -> None:
    """A WebP that moves takes four copies of itself while it is decoded."""
    frames = [Image.new("RGB", (5_200, 5_200), colour) for colour in ("red", "blue")]
    moving = encoded(frames[0], "WEBP", lossless=True, method=0, save_all=True, append_images=frames[1:])
    error = refusal(moving, "big.webp")
    assert error.code == "picture_costly"
    assert "takes more time or memory" in str(error)


def test_a_process_that_is_gone_is_replaced() -> None:
    ingest(encoded(RED, "PNG"))
    before = running()
    assert before
    for process in before:
        os.kill(process, signal.SIGKILL)
    for worker in list(workers._free.queue):
        if worker is not None:
            worker._process.wait()
    assert ingest(encoded(RED, "PNG")) == from_image(RED, "")
    assert set(running()).isdisjoint(before)


def test_a_process_that_dies_at_its_work_fails_one_picture() -> None:
    with refused("picture_costly"), workers._worker() as worker:
        os.kill(worker._process.pid, signal.SIGSTOP)
        killer = threading.Timer(0.05, os.kill, (worker._process.pid, signal.SIGKILL))
        killer.start()
        with worker.decoding(encoded(RED, "PNG"), encoded=False):
            pytest.fail("decoded")
    assert not worker.is_alive()
    assert ingest(encoded(RED, "PNG")) == from_image(RED, "")


def test_a_process_that_dies_gives_its_leave_back() -> None:
    data = encoded(Image.new("RGB", (2_000, 2_000)), "PNG")
    with refused("picture_costly"), workers._worker() as worker, worker.decoding(data, encoded=False):
        assert workers._budget._left == workers.PIXELS_AT_ONCE - 4_000_000
        worker.end()
        list(worker.blocks())
    assert workers._budget._left == workers.PIXELS_AT_ONCE


def test_the_wall_clock_stands_while_a_picture_waits_for_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[object] = []

    class Parent(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            events.append("asked")
            return super().read(size)

    monkeypatch.setattr("fsl_demo.core.pictures.worker._set_wall_clock", events.append)
    leave = _Leave(Parent(workers.LEAVE), io.BytesIO())
    for _ in range(2):
        leave(1_000)
    assert events == [0, "asked", _WALL_SECONDS]
    with pytest.raises(SystemExit):
        _Leave(Parent(), io.BytesIO())(1_000)


class Gate(io.BytesIO):
    """A file that is written once as many others are being written."""

    def __init__(self, barrier: threading.Barrier) -> None:
        super().__init__()
        self._barrier = barrier
        self.left: int | None = None

    def write(self, content: Any) -> int:
        if self.left is None:
            self.left = workers._budget._left
            self._barrier.wait(60)
        return super().write(content)


@pytest.mark.parametrize(("size", "together"), [((4_032, 3_024), 2), ((6_300, 6_300), 1)])
def test_two_photographs_are_decoded_at_once_and_a_large_one_alone(size: tuple[int, int], together: int) -> None:
    data = encoded(Image.new("L", size), "PNG", compress_level=1)
    barrier = threading.Barrier(together)
    gates = [Gate(barrier) for _ in range(2)]
    threads = [threading.Thread(target=ingest_into, args=(gate, data)) for gate in gates]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not barrier.broken and gates[0].getvalue() == gates[1].getvalue()
    if together == 1:
        assert [gate.left for gate in gates] == [0, 0]


def test_few_processes_serve_many_threads() -> None:
    pictures: list[Picture] = []
    files = [encoded(Image.new("RGB", (50, 40), (number, 0, 0)), "PNG") for number in range(24)]
    threads = [threading.Thread(target=lambda data=data: pictures.append(ingest(data))) for data in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {picture.image().getpixel((0, 0))[0] for picture in pictures} == set(range(24))
    assert len(running()) <= workers.AT_ONCE


def test_what_a_refusal_leaves_behind_does_not_reach_the_next_picture() -> None:
    broken = encoded(RED, "PNG")[:-60]
    for _ in range(3):
        assert refusal(broken).code == "picture_broken"
        assert ingest(encoded(RED, "PNG")) == from_image(RED, "")


def test_the_process_loads_neither_torch_nor_gradio() -> None:
    code = (
        "import sys, fsl_demo.core.pictures.worker; print({'torch', 'gradio', 'sqlite3', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "set()"


def test_it_ends_with_its_parent() -> None:
    code = (
        "import os\n"
        "from fsl_demo.core.pictures import ingest, workers\n"
        "ingest(b'P5 1 1 255\\n\\0')\n"
        "print(workers._free.get()._process.pid)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    child = int(done.stdout)
    for _ in range(500):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        threading.Event().wait(0.01)
    pytest.fail("it is still there")


@pytest.mark.skipif(sys.platform == "win32", reason="does not fork")
def test_a_fork_has_processes_of_its_own() -> None:
    ingest(encoded(RED, "PNG"))
    before = running()
    code = (
        "import os\n"
        "from fsl_demo.core.pictures import ingest, workers\n"
        "ingest(b'P5 1 1 255\\n\\0')\n"
        "own = {worker._process.pid for worker in workers._free.queue if worker}\n"
        "if os.fork() == 0:\n"
        "    ingest(b'P5 1 1 255\\n\\0')\n"
        "    os._exit(bool(own & {worker._process.pid for worker in workers._free.queue if worker}))\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "0"
    assert running() == before


class TestKept:
    """Pixels are held while there is room, and decoded again otherwise."""

    @pytest.fixture
    def little_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kept, "KEPT_BYTES", 3 * 4 * RED.width * RED.height)

    @pytest.fixture
    def files(self, tmp_path: Path) -> list[Path]:
        for number in range(5):
            Image.new("RGB", RED.size, (number, 0, 0)).save(tmp_path / f"{number}.png")
        return sorted(tmp_path.iterdir())

    @pytest.mark.usefixtures("little_room")
    def test_the_latest_are_held_and_all_can_be_had(self, files: list[Path]) -> None:
        pictures = [ingest(file) for file in files]
        images = [weakref.ref(picture.image()) for picture in pictures]
        gc.collect()
        assert [image() is not None for image in images] == [False, False, True, True, True]
        assert [picture.image().getpixel((0, 0))[0] for picture in pictures] == list(range(5))

    @pytest.mark.usefixtures("little_room")
    def test_pictures_that_are_gone_take_no_room(self, files: list[Path]) -> None:
        first = ingest(files[0])
        image = weakref.ref(first.image())
        for _ in range(20):
            ingest(files[1])
        gc.collect()
        assert image() is not None

    @pytest.mark.usefixtures("little_room")
    def test_a_file_that_has_changed_since_is_not_taken_for_the_picture(self, files: list[Path]) -> None:
        pictures = [ingest(file) for file in files]
        RED.save(files[0])
        files[1].unlink()
        for picture in pictures[:2]:
            with refused("picture_missing"):
                picture.image()

    def test_a_picture_bigger_than_the_room_is_held_alone(
        self, files: list[Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kept, "KEPT_BYTES", 1)
        picture = ingest(files[0])
        assert picture.image() is picture.image()


def test_forty_megapixels_come_through_whole() -> None:
    side = 6_300
    rows = zlib.compress((b"\0" + bytes(range(256)) * 24 + bytes(156)) * side)
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    picture = ingest(data)
    assert (picture.width, picture.height) == (side, side)
    assert picture.image().crop((0, side - 1, 256, side)).tobytes()[::3] == bytes(range(256))


BIG = {
    "JPEG": ("JPEG", {}, 7.5),
    "progressive JPEG": ("JPEG", {"progressive": True}, 7.5),
    "WebP": ("WEBP", {"method": 0, "quality": 50}, 7.5),
    "lossless WebP": ("WEBP", {"lossless": True, "method": 0}, 8),
    "AVIF": ("AVIF", {"speed": 10}, 8.25),
}
"""Kinds of photographs, and bytes a pixel that decoding may take at most: 7.5 are 300 MB of 40 megapixels."""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("kind", BIG)
def test_each_kind_of_photograph_is_read_in_little_memory(kind: str, turned: bool) -> None:
    name, options, most = BIG[kind]
    image = Image.linear_gradient("L").resize((4_000, 2_500)).convert("RGB")
    exif = Image.Exif()
    exif[Base.Orientation] = 6 if turned else 1
    data, work = encoded(image, name, exif=exif, **options), Work()
    worker = workers._Worker()
    try:
        ingested(worker, encoded(RED, "PNG"))
        before = memory(worker, "VmHWM")
        with work.counted():
            decoded, last = ingested(worker, data)
        assert (decoded.width, decoded.height) == (image.size[::-1] if turned else image.size)
        corner = image.getpixel((3_999, 0) if turned else (3_999, 2_499))
        assert abs(last - corner[2]) < 6  # type: ignore[index]
        assert memory(worker, "VmHWM") - before < most * 1e7 + 6e6
        assert work.seconds > 0
    finally:
        worker.end()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "deep PNG"])
def test_the_room_of_a_picture_goes_back_to_the_system_with_its_last_line(kind: str) -> None:
    if kind == "deep PNG":
        header, rows = struct.pack(">IIBBBBB", 3_000, 2_500, 16, 4, 0, 0, 0), zlib.compress(bytes(12_001 * 2_500))
        data = SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    else:
        data = encoded(Image.linear_gradient("L").resize((6_000, 5_000)), kind)
    worker = workers._Worker()
    try:
        ingested(worker, encoded(RED, "PNG"))
        before = memory(worker, "VmRSS")
        ingested(worker, data)
        assert memory(worker, "VmRSS") - before < 15e6  # of 120e6, and 30e6
    finally:
        worker.end()


def ingested(worker: workers._Worker, data: bytes) -> tuple[workers.Decoded, int]:
    """A picture as a process decodes it, and its last byte."""
    with worker.decoding(data, encoded=False) as decoded:
        *_, last = worker.blocks()
    return decoded, last[-1]


def memory(worker: workers._Worker, what: str) -> int:
    """Bytes that the process takes (`VmRSS`), or took at most (`VmHWM`)."""
    status = Path(f"/proc/{worker._process.pid}/status").read_text()
    return int(status.partition(f"{what}:")[2].split()[0]) * 1024


def test_a_jpeg_that_keeps_too_much_between_its_scans_is_refused() -> None:
    """Forty megapixels, progressive, with the colours in full size."""
    data = many_scans(7_700, 5_150, 1)
    at = data.index(b"\xff\xc2")
    colours = data[: at + 9] + bytes((3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0)) + data[at + 13 :]
    colours = colours[: at + 2] + (17).to_bytes(2, "big") + colours[at + 4 :]
    error = refusal(colours, "big.jpg")
    assert error.code == "picture_costly" and "a JPEG that is not progressive" in str(error)


def test_a_webp_is_the_same_without_libwebp(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, 41, 4), np.uint8)
    for image in (Image.fromarray(noise), Image.fromarray(noise).convert("RGB")):
        for options in ({"lossless": True, "exact": True}, {"quality": 80}):
            data = encoded(image, "WEBP", **options)
            assert webp.is_at_hand()
            own = decoding.decode(data).upright().tobytes()
            with monkeypatch.context() as patch:
                patch.setattr(webp, "_library", lambda: None)
                assert decoding.decode(data).upright().tobytes() == own


def test_a_picture_read_is_an_ordinary_image() -> None:
    buffer = io.BytesIO()
    ingest(encoded(RED, "PNG")).image().save(buffer, "PNG")
    assert Image.open(buffer).size == RED.size
