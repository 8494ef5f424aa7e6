"""The Workbench tab: class rows, queries, methods and Predict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fsl_demo.core.capabilities import Method, ReadsText
from fsl_demo.ui import clip_weights, diagnosis, examples, prompting, region_use, settings
from fsl_demo.ui.captions import Describe
from fsl_demo.ui.context import Context
from fsl_demo.ui.faces import CropFaces
from fsl_demo.ui.learning_curve import LearningCurve
from fsl_demo.ui.measured import measured
from fsl_demo.ui.prediction import Predict
from fsl_demo.ui.proposals import chosen_methods, proposed_methods
from fsl_demo.ui.requests import Tab
from fsl_demo.ui.tabs import workbench_edits as edits


def parts(context: Context) -> dict[str, Any]:
    document = context.document
    methods = chosen_methods(context)
    readers = [method for name in methods if (method := _reader(context.methods[name])) is not None]
    numbered = list(enumerate(document.classes, start=1))
    counts = sorted({len(row.pictures) for row in document.rows()})
    shown: dict[str, Any] = {
        "toolbar": context.render(
            "workbench.html#toolbar", title=document.title, steps=len(context.draft.history.steps)
        ),
        "examples": context.render(
            "workbench.html#examples",
            recipes=examples.recipes(),
            language=context.language.code,
            empty=document.is_empty(),
        ),
        "support": context.render(
            "workbench.html#support", classes=document.classes, ways=len(document.rows()), counts=counts
        ),
        "queries": context.render("workbench.html#queries", count=len(document.queries)),
        "go": context.render("workbench.html#go", outdated=document.outdated, queries=len(document.queries)),
        "methods": _methods(context, methods),
        "diagnosis": diagnosis.part(context),
    }
    names = context.draft.names()
    for number, row in numbered:
        shown[f"class:{row.key}"] = context.render(
            "workbench.html#class_row",
            row=row,
            label=context.say("class_n", n=number),
            pictures=[(sha, names.get(sha, "")) for sha in row.pictures],
            boxes={sha: len(document.boxes.get(sha, ())) for sha in row.pictures},
        )
        shown[f"data:boxes:{row.key}"] = {sha: document.boxes[sha] for sha in row.pictures if sha in document.boxes}
        shown[f"class:{row.key}:sentences"] = (
            context.render(  # apart, because every class has it when a method is ticked
                "workbench.html#sentences",
                key=row.key,
                shown=bool(readers) and bool(row.name.strip() or row.description.strip()),
                unread=prompting.unread(context, row, readers),
            )
        )
    return shown


def _reader(method: Method) -> ReadsText | None:
    return method if isinstance(method, ReadsText) else None


def _methods(context: Context, chosen: Sequence[str]) -> str:
    """The methods in three groups: proposed for these pictures, others, and those that gain nothing over another."""
    automatic = proposed_methods(context)
    groups: dict[str, list[dict[str, Any]]] = {"proposed": [], "others": [], "experiments": []}
    for name, method in context.methods.items():
        gains_nothing = method.card.kinds == () and clip_weights.setting(method) is None
        group = "proposed" if name in automatic else "experiments" if gains_nothing else "others"
        groups[group].append(
            {
                "card": method.card,
                "ticked": name in chosen,
                "weights": clip_weights.state(context, method) if name in chosen else None,
                "controls": settings.controls(context, method),
                "faults": settings.faults(context, method),
                "figures": measured(name),
            }
        )
    changed = context.document.methods is not None and set(chosen) != set(automatic)
    missing = [name for name in context.document.methods or () if name not in context.methods]
    return context.render(
        "workbench.html#methods", groups=groups, changed=changed, missing=missing, region=region_use.shown(context)
    )


TAB = Tab(
    "workbench",
    label="tab_workbench",
    template="workbench.html",
    requests=(
        *edits.EDITS,
        *diagnosis.EDITS,
        *(edits.New, edits.Duplicate, edits.OpenExample, edits.Latest),
        *(Predict, Describe, CropFaces, clip_weights.Download, region_use.UseRegion, region_use.CheckRegion),
        *(diagnosis.Diagnose, LearningCurve),
        prompting.Sentences,
    ),
    parts=parts,
)
