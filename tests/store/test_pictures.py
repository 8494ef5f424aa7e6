"""Pictures in the workspace."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image, ingest
from fsl_demo.store import Workspace
from tests.core.picture_files import encoded


def test_picture_comes_back_pixel_for_pixel(workspace: Workspace, digits: list[Picture]) -> None:
    kept = workspace.add_picture(digits[0])
    for picture in (kept, workspace.picture(digits[0].sha256), Workspace(workspace.folder).picture(digits[0].sha256)):
        assert picture == digits[0]
        assert (picture.name, picture.width, picture.height) == ("digit 0.png", 16, 16)
        assert picture.original_sha256 == digits[0].original_sha256
        np.testing.assert_array_equal(np.asarray(picture.image()), np.asarray(digits[0].image()))


def test_blob_is_a_plain_png_under_its_hash(workspace: Workspace, digits: list[Picture]) -> None:
    sha256 = workspace.add_picture(digits[0]).sha256
    path = workspace.folder / "blobs" / sha256[:2] / sha256[2:4] / f"{sha256}.png"
    assert [file for file in (workspace.folder / "blobs").rglob("*") if file.is_file()] == [path]
    with Image.open(path) as image:
        assert (image.format, image.mode, image.info) == ("PNG", "RGB", {})


def test_added_twice_is_stored_once_and_keeps_each_name(workspace: Workspace, digits: list[Picture]) -> None:
    workspace.add_picture(digits[0])
    again = workspace.add_picture(from_image(digits[0].image(), "the same.jpg", "ab"))
    assert again.name == "the same.jpg"
    assert workspace.picture(again.sha256).name == "digit 0.png"
    assert len(list((workspace.folder / "blobs").rglob("*.png"))) == 1


def test_stored_picture_is_read_from_disk(workspace: Workspace, digits: list[Picture]) -> None:
    kept = workspace.add_picture(digits[0])
    path = next((workspace.folder / "blobs").rglob("*.png"))
    path.unlink()
    with pytest.raises(UserError) as caught:
        kept.image()
    assert caught.value.code == "picture_missing"


@pytest.mark.parametrize(("size", "expected"), [((451, 300), (160, 106)), ((40, 20), (40, 20)), ((20, 320), (10, 160))])
def test_thumbnail(workspace: Workspace, size: tuple[int, int], expected: tuple[int, int]) -> None:
    picture = from_image(Image.fromarray(data.chelsea()).resize(size), "cat.png")
    workspace.add_picture(picture)
    with Image.open(io.BytesIO(workspace.thumbnail(picture.sha256))) as image:
        assert (image.format, image.size) == ("WEBP", expected)


@pytest.mark.parametrize("name", ["caf\udce9.png", "nul\0.png", "圖.png"])
def test_any_file_name_can_be_stored(workspace: Workspace, digits: list[Picture], name: str) -> None:
    workspace.add_picture(from_image(digits[0].image(), name))
    assert workspace.picture(digits[0].sha256).name == name.replace("\udce9", "?")


def test_vectors(workspace: Workspace) -> None:
    first = {"a": np.arange(3, dtype=np.float32), "b": np.ones((2, 2), dtype=np.float32)}
    workspace.put_vectors("conv4", first)
    workspace.put_vectors("conv4", {"a": np.array([0.1, -1e-30, 7], dtype=np.float64)})
    vectors = workspace.get_vectors("conv4", ["a", "b", "missing"])
    assert vectors.keys() == {"a", "b"}
    np.testing.assert_array_equal(vectors["a"], np.array([0.1, -1e-30, 7], dtype=np.float32))
    np.testing.assert_array_equal(vectors["b"], first["b"])
    assert vectors["a"].dtype == np.float32 and vectors["a"].flags.writeable
    assert workspace.get_vectors("resnet12", ["a"]) == {}


def test_many_vectors_at_once(workspace: Workspace) -> None:
    keys = [f"{number:064x}" for number in range(40_000)]
    workspace.put_vectors("conv4", {keys[-1]: np.zeros(1, dtype=np.float32)})
    assert workspace.get_vectors("conv4", keys).keys() == {keys[-1]}


def test_unknown_picture(workspace: Workspace, tmp_path: Path) -> None:
    for call in (workspace.picture, workspace.thumbnail):
        with pytest.raises(UserError) as caught:
            call("0" * 64)
        assert caught.value.code == "picture_not_stored"


class TestIngest:
    """A file of anyone's is written by the process that decodes it."""

    def test_it_is_stored_as_any_picture_is(self, tmp_path: Path, digits: list[Picture]) -> None:
        file = tmp_path / "a digit.bmp"
        digits[0].image().save(file)
        first, other = Workspace(tmp_path / "first"), Workspace(tmp_path / "other")
        kept = first.ingest(file)
        other.add_picture(ingest(file))
        assert kept == digits[0] and kept.name == "a digit.bmp"
        stored, expected = first.picture(kept.sha256), other.picture(kept.sha256)
        for name in ("name", "width", "height", "original_sha256"):
            assert getattr(stored, name) == getattr(expected, name)
        assert first.thumbnail(kept.sha256) == other.thumbnail(kept.sha256)
        files = [{path.name: path.read_bytes() for path in w.folder.rglob("*.png")} for w in (first, other)]
        assert files[0] == files[1] and len(files[0]) == 1
        assert not first.check() and not first.lost([kept.sha256])
        assert first.ingest(file.read_bytes(), "again").name == "again"
        assert first.picture(kept.sha256).name == "a digit.bmp"

    def test_nothing_is_left_of_what_is_refused(self, workspace: Workspace, digits: list[Picture]) -> None:
        broken = encoded(digits[0].image(), "PNG")[:-40]
        for file, code in ((broken, "picture_broken"), (b"", "picture_empty"), (b"text", "picture_unknown")):
            with pytest.raises(UserError, match=r"“a\.png”", check=lambda error, code=code: error.code == code):
                workspace.ingest(file, "a.png")
        assert not [file for file in (workspace.folder / "blobs").rglob("*") if file.is_file()]

    def test_a_workspace_to_be_read_only_stays_as_it_is(self, workspace: Workspace, digits: list[Picture]) -> None:
        reader = Workspace(workspace.folder, read_only=True)
        with pytest.raises(UserError, check=lambda error: error.code == "workspace_read_only"):
            reader.ingest(encoded(digits[0].image(), "PNG"), "a.png")
        assert not list((workspace.folder / "blobs").iterdir())
