"""The learning curve of a diagnosis, as a plotly figure and a table."""

from __future__ import annotations

import plotly.graph_objects as go

from fsl_demo.evaluation.diagnosis.curve import Curve
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import Name
from fsl_demo.ui.plots import styled
from fsl_demo.ui.requests import Panel


class LearningCurve(Panel):
    """Accuracy by pictures a class, all methods on the same resamples.

    Attributes:
        collection: whose; "" is the draft's classes.
    """

    collection: Name = ""

    def html(self, context: Context) -> str:
        diagnosed = context.draft.diagnosed
        own = diagnosed.diagnosis if diagnosed else None
        diagnosis = context.draft.diagnosed_collections.get(self.collection) if self.collection else own
        curve = diagnosis.curve if diagnosis else None
        if curve is None:
            return ""
        return context.render("diagnosis.html#curve", curve=curve, figure=figure(context, curve).to_json())


def figure(context: Context, curve: Curve) -> go.Figure:
    """A line with error bars for each method."""
    drawn = go.Figure()
    for method, points in curve.points.items():
        drawn.add_scatter(
            x=list(curve.sizes),
            y=[100 * point.mean for point in points],
            error_y={
                "type": "data",
                "array": [100 * (point.high - point.mean) for point in points],
                "arrayminus": [100 * (point.mean - point.low) for point in points],
                "thickness": 1,
            },
            mode="lines+markers",
            name=context.title(method),
            hovertemplate="%{x}: %{y:.1f} %<extra>%{fullData.name}</extra>",
        )
    drawn.update_xaxes(title=context.say("diagnosis.curve_x"), dtick=1 if curve.sizes[-1] < 15 else None)
    drawn.update_yaxes(title=context.say("diagnosis.curve_y"), rangemode="tozero")
    return styled(drawn, height=340)
