"""The line above the tabs: what the networks run on, and where the workspace is."""

from __future__ import annotations

from fsl_demo import runtime
from fsl_demo.ui.context import Context
from fsl_demo.ui.texts import languages


def part(context: Context) -> str:
    """Its HTML."""
    import torch

    device, place = str(runtime.device()).upper(), context.workspace.beneath or context.workspace.folder
    return context.render(
        "header_line.html",
        runs=context.say("runs_on", device=device, threads=torch.get_num_threads()),
        place=place.resolve() if context.draft.account is None else "",
        read_only=context.workspace.beneath is not None,
        languages=[(code, language.name) for code, language in languages().items()],
        current=context.language.code,
    )
