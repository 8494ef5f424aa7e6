"""The plotly figures of the Results tab."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from fsl_demo.ui.document import Document, Result
from fsl_demo.ui.html import View

MAX_LABEL = 24
MAX_NUMBERED = 40
GRID = "rgba(120, 113, 108, 0.25)"


def similarity_matrix(view: View, document: Document, result: Result) -> go.Figure:
    """Queries x classes: the raw similarities of one method."""
    names = _names(view, document)
    columns = [names[key] for key in result.classes]
    rows = [_query_name(view, sha, n) for n, sha in enumerate(result.queries, start=1)]
    figure = go.Figure(
        go.Heatmap(
            z=result.scores.similarities,
            x=columns,
            y=rows,
            colorscale="Viridis",
            colorbar={"title": view.say("similarity")},
            hovertemplate="%{y}<br>%{x}: %{z:.3f}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed")
    return _style(figure, height=200 + min(26 * len(rows), 560))


def distance_matrix(view: View, document: Document, result: Result) -> go.Figure:
    """Queries x support pictures: the distances of unit vectors, d^2 = 2 - 2 cos, class by class."""
    assert result.scores.pairs is not None
    names = _names(view, document)
    owner = {sha: row.key for row in document.rows() for sha in row.pictures}
    columns = [f"{names.get(owner.get(sha, ''), '?')} · {n}" for n, sha in enumerate(result.support, start=1)]
    rows = [_query_name(view, sha, n) for n, sha in enumerate(result.queries, start=1)]
    figure = go.Figure(
        go.Heatmap(
            z=np.sqrt(np.maximum(2 - 2 * result.scores.pairs, 0)),
            x=columns,
            y=rows,
            colorscale="Viridis",
            reversescale=True,
            colorbar={"title": view.say("distance")},
            hovertemplate="%{y}<br>%{x}: %{z:.3f}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed")
    return _style(figure, height=200 + min(26 * len(rows), 560))


def embedding_map(view: View, document: Document, points: np.ndarray, pictures: list[str]) -> go.Figure:
    """Support and query pictures in the plane of their first two principal components. `points`: [N, D]."""
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    plane = centred @ axes[:2].T
    if plane.shape[1] < 2:
        plane = np.pad(plane, ((0, 0), (0, 2 - plane.shape[1])))
    owner = {sha: row.key for row in document.rows() for sha in row.pictures}
    names = _names(view, document)
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
                text=[view.workspace.picture(pictures[i]).name for i in chosen],
                hovertemplate="%{text}<extra>%{fullData.name}</extra>",
            )
    queries = [i for i, sha in enumerate(pictures) if sha not in owner]
    number = {sha: n for n, sha in enumerate(document.queries, start=1)}
    figure.add_scatter(
        x=plane[queries, 0],
        y=plane[queries, 1],
        mode="markers+text" if len(queries) <= MAX_NUMBERED else "markers",
        name=view.say("queries"),
        marker={"symbol": "diamond-open", "size": 12, "color": "#57534e"},
        text=[str(number[pictures[i]]) for i in queries],
        textposition="top center",
        hovertext=[view.workspace.picture(pictures[i]).name for i in queries],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    figure.update_xaxes(title=view.say("component", n=1), zeroline=False)
    figure.update_yaxes(title=view.say("component", n=2), zeroline=False)
    return _style(figure, height=460)


def _names(view: View, document: Document) -> dict[str, str]:
    """Class key to a name that fits an axis and is unique there."""
    names: dict[str, str] = {}
    for n, (key, name) in enumerate(document.class_names().items(), start=1):
        short = name if len(name) <= MAX_LABEL else name[: MAX_LABEL - 1] + "…"
        short = short.replace("<", "‹").replace(">", "›") or str(n)
        names[key] = short if short not in names.values() else f"{short} ({n})"
    return names


def _query_name(view: View, sha: str, n: int) -> str:
    name = view.workspace.picture(sha).name.replace("<", "‹").replace(">", "›")
    return f"{n} · {name if len(name) <= MAX_LABEL else name[: MAX_LABEL - 1] + '…'}"


def _style(figure: go.Figure, height: int) -> go.Figure:
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
