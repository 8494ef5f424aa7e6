"""Pictures on their way in from the browser: uploads, folders and zips become pictures of the document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from gradio.utils import get_upload_folder

from fsl_demo import faces
from fsl_demo.episodes import class_key
from fsl_demo.errors import UserError
from fsl_demo.pictures import MAX_BYTES, Picture, ingest
from fsl_demo.store.exchange import read_class_pictures
from fsl_demo.ui.document import ClassRow, Document
from fsl_demo.ui.html import View


def add(view: View, document: Document, data: Mapping[str, Any]) -> list[UserError]:
    """Add uploaded files where they were dropped; gives the errors of those left out, and deletes the uploads."""
    try:
        if data["target"] == "classes":
            return _add_folders(view, document, data["files"])
        pictures, errors = _ingest_all(data["files"])
        place(document, data["target"], _keep(view, pictures))
        return errors
    finally:
        _discard_all(data["files"])


def add_to_collection(view: View, files: list[Mapping[str, Any]]) -> list[UserError]:
    """Keep uploaded pictures for searching; gives the errors of those left out, and deletes the uploads."""
    try:
        pictures, errors = _ingest_all(files)
        view.workspace.add_to_collection(pictures)
        return errors
    finally:
        _discard_all(files)


def _add_folders(view: View, document: Document, files: list[Mapping[str, Any]]) -> list[UserError]:
    """Fill the class rows from a zip, or from files whose names carry their class folder; loose ones are queries."""
    errors: list[UserError] = []
    by_class: dict[str, list[Picture]] = defaultdict(list)
    for file in files:
        if file["name"].lower().endswith(".zip") and file.get("path"):
            found, refused = _read_zip(file)
            errors += refused
            for name, pictures in found.items():
                by_class[name] += pictures
            continue
        picture = _ingest(file)
        if isinstance(picture, UserError):
            errors.append(picture)
        else:
            by_class[PurePosixPath(file["name"]).parent.name].append(picture)
    document.add_queries(_keep(view, by_class.pop("", [])))
    for name, pictures in by_class.items():
        document.add_pictures(row_called(document, name).key, _keep(view, pictures))
    return errors


def row_called(document: Document, name: str) -> ClassRow:
    """The row of that class name, if it is one; else the first blank row; else a new one."""
    for row in document.classes:
        if name and class_key(row.name) == class_key(name):
            return row
    row = next((row for row in document.classes if row.is_blank()), None) or document.add_class()
    row.name = name
    return row


def _keep(view: View, pictures: list[Picture]) -> list[str]:
    with ThreadPoolExecutor() as pool:
        return [picture.sha256 for picture in pool.map(view.workspace.add_picture, pictures)]


def crop_faces(view: View, document: Document) -> list[UserError]:
    """Put the face of each picture in its place; a picture without a face stays as it is, and is named."""
    places = {sha: row.key for row in document.classes for sha in row.pictures} | dict.fromkeys(document.queries, "")
    pictures = [view.picture(sha) for sha in places]
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(faces.crop, pictures))
    cropped = {sha: _keep(view, [face])[0] for sha, face in zip(places, found, strict=True) if face is not None}
    document.exchange(cropped)
    return [
        UserError("no_face", file=picture.name) for picture, face in zip(pictures, found, strict=True) if face is None
    ]


def uploaded(path: str) -> Path:
    """The path of an upload, checked to be one: a page can't name other files of this machine."""
    resolved = Path(path).resolve()
    if not resolved.is_relative_to(Path(get_upload_folder()).resolve()):
        raise UserError("picture_missing", file=resolved.name, reason="not an upload")
    return resolved


def discard(upload: Path) -> None:
    """Delete an upload, and the folder that was made for it."""
    upload.unlink(missing_ok=True)
    if upload.parent != Path(get_upload_folder()).resolve():
        with suppress(OSError):
            upload.parent.rmdir()


def _discard_all(files: list[Mapping[str, Any]]) -> None:
    for file in files:
        if file.get("path"):
            discard(uploaded(file["path"]))


def _ingest_all(files: list[Mapping[str, Any]]) -> tuple[list[Picture], list[UserError]]:
    with ThreadPoolExecutor() as pool:
        read = list(pool.map(_ingest, files))
    return [one for one in read if isinstance(one, Picture)], [one for one in read if isinstance(one, UserError)]


def _ingest(file: Mapping[str, Any]) -> Picture | UserError:
    name = PurePosixPath(file["name"]).name
    try:
        if file.get("path"):
            return ingest(uploaded(file["path"]), name)
        if not file["size"]:
            raise UserError("picture_empty", file=name)
        raise UserError("picture_bytes", file=name, megabytes=file["size"] / 1e6, limit=MAX_BYTES / 1e6)
    except UserError as error:
        return error


def _read_zip(file: Mapping[str, Any]) -> tuple[dict[str, list[Picture]], list[UserError]]:
    try:
        return read_class_pictures(uploaded(file["path"]))
    except UserError as error:
        return {}, [error]


def place(document: Document, target: str, pictures: list[str]) -> None:
    """Put stored pictures into a class (by key), or among the queries."""
    if target == "queries":
        document.add_queries(pictures)
    else:
        document.add_pictures(target, pictures)
