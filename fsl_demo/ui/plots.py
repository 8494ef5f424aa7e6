"""The plotly figures of the Results tab, as JSON that the page draws when they are unfolded."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go

from fsl_demo.core.capabilities import Embeds
from fsl_demo.core.errors import UserError
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import Name
from fsl_demo.ui.requests import Panel
from fsl_demo.ui.result import Result

MAX_LABEL = 24
MAX_NUMBERED = 40
GRID = "rgba(120, 113, 108, 0.25)"


class Plots(Panel):
    """The similarity matrix of one method and the map of the embeddings, as JSON."""

    method: Name

    def html(self, context: Context) -> str:
        document = context.document
        result = document.result(self.method) or next(iter(document.results), None)
        if result is None:
            raise UserError("no_queries")
        method = context.methods.get(result.scores.method)
        distances = method is not None and "distances" in method.card.explains and result.scores.pairs is not None
        matrix = distance_matrix(context, result) if distances else similarity_matrix(context, result)
        title = context.say("label_distances" if distances else "label_matrix")
        plane = "null"
        for embedder in context.registry.supporting(Embeds)[:1]:
            pictures = [*document.support(), *document.queries]
            points = embedder.embed([context.picture(sha) for sha in pictures])
            plane = embedding_map(context, points, pictures).to_json()
        return f'{{"title": {json.dumps(title)}, "matrix": {matrix.to_json()}, "map": {plane}}}'


def similarity_matrix(context: Context, result: Result) -> go.Figure:
    """Queries x classes: the raw similarities of one method."""
    names = _names(context)
    columns = [names.get(key) or context.class_name(key) for key in result.classes]
    rows = [_query_name(context, sha, n) for n, sha in enumerate(result.queries, start=1)]
    figure = go.Figure(
        go.Heatmap(
            z=result.scores.similarities,
            x=columns,
            y=rows,
            colorscale="Viridis",
            colorbar={"title": context.say("similarity")},
            hovertemplate="%{y}<br>%{x}: %{z:.3f}<extra></extra>",
        )
    )
    return styled(_named_axes(figure), height=200 + min(26 * len(rows), 560))


def distance_matrix(context: Context, result: Result) -> go.Figure:
    """Queries x support pictures: the distances of unit vectors, d^2 = 2 - 2 cos, class by class."""
    assert result.scores.pairs is not None
    names = _names(context)
    owner = {sha: row.key for row in context.document.rows() for sha in row.pictures}
    columns = [f"{names.get(owner.get(sha, ''), '?')} · {n}" for n, sha in enumerate(result.support, start=1)]
    rows = [_query_name(context, sha, n) for n, sha in enumerate(result.queries, start=1)]
    figure = go.Figure(
        go.Heatmap(
            z=np.sqrt(np.maximum(2 - 2 * result.scores.pairs, 0)),
            x=columns,
            y=rows,
            colorscale="Viridis",
            reversescale=True,
            colorbar={"title": context.say("distance")},
            hovertemplate="%{y}<br>%{x}: %{z:.3f}<extra></extra>",
        )
    )
    return styled(_named_axes(figure), height=200 + min(26 * len(rows), 560))


def embedding_map(context: Context, points: np.ndarray, pictures: list[str]) -> go.Figure:
    """Support and query pictures in the plane of their first two principal components. `points`: [N, D]."""
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    plane = centred @ axes[:2].T
    if plane.shape[1] < 2:
        plane = np.pad(plane, ((0, 0), (0, 2 - plane.shape[1])))
    owner = {sha: row.key for row in context.document.rows() for sha in row.pictures}
    names, names_of = _names(context), context.draft.names()
    figure = go.Figure()
    for key, name in names.items():
        chosen = [i for i, sha in enumerate(pictures) if owner.get(sha) == key]
        if chosen:
            figure.add_scatter(
                x=plane[chosen, 0],
                y=plane[chosen, 1],
                mode="markers",
                name=name,
                marker={"size": 11},
                text=[_literal(names_of[pictures[i]]) for i in chosen],
                hovertemplate="%{text}<extra>%{fullData.name}</extra>",
            )
    queries = [i for i, sha in enumerate(pictures) if sha not in owner]
    number = {sha: n for n, sha in enumerate(context.document.queries, start=1)}
    figure.add_scatter(
        x=plane[queries, 0],
        y=plane[queries, 1],
        mode="markers+text" if len(queries) <= MAX_NUMBERED else "markers",
        name=context.say("queries"),
        marker={"symbol": "diamond-open", "size": 12, "color": "#57534e"},
        text=[str(number[pictures[i]]) for i in queries],
        textposition="top center",
        hovertext=[_literal(names_of[pictures[i]]) for i in queries],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    figure.update_xaxes(title=context.say("component", n=1), zeroline=False)
    figure.update_yaxes(title=context.say("component", n=2), zeroline=False)
    return styled(figure, height=460)


def _names(context: Context) -> dict[str, str]:
    """Class key to a name that fits an axis and is unique there."""
    names: dict[str, str] = {}
    for n, (key, name) in enumerate(context.document.class_names().items(), start=1):
        short = name if len(name) <= MAX_LABEL else name[: MAX_LABEL - 1] + "…"
        short = _literal(short) or str(n)
        names[key] = short if short not in names.values() else f"{short} ({n})"
    return names


def _query_name(context: Context, sha: str, n: int) -> str:
    name = _literal(context.draft.names().get(sha, ""))
    return f"{n} · {name if len(name) <= MAX_LABEL else name[: MAX_LABEL - 1] + '…'}"


def _literal(name: str) -> str:
    """A name without what Plotly takes for markup or an address."""
    return name.replace("<", "‹").replace(">", "›")


def _named_axes(figure: go.Figure) -> go.Figure:
    """Names at both axes, the first row at the top; plotly would take "2024-05-01" for a date and "10" for a number."""
    return figure.update_xaxes(type="category").update_yaxes(type="category", autorange="reversed")


def styled(figure: go.Figure, height: int) -> go.Figure:
    """A figure as the page draws all of them."""
    return figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 56, "b": 10},
        template="plotly_white",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "IBM Plex Sans, Noto Sans TC, sans-serif", "size": 13, "color": "#78716c"},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        modebar={"remove": ["logo"]},
        yaxis={"automargin": True, "gridcolor": GRID},
        xaxis={"automargin": True, "gridcolor": GRID},
    )
