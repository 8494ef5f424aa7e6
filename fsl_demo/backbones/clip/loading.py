"""Loading a CLIP model through open_clip, strictly: what does not fit is refused, never filled up or interpolated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fsl_demo import runtime
from fsl_demo.backbones import foreign
from fsl_demo.backbones.clip.files import ClipFiles
from fsl_demo.backbones.clip.names import ClipName
from fsl_demo.core.errors import UserError


class Parts(NamedTuple):
    """What open_clip makes: the network, from PIL image to tensor, from texts to tokens."""

    network: Any
    transform: Any
    tokenizer: Any


def load(files: ClipFiles, name: ClipName) -> Parts:
    """Build network, preprocessing and tokenizer; every weight comes from the file, and no request is made.

    Raises:
        UserError: `clip_damaged`, `clip_other_architecture`, `clip_tokenizer`.
    """
    runtime.guard_torchvision()
    import open_clip

    foreign.never_ask()
    stored = {} if files.archive else _stored(files)
    try:
        if files.archive:
            network = open_clip.load_openai_model(str(files.file), precision="fp32", device="cpu")
            recipe = dict(files.recipe) | {"size": network.visual.image_size}
            open_clip.factory.set_model_preprocess_cfg(
                network, open_clip.transform.merge_preprocess_dict(open_clip.transform.PreprocessCfg(), recipe)
            )
        else:
            network = open_clip.create_model(
                files.model,
                pretrained=str(files.file) if name.architecture else None,
                pretrained_text=False,
                require_pretrained=True,
                force_preprocess_cfg=dict(files.recipe),
            )
    except OSError as error:  # the configuration of a text tower that is not in the folder
        raise UserError("clip_tokenizer", name=name, reason=_brief(error)) from error
    except Exception as error:  # names or shapes that differ; what open_clip stumbles over on its way there
        raise _other_architecture(files, _brief(error)) from error
    _check_sizes(files, stored, network)
    try:
        tokenizer = open_clip.get_tokenizer(files.model)
    except Exception as error:  # each kind of tokenizer fails in its own way
        raise UserError("clip_tokenizer", name=name, reason=_brief(error)) from error
    network = network.eval().requires_grad_(False).to(runtime.device())
    recipe = open_clip.transform.PreprocessCfg(**network.visual.preprocess_cfg)
    return Parts(network, open_clip.transform.image_transform_v2(recipe, is_train=False), tokenizer)


def _stored(files: ClipFiles) -> dict[str, int]:
    """How many values each weight in the file has."""
    from open_clip.factory import load_state_dict

    try:
        state = load_state_dict(str(files.file), device="cpu")
        return {key: value.numel() for key, value in state.items()}
    except Exception as error:  # each format fails in its own way
        raise UserError("clip_damaged", file=files.file.name, reason=_brief(error)) from error


def _check_sizes(files: ClipFiles, stored: Mapping[str, int], network: Any) -> None:
    """open_clip interpolates position embeddings of another size; here they are of another architecture."""
    for key, value in network.state_dict().items():
        if stored.get(key, value.numel()) != value.numel():
            raise _other_architecture(files, f"{key}: {stored[key]} values, not {value.numel()}")


def _other_architecture(files: ClipFiles, reason: str) -> UserError:
    return UserError("clip_other_architecture", file=files.file.name, architecture=files.model, reason=reason)


def _brief(error: Exception) -> str:
    """The first line that says something, which may follow a heading."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    line = lines[1] if len(lines) > 1 and lines[0].endswith(":") else lines[0]
    return line if len(line) <= 160 else f"{line[:160]}…"
