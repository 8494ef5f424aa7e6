"""CLIP weights that are on this machine, with what has to go with them: preprocessing, activation, tokenizer."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsl_demo import runtime
from fsl_demo.backbones import foreign
from fsl_demo.backbones.clip.names import LOCAL_DIR, ClipName, offer
from fsl_demo.core.errors import UserError

QUICK_GELU = "-quickgelu"
NAMED_AT_MOST = 12
RECIPE = ("mean", "std", "interpolation", "resize_mode")


@dataclass(frozen=True)
class ClipFiles:
    """Weights and what they need.

    Attributes:
        model: what open_clip builds: an architecture, or local-dir:FOLDER.
        file: the weights.
        sha256: of the weights, and of the configuration beside them.
        config: of the architecture.
        recipe: mean, std, interpolation and resize mode of the pictures.
        archive: whether the file is one of OpenAI's TorchScript archives.
    """

    model: str
    file: Path
    sha256: str
    config: Mapping[str, Any]
    recipe: Mapping[str, Any]
    archive: bool


def locate(name: ClipName) -> ClipFiles:
    """Find the weights and everything that is known of them; nothing is loaded, and no request is made.

    Raises:
        UserError: `clip_absent`, `clip_file_missing`, `clip_folder`, `clip_architecture`, `clip_tag`, `clip_damaged`,
            `clip_archive`, `clip_quick_gelu`, `clip_preprocessing`, `clip_tokenizer`, `clip_other_architecture`,
            `model_config`.
    """
    if not name.architecture:
        return _in_folder(name)
    config = architecture(name)
    known = tagged(name, config) if name.tag else {}
    file = name.local_path()
    if file is None:
        raise absent(name) if name.downloads else UserError("clip_file_missing", path=name.path)
    sha256 = _sha256(file)
    recognised = _recognised(sha256)
    archive = _is_archive(file, trusted=recognised is not None and sha256 in recognised[1]["url"])
    if recognised is not None:
        known = _same(name=name, config=config, file=file, is_really=recognised[0], known=recognised[1])
    recipe = _recipe(known) if known else _common_recipe(name.architecture)
    return ClipFiles(model=name.architecture, file=file, sha256=sha256, config=config, recipe=recipe, archive=archive)


def architecture(name: ClipName) -> dict[str, Any]:
    """The configuration of an architecture that open_clip knows.

    Raises:
        UserError: `clip_architecture`; `clip_tokenizer` for one that would ask the network for its tokenizer.
    """
    runtime.guard_torchvision()
    import open_clip

    config = open_clip.get_model_config(name.architecture)
    if config is None:
        known = open_clip.list_models()
        near = difflib.get_close_matches(name.architecture, known, NAMED_AT_MOST)
        raise UserError("clip_architecture", name=name.architecture, known=_listed(near or known))
    text = config["text_cfg"]
    if "hf_tokenizer_name" in text or "hf_model_name" in text:
        raise UserError("clip_tokenizer", name=name, reason=text.get("hf_tokenizer_name") or text["hf_model_name"])
    return config


def tagged(name: ClipName, config: Mapping[str, Any]) -> dict[str, Any]:
    """What open_clip knows of the weights with this tag: where they come from, and their recipe.

    Raises:
        UserError: `clip_tag`; `clip_quick_gelu` where the architecture has another activation than the weights.
    """
    import open_clip

    pretrained, other = open_clip.get_pretrained_cfg(name.architecture, name.tag), _other(name.architecture)
    if not pretrained and not open_clip.get_pretrained_cfg(other, name.tag):
        known = open_clip.list_pretrained_tags_by_model(name.architecture)
        raise UserError("clip_tag", tag=name.tag, architecture=name.architecture, known=_listed(known))
    if not pretrained or _quick_gelu(pretrained) != _quick_gelu(config):
        right = ClipName(other, name.tag, name.path)
        raise UserError("clip_quick_gelu", name=name, right=right)
    return pretrained


def absent(name: ClipName) -> UserError:
    """What to say of weights that would have to be downloaded."""
    known = offer(name)
    size = f"{known.megabytes} MB" if known.megabytes else "? MB"
    return UserError("clip_absent", name=name, size=size, licence=known.licence or "?")


def _in_folder(name: ClipName) -> ClipFiles:
    runtime.guard_torchvision()
    from open_clip.factory import _find_checkpoint_in_dir

    folder = name.path or Path()
    try:
        described = (folder / foreign.CLIP_CONFIG).read_bytes()
        whole = json.loads(described)
        config, recipe = whole["model_cfg"], _recipe(whole.get("preprocess_cfg", {}))
        config["vision_cfg"].items(), config["text_cfg"].items(), config["embed_dim"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError("clip_folder", folder=folder, reason=f"open_clip_config.json: {error}") from error
    foreign.check_clip(config, folder)
    checkpoint = _find_checkpoint_in_dir(folder)
    if checkpoint is None:
        raise UserError("clip_folder", folder=folder, reason="no weights")
    file = Path(checkpoint)
    recognised = _recognised(_sha256(file))
    _is_archive(file, trusted=False)
    if recognised is not None and _quick_gelu(recognised[1]) != _quick_gelu(config):
        right = f'"quick_gelu": {json.dumps(_quick_gelu(recognised[1]))} in open_clip_config.json'
        raise UserError("clip_quick_gelu", name=name, right=right)
    return ClipFiles(
        model=f"{LOCAL_DIR}{folder}",
        file=file,
        sha256=_sha256(file, described),
        config=config,
        recipe=recipe,
        archive=False,
    )


def _same(
    name: ClipName, config: Mapping[str, Any], file: Path, is_really: str, known: dict[str, Any]
) -> dict[str, Any]:
    """Check that published weights, recognised by their hash, are named as what they are."""
    base = is_really.split("/")[0].removesuffix(QUICK_GELU)
    if base != name.architecture.removesuffix(QUICK_GELU):
        raise UserError("clip_other_architecture", file=file.name, architecture=name.architecture, reason=is_really)
    if _quick_gelu(known) != _quick_gelu(config):
        right = ClipName(_other(name.architecture), name.tag, name.path)
        raise UserError("clip_quick_gelu", name=name, right=right)
    return known


def _recognised(sha256: str) -> tuple[str, dict[str, Any]] | None:
    """Published weights with this hash: open_clip's addresses of OpenAI's and of its own contain hashes."""
    import open_clip

    for model, tag in open_clip.list_pretrained():
        known = open_clip.get_pretrained_cfg(model, tag)
        match = re.search(r"/([0-9a-f]{64})/|-([0-9a-f]{8})\.pth?$", known.get("url", ""))
        if match and sha256.startswith(match[1] or match[2]):
            return f"{model}/{tag}", known
    return None


def _common_recipe(model: str) -> dict[str, Any]:
    """The recipe that all published weights of an architecture share; open_clip's own where there are none."""
    import open_clip

    tags = open_clip.list_pretrained_tags_by_model(model)
    recipes = [_recipe(open_clip.get_pretrained_cfg(model, tag)) for tag in tags]
    if any(recipe != recipes[0] for recipe in recipes):
        raise UserError("clip_preprocessing", architecture=model, tag=tags[0], known=_listed(tags))
    return recipes[0] if recipes else {}


def _recipe(known: Mapping[str, Any]) -> dict[str, Any]:
    return {key: known[key] for key in RECIPE if key in known}


def _is_archive(file: Path, trusted: bool) -> bool:
    """Whether a file is a TorchScript archive, which holds code and is opened only where its hash is known.

    Raises:
        UserError: `clip_archive`, `clip_damaged`.
    """
    if not zipfile.is_zipfile(file):
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            scripted = any(entry.endswith("/constants.pkl") for entry in archive.namelist())
    except zipfile.BadZipFile as error:
        raise UserError("clip_damaged", file=file.name, reason=str(error)) from error
    if scripted and not trusted:
        raise UserError("clip_archive", file=file.name)
    return scripted


def _sha256(file: Path, *more: bytes) -> str:
    try:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256")
    except OSError as error:
        raise UserError("clip_damaged", file=file.name, reason=error.strerror or str(error)) from error
    for part in more:
        digest.update(part)
    return digest.hexdigest()


def _quick_gelu(config: Mapping[str, Any]) -> bool:
    return bool(config.get("quick_gelu"))


def _other(model: str) -> str:
    """The same architecture with the other activation."""
    return model.removesuffix(QUICK_GELU) if model.endswith(QUICK_GELU) else model + QUICK_GELU


def _listed(names: list[str]) -> str:
    return ", ".join(names[:NAMED_AT_MOST]) + (", …" if len(names) > NAMED_AT_MOST else "")
