"""Below a method that runs on CLIP weights: which they are, whether they are here, and the offer to download them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from fsl_demo.backbones.clip import downloads as clip_downloads
from fsl_demo.backbones.clip.names import OFFERS, ClipName, offer
from fsl_demo.core.accounts import Role
from fsl_demo.core.capabilities import Method
from fsl_demo.core.errors import UserError
from fsl_demo.core.settings import Weights
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import Document
from fsl_demo.ui.fields import Name
from fsl_demo.ui.jobs import Job, Outcome
from fsl_demo.ui.requests import JobRequest


def state(context: Context, method: Method) -> dict[str, Any] | None:
    """What the template needs: names to suggest, and "here", "wrong" or an offer; None for other methods."""
    shown: dict[str, Any] = {"suggestions": [known.name for known in OFFERS], "name": "", "wrong": "", "here": False}
    try:
        name = chosen(context.document, method)
    except UserError as error:
        return {**shown, "wrong": context.language.error(error)}
    if name is None:
        return None
    shown["name"] = str(name)
    if name.local_path() is not None:
        return {**shown, "here": True}
    if not name.downloads:
        return {**shown, "wrong": context.language.error(UserError("clip_file_missing", path=name.path))}
    known = offer(name)
    size = (
        context.say("weights_size", megabytes=known.megabytes)
        if known.megabytes
        else context.say("weights_size_unknown")
    )
    return {**shown, "size": size, "licence": known.licence or context.say("weights_licence_unknown")}


class Download(JobRequest):
    """Download the weights that a method is set to."""

    title: ClassVar[str] = "download"
    long: ClassVar[bool] = True
    role: ClassVar[Role] = "admin"
    method: Name

    def work(self, context: Context) -> Callable[[Job], None]:
        method = context.registry.method(self.method)
        if (name := chosen(context.document, method)) is None:
            raise UserError("unknown_method", name=self.method, known=", ".join(context.methods))

        def run(job: Job) -> None:
            progress = job.progress(method.card.title)
            progress("connect", 0, 0)
            clip_downloads.download(name, progress)
            context.page.refresh(context.draft)
            job.outcome = Outcome("downloaded", 1)

        return run


def chosen(document: Document, method: Method) -> ClipName | None:
    """The weights that a method is set to; None for a method that names none.

    Raises:
        UserError: `clip_name`.
    """
    named = setting(method)
    if named is None:
        return None
    return ClipName.parse(str(document.settings.get(method.card.id, {}).get(named.name, named.default)))


def setting(method: Method) -> Weights | None:
    """The setting that names the weights, if there is one."""
    return next((setting for setting in method.Settings.controls() if isinstance(setting, Weights)), None)
