"""The sorted pictures as a zip: a folder a class, `unsure/` and `unlike/`, and a table of everything."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, ClassVar

from PIL import Image
from pydantic import Field

from fsl_demo.errors import UserError
from fsl_demo.pictures import Picture
from fsl_demo.services.sort import SortedRow, folder_of, free_name, sorted_csv
from fsl_demo.store.exchange.files import replacing
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import NONE
from fsl_demo.ui.jobs import Job, Outcome
from fsl_demo.ui.requests import JobRequest

WRITERS = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".mpo"), ("JPEG", {"quality": 95, "subsampling": 0})),
    ".png": ("PNG", {"compress_level": 1}),
    ".webp": ("WEBP", {"lossless": True}),
    **dict.fromkeys((".tif", ".tiff"), ("TIFF", {"compression": "tiff_lzw"})),
    ".bmp": ("BMP", {}),
    ".gif": ("GIF", {}),
    ".ppm": ("PPM", {}),
}
"""By the ending of a file's name, the format in which its picture is written again, without metadata."""


class SortedPictures(JobRequest):
    """Put every query into the folder of its label, or else of its answer.

    Attributes:
        minimum: an answer less probable than this goes to `unsure/`.
    """

    title: ClassVar[str] = "sorted"
    minimum: Annotated[float, Field(ge=0, le=1)]

    def work(self, context: Context) -> Callable[[Job], None]:
        rows = sorted_rows(context, self.minimum)
        if not rows:
            raise UserError("nothing_sorted")

        def run(job: Job) -> None:
            progress = job.progress(context.say("sorted"))
            path = context.page.exports / f"sorted-{datetime.now():%Y%m%d-%H%M%S}.zip"
            taken: set[str] = set()
            with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for done, (sha, row) in enumerate(rows):
                    progress("pack", done, len(rows))
                    try:
                        name, data = _encoded(context.picture(sha), row.name)
                    except UserError as error:
                        job.errors.append(error)
                        continue
                    archive.writestr(free_name(f"{row.folder}/{name}", taken), data)
                archive.writestr("sorted.csv", sorted_csv([row for _, row in rows]))
            job.outcome = Outcome("sorted_ready", len(rows), path.name)

        return run


def sorted_rows(context: Context, minimum: float) -> list[tuple[str, SortedRow]]:
    """Every query that has a label or an answer, by hash, with where it goes; one row for each file it came from."""
    document = context.document
    found, names = context.draft.answers(), context.draft.names()
    classes, rows = document.class_names(), []
    folders = folder_of(list(classes.values()))
    for sha in document.queries:
        answer, label = found.get(sha), document.labels.get(sha)
        if label is None and (answer is None or answer.key not in classes):
            continue
        if label is not None:
            folder = "unlike" if label.answer == NONE else folders[classes[label.answer]]
        else:
            assert answer is not None
            folder = "unlike" if answer.unlike else "unsure" if answer.probability < minimum else folders[classes[answer.key]]
        for path in document.paths.get(sha, [names[sha]]):
            rows.append(
                (
                    sha,
                    SortedRow(
                        name=PurePosixPath(path).name,
                        path=path,
                        folder=folder,
                        answer=classes.get(answer.key, "") if answer else "",
                        probability=answer.probability if answer else None,
                        unlike=answer.unlike if answer else None,
                        label="" if label is None else context.class_name(label.answer),
                        who=label.annotator if label else "",
                    ),
                )
            )
    return rows


def _encoded(picture: Picture, name: str) -> tuple[str, bytes]:
    """The picture in the format that its name says; where that cannot be written, as PNG, which its name then says."""
    written = WRITERS.get(PurePosixPath(name).suffix.lower())
    kind, options = written or ("PNG", {"compress_level": 1})
    image: Image.Image = picture.image()
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return name if written else f"{name}.png", buffer.getvalue()
