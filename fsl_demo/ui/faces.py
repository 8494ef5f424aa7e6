"""Crop to faces, as a job: the face of each picture takes the picture's place, in one step that can be undone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

from fsl_demo.core.capabilities import Crops
from fsl_demo.core.errors import Notice, UserError
from fsl_demo.ui.context import Context
from fsl_demo.ui.jobs import Job
from fsl_demo.ui.requests import JobRequest


class CropFaces(JobRequest):
    """Put the face of each picture in its place; a picture without a face stays as it is, and is named."""

    title: ClassVar[str] = "crop_faces"

    def work(self, context: Context) -> Callable[[Job], None]:
        detector = next(iter(context.registry.supporting(Crops)), None)
        if detector is None:
            raise UserError("unknown_detector", name="faces", known="")
        pictures = context.present([*context.document.support(), *context.document.queries])

        def run(job: Job) -> None:
            progress, cropped = job.progress(context.say("crop_faces")), {}
            with ThreadPoolExecutor(max_workers=2) as pool:
                faces = zip(pictures, pool.map(detector.crop, pictures), strict=True)
                for done, (picture, face) in enumerate(faces):
                    progress("faces", done, len(pictures))
                    if face is None:
                        job.errors.append(UserError("no_face", file=picture.name))
                    else:
                        cropped[picture.sha256] = context.keep(face).sha256
            if count := sum(map(context.document.marks_on, cropped)):
                job.errors.append(Notice("boxes_cropped", count=count))
            context.draft.edit(lambda document: document.exchange(cropped))
            context.page.refresh(context.draft)

        return run
