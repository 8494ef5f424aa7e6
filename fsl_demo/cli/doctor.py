"""`doctor`: whether everything that the workbench needs is there and whole."""

from __future__ import annotations

import argparse
import os
import platform
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fsl_demo import __version__, runtime
from fsl_demo.backbones import engine
from fsl_demo.cli import options, reporting
from fsl_demo.core.errors import UserError
from fsl_demo.services import reading

PACKAGES = ("torch", "torchvision", "gradio", "timm", "transformers", "open_clip_torch", "pillow", "sqlite-utils")
DETAILS = """\
Loads every network and reads every stored picture. The exit code is 1 when something is wrong. A picture whose file
is lost or damaged is whole again as soon as the same picture comes in, from wherever.
"""

if TYPE_CHECKING:
    from fsl_demo.backbones.networks import Networks


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs,
        "doctor",
        summary="Check packages, weights, devices and the workspace.",
        details=DETAILS,
        examples="doctor\ndoctor --repair",
    )
    options.add_workspace(parser)
    parser.add_argument(
        "--repair", action="store_true", help="delete files that nothing points to and that are older than an hour"
    )
    options.add_format(parser, "table", "json")
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    import torch

    declared = runtime.guard_torchvision()
    faults: list[str] = []
    facts: dict[str, Any] = {
        "fsl_demo": __version__,
        "python": f"{platform.python_version()} ({platform.system()} {platform.machine()})",
        "packages": {name: version(name) for name in PACKAGES},
        "device": str(runtime.device()),
        "devices": ["cpu", *_cuda_devices(), *(["mps"] if torch.backends.mps.is_available() else [])],
        "engine": f"{engine.installed()} runs the networks for photographs on a CPU",
        "threads": f"{torch.get_num_threads()} of {os.cpu_count()} CPUs",
        "torchvision": "operators declared (CPU-only torch)" if declared else "operators load",
        "weights": _weights(faults),
        "methods": _methods(faults),
        "workspace": _workspace(chosen, faults),
        "faults": faults,
    }
    if chosen.format == "json":
        reporting.print_json(facts)
    else:
        for name, value in facts.items():
            reporting.print_line(f"{name:12} {_text(value)}")
    return 1 if faults else 0


def _cuda_devices() -> list[str]:
    import torch

    return [f"cuda:{number} ({torch.cuda.get_device_name(number)})" for number in range(torch.cuda.device_count())]


def _weights(faults: list[str]) -> dict[str, str]:
    """Load each network, which checks its weights."""
    from fsl_demo import checkpoints
    from fsl_demo.backbones.cache import FeatureCache
    from fsl_demo.backbones.networks import Networks
    from fsl_demo.inference.variants import HasVariants
    from fsl_demo.methods import build

    networks = Networks(FeatureCache())
    states = {}
    shared: list[Any] = [networks.pictures, networks.whole_pictures, networks.texts]
    loaders = {network.title: partial(_load, network) for network in shared}
    with_variants = [method for method in build(networks).values() if isinstance(method, HasVariants)]
    names = [str(variant.checkpoint) for method in with_variants for variant in method.variants.known()]
    names += [entry.name for entry in checkpoints.catalogue()]
    loaders |= {name: partial(_load_checkpoint, networks, name) for name in dict.fromkeys(names)}
    for title, load in loaders.items():
        try:
            states[title] = f"sha256 {load()[:16]}"
        except UserError as error:
            faults.append(str(error))
            states[title] = "not usable"
    return states


def _load(network: Any) -> str:
    network.load()
    return network.weights


def _load_checkpoint(networks: Networks, name: str) -> str:
    """Load the version in use, and the network where it is one by itself."""
    from fsl_demo import checkpoints
    from fsl_demo.checkpoints.card import NetworkArchitecture

    checkpoint = checkpoints.load(name)
    if isinstance(checkpoint.card.architecture, NetworkArchitecture):
        networks.trained(name).load()
    return checkpoint.sha256


def _methods(faults: list[str]) -> list[str]:
    """Ids of the methods."""
    try:
        return list(reading.registry(None).methods)
    except UserError as error:
        faults.append(str(error))
        return []


def _workspace(chosen: argparse.Namespace, faults: list[str]) -> str:
    from fsl_demo import store

    if not chosen.workspace.is_dir():
        return f"{chosen.workspace}: none yet"
    try:
        workspace = store.Workspace(chosen.workspace) if chosen.repair else store.reader(chosen.workspace)
        wrong = workspace.check()
        left = workspace.clean() if chosen.repair else workspace.left_over()
        numbers = workspace.statistics()
    except UserError as error:
        faults.append(str(error))
        return f"{chosen.workspace}: not usable"
    if not chosen.repair:
        wrong += [f"{file}: nothing points to this file. `doctor --repair` deletes it." for file in left]
    faults += wrong
    counts = f"{numbers.episodes} episodes, {numbers.pictures} pictures, {numbers.labels} labels"
    state = f"{len(wrong)} faults" if wrong else "whole"
    deleted = f", {len(left)} files deleted" if chosen.repair else ""
    return f"{chosen.workspace}: {state}, {counts}{deleted}"


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {what}" for name, what in value.items())
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)
