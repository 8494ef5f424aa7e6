"""Downloading CLIP weights, where a person asks for it; nothing else here makes a request."""

from __future__ import annotations

from pathlib import Path

from fsl_demo.backbones.clip.files import architecture, tagged
from fsl_demo.backbones.clip.names import ClipName, with_suffix
from fsl_demo.core.downloads import ANY_NAMED, Expected, fetch
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError


def download(name: ClipName, progress: Progress = quiet, expected: Expected = ANY_NAMED) -> Path:
    """Download weights into `clip_names.folder()`, unless they are there; safetensors where they are offered.

    Args:
        progress: may raise `Cancelled`, which leaves nothing behind.

    Raises:
        UserError: `clip_architecture`, `clip_tokenizer`, `clip_tag`, `clip_quick_gelu`, `download_none`; what
            `downloads.fetch` raises.
    """
    there = name.local_path()
    if there is not None:
        return there
    for url in addresses(name):
        file = with_suffix(name.stem(), Path(url).suffix)
        if fetch(url, file, progress=progress, expected=expected):
            return file
    raise UserError("download_none", name=name)


def addresses(name: ClipName) -> list[str]:
    """Where weights may be, as open_clip's table has it, the safest format first; none for files of one's own."""
    if not name.downloads:
        return []
    hub = tagged(name, architecture(name))["hf_hub"]
    from huggingface_hub import hf_hub_url
    from open_clip.constants import HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME

    repository, _, file = hub.rpartition("/")
    files = (str(Path(file).with_suffix(".safetensors")), file) if file else (HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME)
    return [hf_hub_url(repository, filename) for filename in files] if repository else []
