"""How good a support set is: every picture classified by all the others."""

from __future__ import annotations

import argparse
from pathlib import Path

from fsl_demo import methods
from fsl_demo.cli.evaluate.output import Output
from fsl_demo.evaluation.leave_one_out import leave_one_out
from fsl_demo.services import reading


def measure(chosen: argparse.Namespace, output: Output) -> None:
    """Print each method's accuracy, and the pictures that look like another class."""
    registry = reading.registry(chosen.workspace)
    episode = reading.task(Path(chosen.data), {}, progress=output.terminal.progress, report=output.terminal.fault)
    names = [spec.name for spec in episode.classes]
    output.about["split"] = "all pictures of the folder"
    firsts = [next(e.picture for e in episode.support if e.class_index == i) for i in range(len(names))]
    wanted = chosen.methods or methods.proposed(registry.methods, firsts)
    compared, settings = reading.compared(registry, wanted, chosen.settings)
    for method in compared:
        measured = leave_one_out(
            method=method,
            episode=episode,
            settings=settings[method.card.id],
            progress=output.terminal.progress,
        )
        output.say(
            f"{method.card.id}: {measured.accuracy:.1%} ({measured.low:.1%} to {measured.high:.1%})"
            f" of {len(episode.support)} pictures by leave one out"
        )
        suspects = []
        for number in measured.suspects():
            example, probabilities = episode.support[number], measured.probabilities[number]
            own, answer, sure = names[example.class_index], names[int(probabilities.argmax())], probabilities.max()
            file = example.picture.name
            suspects.append({"class": own, "file": file, "answer": answer, "probability": round(float(sure), 6)})
            output.say(f"  {own}/{file} looks like {answer} ({sure:.0%})")
        output.add(
            {
                "method": method.card.id,
                "pictures": len(episode.support),
                "accuracy": measured.accuracy,
                "low": measured.low,
                "high": measured.high,
                "suspects": suspects,
            }
        )
