"""`weights`: weights of CLIP and of COCO's detector on this machine, and those to download."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping
from typing import Any

from fsl_demo.cli import options, reporting

DETAILS = """\
A name is ARCHITECTURE/TAG as open_clip has them, ARCHITECTURE:FILE, ARCHITECTURE/TAG:FILE or local-dir:FOLDER (with
open_clip_config.json). Only `weights download` makes a request, for the one file that is asked for. The weights
fasterrcnn_resnet50_fpn_v2/coco are those of the detector coco-things; with :FILE behind, `weights download` copies a
file that was fetched elsewhere, and checks its hash.
"""
EXAMPLES = """\
weights list
weights download ViT-B-32/laion2b_s34b_b79k
weights check ViT-B-32/laion2b_s34b_b79k
weights check ViT-B-32:/media/stick/open_clip_model.safetensors
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs,
        "weights",
        summary="List, download and check weights for CLIP, and for a detector of COCO's classes.",
        details=DETAILS,
        examples=EXAMPLES,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = options.add_verb(actions, "list", "List weights for a laptop: size, licence, whether they are here.")
    options.add_format(listing, "table", "json")
    listing.set_defaults(run=list_weights)
    getting = options.add_verb(actions, "download", "Download weights; a break-off leaves nothing behind.")
    _add_name(getting, "ARCHITECTURE/TAG")
    known = getting.add_mutually_exclusive_group()
    known.add_argument("--sha256", metavar="HASH", default="", help="of the file, where the hub names none")
    known.add_argument("--trust", action="store_true", help="take a file without any hash")
    getting.set_defaults(run=download)
    checking = options.add_verb(actions, "check", "Load weights, and say what goes with them.")
    _add_name(checking, "NAME")
    options.add_format(checking, "table", "json")
    options.add_machine(checking)
    checking.set_defaults(run=check)


def _add_name(parser: argparse.ArgumentParser, metavar: str) -> None:
    parser.add_argument("name", metavar=metavar, help="of the weights (`weights --help` says how names are made)")


def list_weights(chosen: argparse.Namespace) -> int:
    from fsl_demo.backbones import coco_detector
    from fsl_demo.backbones.clip.names import OFFERS, ClipName, folder

    offers = [
        dataclasses.asdict(offer) | {"here": bool(ClipName.parse(offer.name).local_path())}
        for offer in (*OFFERS, coco_detector.OFFER)
    ]
    if chosen.format == "json":
        reporting.print_json({"folder": str(folder()), "weights": offers})
        return 0
    rows = [
        [
            offer["name"],
            f"{offer['megabytes']} MB",
            offer["licence"] or "see its page",
            "yes" if offer["here"] else "no",
        ]
        for offer in offers
    ]
    reporting.print_table(["weights", "size", "licence", "here"], rows)
    print(f"\nThey lie in {folder()}. Any other ARCHITECTURE/TAG of open_clip's can be downloaded, too.")
    return 0


def download(chosen: argparse.Namespace) -> int:
    from fsl_demo import runtime
    from fsl_demo.backbones import coco_detector
    from fsl_demo.backbones.clip import downloads as clip_downloads
    from fsl_demo.backbones.clip.names import ClipName
    from fsl_demo.core.downloads import Expected

    runtime.prepare()
    name, progress = ClipName.parse(chosen.name), reporting.Terminal().progress
    expected = Expected(chosen.sha256.lower(), chosen.trust)
    if not coco_detector.named(name):
        print(clip_downloads.download(name, progress, expected))
    else:
        print(coco_detector.bring(name.path) if name.path else coco_detector.download(progress, expected))
    return 0


def check(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    from fsl_demo.backbones import coco_detector
    from fsl_demo.backbones.clip.model import Clip
    from fsl_demo.backbones.clip.names import ClipName
    from fsl_demo.backbones.clip.positions import dense

    if coco_detector.named(ClipName.parse(chosen.name)):
        coco_detector.load(reporting.Terminal().progress)
        names = set(coco_detector.categories()) - {coco_detector.BACKGROUND, coco_detector.UNUSED}
        return _say({"weights": str(coco_detector.file()), "classes": len(names)}, chosen.format)
    clip = Clip(chosen.name)
    parts = clip.load(reporting.Terminal().progress)
    seen = parts.network.visual.preprocess_cfg
    facts = {
        "weights": str(clip.files.file),
        "sha256": clip.files.sha256,
        "architecture": clip.files.model,
        "activation": "QuickGELU" if clip.files.config.get("quick_gelu") else "GELU",
        "pictures": {key: seen[key] for key in ("size", "mean", "std", "interpolation", "resize_mode")},
        "vectors": clip.channels,
        "scale": round(clip.scale(), 4),
        "texts": "Latin script" if clip.reads_english_only() else "its own tokenizer",
        "heat_maps": dense(parts.network.visual) is not None,
    }
    return _say(facts, chosen.format)


def _say(facts: Mapping[str, Any], form: str) -> int:
    if form == "json":
        reporting.print_json(facts)
    else:
        for name, value in facts.items():
            reporting.print_line(f"{name:12} {value}")
    return 0
