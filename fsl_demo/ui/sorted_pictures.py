"""The sorted pictures as a zip: a folder a class, `unsure/` and `unlike/`, and a table of everything."""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar

from PIL import Image
from pydantic import Field

from fsl_demo.core.errors import UserError
from fsl_demo.core.exports import replacing
from fsl_demo.core.pictures import Picture
from fsl_demo.services.sort import Folders, FreeNames, SortedRow, write_sorted_csv
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import NONE
from fsl_demo.ui.jobs import Job, Outcome
from fsl_demo.ui.requests import JobRequest

WRITERS: dict[str, tuple[str, dict[str, Any]]] = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".mpo"), ("JPEG", {"quality": 95, "subsampling": 0})),
    ".png": ("PNG", {"compress_level": 1}),
    ".webp": ("WEBP", {"lossless": True}),
    **dict.fromkeys((".tif", ".tiff"), ("TIFF", {"compression": "tiff_lzw"})),
    ".bmp": ("BMP", {}),
    ".gif": ("GIF", {}),
    ".ppm": ("PPM", {}),
}
"""By the ending of a file's name, the format in which its picture is written again, without metadata."""


@dataclass(frozen=True)
class SortedQuery:
    """A query that is sorted: its hash, its folder, and the lines of the table, one for each file that it came from."""

    sha: str
    folder: str
    lines: list[SortedRow]


class SortedPictures(JobRequest):
    """Put every query into the folder of its label, or else of its answer.

    Attributes:
        minimum: an answer less probable than this goes to `unsure/`.
    """

    title: ClassVar[str] = "sorted"
    minimum: Annotated[float, Field(ge=0, le=1)]

    def work(self, context: Context) -> Callable[[Job], None]:
        queries = sorted_queries(context, self.minimum)
        if not queries:
            raise UserError("nothing_sorted")

        def run(job: Job) -> None:
            progress = job.progress(context.say("sorted"))
            path = context.exports / f"sorted-{datetime.now():%Y%m%d-%H%M%S}.zip"
            names: defaultdict[str, FreeNames] = defaultdict(FreeNames)
            table: list[SortedRow] = []
            with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for done, query in enumerate(queries):
                    progress("pack", done, len(queries))
                    try:
                        picture = context.picture(query.sha)
                        for line in query.lines:
                            name, data = _encoded(picture, line.name)
                            place = f"{query.folder}/{names[query.folder].take(name)}"
                            archive.writestr(place, data)
                            table.append(replace(line, sorted_to=place))
                    except UserError as error:
                        job.errors.append(error)
                        table += query.lines
                archive.writestr("sorted.csv", write_sorted_csv(table))
            job.outcome = Outcome("sorted_ready", len(queries), path.name)

        return run


def sorted_queries(context: Context, minimum: float) -> list[SortedQuery]:
    """Every query that has a label or an answer, and where it goes."""
    document, answers, names = context.document, context.draft.answers(), context.draft.names()
    classes = document.class_names()
    folders = Folders(list(classes.values()), minimum)
    made = []
    for sha in document.queries:
        answer, label = answers.get(sha), document.labels.get(sha)
        if answer is not None and answer.key not in classes:
            answer = None
        if label is not None and label.answer not in (NONE, *classes):
            label = None
        probability = round(answer.probability, 4) if answer else None  # as the page shows it
        if label is not None:
            folder = folders.unlike if label.answer == NONE else folders.of_class[classes[label.answer]]
        elif answer is not None and probability is not None:
            folder = folders.of(classes[answer.key], probability, bool(answer.unlike))
        else:
            continue
        lines = [
            SortedRow(
                name=_file_name(path),
                path=path,
                answer=classes[answer.key] if answer else "",
                probability=probability,
                unlike=answer.unlike if answer else None,
                label=context.class_name(label.answer) if label else "",
                who=label.annotator if label else "",
            )
            for path in document.paths.get(sha, [names[sha]])
        ]
        made.append(SortedQuery(sha, folder, lines))
    return made


def _file_name(path: str) -> str:
    """The last part of a path of any system, as a name that stays in its folder."""
    name = PurePosixPath(path.replace("\\", "/")).name
    return name if name.strip(". ") else "picture"


def _encoded(picture: Picture, name: str) -> tuple[str, bytes]:
    """The picture in the format that its name says; where that cannot be written, as PNG, which its name then says."""
    written = WRITERS.get(PurePosixPath(name).suffix.lower())
    kind, options = written or ("PNG", {"compress_level": 1})
    image: Image.Image = picture.image()
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return name if written else f"{name}.png", buffer.getvalue()
