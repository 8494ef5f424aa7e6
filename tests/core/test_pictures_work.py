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

import numpy as np
import pytest
from PIL import Image

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image, ingest, kept, workers
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
    noise = np.random.default_rng(0).integers(0, 256, (2_000, 2_000, 3), np.uint8)
    data = encoded(Image.fromarray(noise), "PNG", compress_level=1)
    given = workers.REQUEST.pack(False, len(data)) + data
    done = subprocess.run([sys.executable, "-c", code], input=given, stdout=subprocess.PIPE, cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGPROF
    assert done.stdout == b'{"ready": true}\n'


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux only")
def test_memory_is_bounded() -> None:
    """A WebP takes four copies of itself while it is decoded."""
    error = refusal(encoded(Image.new("RGB", (7_000, 5_600)), "WEBP", lossless=True, method=0), "big.webp")
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
        worker.begin(encoded(RED, "PNG"), encoded=False)
    assert not worker.is_alive()
    assert ingest(encoded(RED, "PNG")) == from_image(RED, "")


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


def test_a_picture_read_is_an_ordinary_image() -> None:
    buffer = io.BytesIO()
    ingest(encoded(RED, "PNG")).image().save(buffer, "PNG")
    assert Image.open(buffer).size == RED.size
