"""`explain`: why a method gave a query its answer, as pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fsl_demo.cli import options, reporting
from fsl_demo.core.episodes import Episode, Explanation
from fsl_demo.core.errors import disk_trouble
from fsl_demo.core.exports import replacing
from fsl_demo.core.file_names import folder_name
from fsl_demo.services import reading
from fsl_demo.services.documents import prediction

DETAILS = """\
Writes a PNG of the query and of the support picture most like it, under the heat map of the evidence for the
class, and prints as JSON what each one is. What the network did not see is dimmed.
"""
EXAMPLES = """\
explain --support pets/ --query unsorted/7.jpg --out why/
explain --support pets/ --query unsorted/7.jpg --methods asif --class dog --out why/
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs,
        "explain",
        summary="Show where a method sees the evidence for a class.",
        details=DETAILS,
        examples=EXAMPLES,
    )
    options.add_task(parser)
    parser.add_argument("--query", type=Path, required=True, metavar="FILE", help="the picture to explain")
    parser.add_argument(
        "--methods", "--method", default="prototype", metavar="ID", help="id of the method (default: prototype)"
    )
    parser.add_argument(
        "--class", dest="class_name", metavar="NAME", help="the class to ask about (default: the answer)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the pictures")
    parser.add_argument(
        "--opacity", type=options.fraction, metavar="O", default=0.55, help="of the heat map, 0 to 1 (default: 0.55)"
    )
    options.add_settings(parser)
    options.add_cache(parser)
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    from fsl_demo.core.pictures import ingest

    terminal = reporting.Terminal()
    query = ingest(chosen.query)
    episode = options.read_task(chosen, terminal)
    index = None if chosen.class_name is None else reading.class_index(episode, chosen.class_name)
    reading.heal(chosen.workspace, [*(example.picture for example in episode.support), query])
    registry = reading.registry(chosen.workspace)
    method = registry.method(chosen.methods)
    settings = reading.settings(registry, chosen.settings)[chosen.methods]
    fitted = method.fit(episode, settings, terminal.progress)
    scores = fitted.predict([query], terminal.progress)
    explanation = fitted.explain(query, scores.best(0) if index is None else index)
    reporting.print_json(
        {
            "query": query.name,
            "method": explanation.method,
            "class": episode.classes[explanation.class_index].name,
            "answer": prediction(scores, 0, episode.classes),
            "layers": _write(explanation, episode, folder=chosen.out, opacity=chosen.opacity),
        }
    )
    return 1 if terminal.faults else 0


def _write(explanation: Explanation, episode: Episode, folder: Path, opacity: float) -> list[dict[str, Any]]:
    """Draw each layer that has a map into `folder`; gives what there is to say of each layer."""
    from fsl_demo.services.overlays import overlay

    name = folder_name(episode.classes[explanation.class_index].name)
    descriptions = []
    for layer in explanation.layers:
        file = None
        if layer.map is not None:
            file = folder / f"{explanation.method}-{name}-{layer.role}.png"
            drawn = overlay(layer.picture, layer.map, seen=layer.seen, opacity=opacity)
            with disk_trouble(folder):
                folder.mkdir(parents=True, exist_ok=True)
            with replacing(file) as output:
                drawn.save(output, "PNG")
        descriptions.append(
            {
                "role": layer.role,
                "picture": layer.picture.name,
                "file": file and str(file),
                "seen": [round(edge, 4) for edge in layer.seen],
                "words": [{"text": text, "similarity": round(value, 4)} for text, value in layer.words],
            }
        )
    return descriptions
