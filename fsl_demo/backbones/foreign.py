"""What a model's folder from somebody else may say: numbers, names and choices that are listed, never a program."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from fsl_demo.core.errors import UserError

LARGEST_CONFIG = 1 << 20
CLIP_CONFIG = "open_clip_config.json"
CLIP_PARTS = {"embed_dim", "quick_gelu", "custom_text", "init_logit_scale", "init_logit_bias"}
PROGRAMS = {"auto_map", "quantization_config", "_attn_implementation", "attn_implementation", "transformers_weights"}
"""What transformers would follow to code, or to another place."""

_HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
_CHOICE = re.compile(r"[\w .+-]{0,100}")


def _plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_plain, value))
    if isinstance(value, str):
        return _CHOICE.fullmatch(value) is not None
    return value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value))


def _plain_options(value: object) -> bool:
    return value is None or (isinstance(value, dict) and all(map(_plain, value.values())))


def _tokenizer_options(value: object) -> bool:
    if value is None:
        return True
    known: dict[str, Callable[[Any], bool]] = {
        "clean": lambda clean: clean in ("canonicalize", "lower", "whitespace"),
        "strip_sep_token": lambda strip: isinstance(strip, bool),
        "language": lambda code: isinstance(code, str) and _CHOICE.fullmatch(code) is not None,
    }
    return isinstance(value, dict) and all(key in known and known[key](option) for key, option in value.items())


def _hub_name(value: object) -> bool:
    """A name of the model hub, which is looked for among what was downloaded; not a folder, not an address."""
    if value in (None, ""):
        return True
    return isinstance(value, str) and _HUB_NAME.fullmatch(value) is not None and not Path(value).exists()


def _timm_name(value: object) -> bool:
    import timm

    return value in (None, "") or (isinstance(value, str) and timm.is_model(value.split(".")[0]) and _plain(value))


_SPECIAL: Mapping[str, Callable[[Any], bool]] = {
    "act_kwargs": _plain_options,
    "norm_kwargs": _plain_options,
    "tokenizer_kwargs": _tokenizer_options,
    "hf_tokenizer_name": _hub_name,
    "hf_model_name": _hub_name,
    "timm_model_name": _timm_name,
}


def check_clip(config: Any, folder: Path) -> None:
    """Check the architecture that a folder describes, before open_clip reads it.

    Raises:
        UserError: `model_config`, naming what is not on the list.
    """
    from open_clip.coca_model import MultimodalCfg
    from open_clip.model import CLIPTextCfg, CLIPVisionCfg

    towers = {"vision_cfg": CLIPVisionCfg, "text_cfg": CLIPTextCfg, "multimodal_cfg": MultimodalCfg}
    listed = {name: {known.name for known in fields(tower)} for name, tower in towers.items()}
    for name, value in config.items():
        if name in towers and isinstance(value, dict):
            for key, setting in value.items():
                if key not in listed[name] or not _SPECIAL.get(key, _plain)(setting):
                    raise _not_listed(folder, CLIP_CONFIG, f"{name}.{key}")
        elif name not in CLIP_PARTS or not _plain(value):
            raise _not_listed(folder, CLIP_CONFIG, name)


def language_config(folder: Path) -> Any:
    """The configuration of a causal model, made from what its folder says of settings that transformers knows.

    Raises:
        UserError: `model_config`; `weights_missing` where there is no model.
    """
    from transformers import CONFIG_MAPPING

    stored = _read(folder, "config.json")
    if not isinstance(stored, dict) or "model_type" not in stored:
        raise UserError("weights_missing", name=folder)
    if not isinstance(stored["model_type"], str) or stored["model_type"] not in CONFIG_MAPPING:
        raise _not_listed(folder, "config.json", f"model_type {stored['model_type']}")
    if (folder / "adapter_config.json").exists():
        raise _not_listed(folder, "adapter_config.json", "an adapter")
    kind = CONFIG_MAPPING[stored["model_type"]]
    known = {*kind().to_dict(), *kind.attribute_map} - PROGRAMS
    try:
        return kind.from_dict(_without_programs({key: value for key, value in stored.items() if key in known}))
    except Exception as error:  # each kind of model checks its settings in its own way
        raise UserError("weights_missing", name=folder) from error


def never_ask() -> None:
    """Make transformers refuse a model's own program; it would ask on the terminal whether to run it."""
    from transformers import dynamic_module_utils

    dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0


def _without_programs(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_programs(inner) for key, inner in value.items() if key not in PROGRAMS}
    return [_without_programs(inner) for inner in value] if isinstance(value, list) else value


def _read(folder: Path, name: str) -> Any:
    try:
        file = folder / name
        if file.stat().st_size > LARGEST_CONFIG:
            raise _not_listed(folder, name, f"more than {LARGEST_CONFIG >> 10} kB")
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UserError("weights_missing", name=folder) from error


def _not_listed(folder: Path, file: str, what: str) -> UserError:
    return UserError("model_config", folder=folder, file=file, setting=what[:100])
