"""The page's API: what the verbs `predict` and `caption` do, for programs that talk to a running workbench."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from fsl_demo.cli import caption
from fsl_demo.core.episodes import ClassSpec, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.registry import Registry
from fsl_demo.methods import proposed
from fsl_demo.services import reading
from fsl_demo.services.predict import Plan, predict, predict_document


def add(registry: Registry) -> None:
    """Add the end points `/predict` and `/caption` to the page that is being built."""

    def classify(
        queries: gr.FileData,
        support: gr.FileData | None = None,
        descriptions: dict[str, list[str]] | None = None,
        names: list[str] | None = None,
    ) -> dict[str, Any]:
        """Classify pictures.

        Args:
            queries: a zip of pictures, or one picture.
            support: a zip of class folders; may be left out when there are descriptions.
            descriptions: class name to phrasings, in English.
            names: ids of methods; by default those that suit the support set.

        Returns:
            The document that `python -m fsl_demo predict --format json` prints.
        """
        try:
            return _answer(registry, queries, support, descriptions or {}, names)
        except UserError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def describe(pictures: gr.FileData, captioner: str | None = None) -> list[dict[str, Any]]:
        """Describe pictures in words.

        Args:
            pictures: a zip of pictures, or one picture.
            captioner: id of a captioner; by default the first.

        Returns:
            The document that `python -m fsl_demo caption --format json` prints.
        """
        try:
            return _described(registry, pictures, captioner)
        except UserError as error:
            raise gr.Error(str(error), print_exception=False) from error

    gr.api(classify, api_name="predict")
    gr.api(describe, api_name="caption")


def _refuse(error: UserError) -> None:
    raise error


def _described(registry: Registry, pictures: Any, name: str | None) -> list[dict[str, Any]]:
    found = reading.queries(uploaded(pictures["path"]), quiet, _refuse)
    return caption.document(registry.captioner(name), found, quiet)


def _answer(
    registry: Registry,
    queries: Any,
    support: Any,
    descriptions: dict[str, list[str]],
    names: list[str] | None,
) -> dict[str, Any]:
    episode = reading.task(uploaded(support["path"]) if support else None, None, quiet, _refuse)
    specs = {spec.name: spec for spec in episode.classes}
    for name, phrasings in descriptions.items():
        specs[name] = ClassSpec(name, tuple(phrasings))
    pictures = reading.queries(uploaded(queries["path"]), quiet, _refuse)
    if not pictures:
        raise UserError("no_queries")
    episode = replace(episode, classes=tuple(specs.values()), queries=tuple(pictures.values()))
    episode.check()
    chosen = registry.chosen(names or proposed(registry.methods, [one.picture for one in episode.support]))
    plans = [Plan(method, method.Settings()) for method in chosen]
    scores = predict(episode, plans, quiet, lambda method, error: None)
    return predict_document(episode, list(pictures), scores)


def uploaded(path: str) -> Path:
    """The path of a file that came through Gradio, checked to be one: nobody names other files of this machine.

    Raises:
        UserError: `picture_missing`.
    """
    resolved = Path(path).resolve()
    if not resolved.is_relative_to(Path(get_upload_folder()).resolve()):
        raise UserError("picture_missing", file=resolved.name, reason="not an upload")
    return resolved
