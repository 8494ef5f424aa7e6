"""Fine-tunings of checkpoints on frozen collections: asked for, carried out, taken to another machine and back.

Each has a folder of the workspace, `finetunings/<id>`: `request.json` says what was asked for, `state.safetensors` is
what it resumes from, `result.json` names the version that came of it, `receipt.json` and `receipt.html` say what that
is worth.
"""

from fsl_demo.services.finetuning.bring_back import bring_back
from fsl_demo.services.finetuning.carry_out import RECEIPT_PAGE, Finetuned, Machine, carry_out, check, rows
from fsl_demo.services.finetuning.request import FinetuneOptions, FinetuneRequest, folder_of, requested

__all__ = [
    "RECEIPT_PAGE",
    "FinetuneOptions",
    "FinetuneRequest",
    "Finetuned",
    "Machine",
    "bring_back",
    "carry_out",
    "check",
    "folder_of",
    "requested",
    "rows",
]
