"""The Results tab: one answer a query, grouped, filtered and accepted; methods side by side; what moved; plots."""

from __future__ import annotations

from typing import Any

from fsl_demo.services.documents import unfamiliar
from fsl_demo.ui import blanks, plots, prediction_diff, taking
from fsl_demo.ui.captions import CaptionDetails
from fsl_demo.ui.context import Context
from fsl_demo.ui.explanation import Details
from fsl_demo.ui.proposals import proposed_methods
from fsl_demo.ui.regions import RegionDetails, Regions
from fsl_demo.ui.requests import Tab
from fsl_demo.ui.sorted_pictures import SortedPictures
from fsl_demo.ui.tabs import region_edits
from fsl_demo.ui.tabs import results_edits as edits


def parts(context: Context) -> dict[str, Any]:
    document = context.document
    columns = [
        {
            "id": result.scores.method,
            "title": context.title(result.scores.method),
            "plain": plain_name(context, result.scores.method),
            "seconds": round(result.scores.seconds, 2),
            "scored": len(result.queries),
        }
        for result in document.results
    ]
    return {
        "moved": prediction_diff.render(context),
        "results-state": context.render(
            "results.html#state",
            queries=len(document.queries),
            results=bool(columns),
            outdated=document.outdated,
            unfamiliar=unfamiliar(result.scores for result in document.results),
        ),
        "plots": context.render("results.html#plots", columns=columns if not document.outdated else []),
        "data:columns": columns,
        "data:able": taking.able(context),
        "data:web": context.page.web is not None,
        "data:proposed": proposed_methods(context),
    }


def plain_name(context: Context, method: str) -> str:
    """What a method is called in plain words; its title where there are none."""
    return context.text(f"plain.{method}", context.title(method))


TAB = Tab(
    "results",
    label="tab_results",
    template="results.html",
    requests=(
        *(edits.Accept, edits.RemoveQueries, *region_edits.EDITS),
        *(
            SortedPictures,
            taking.TakeClassifier,
            Details,
            CaptionDetails,
            blanks.Blank,
            plots.Plots,
            Regions,
            RegionDetails,
        ),
    ),
    parts=parts,
)
