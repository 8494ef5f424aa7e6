"""The page's API: what the verbs `predict` and `caption` do, for programs that talk to a running workbench."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gradio as gr

from fsl_demo.commands import caption, reading
from fsl_demo.commands import predict as command
from fsl_demo.episodes import ClassSpec, quiet
from fsl_demo.errors import UserError
from fsl_demo.methods import proposed
from fsl_demo.methods.captioning import Captioner
from fsl_demo.methods.contract import Method
from fsl_demo.ui.uploads import uploaded


def add(methods: dict[str, Method], captioners: Mapping[str, Captioner]) -> None:
    """Add the end points `/predict` and `/caption` to the page that is being built."""

    def predict(
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
            return _answer(methods, queries, support, descriptions or {}, names)
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
            return _described(captioners, pictures, captioner)
        except UserError as error:
            raise gr.Error(str(error), print_exception=False) from error

    gr.api(predict, api_name="predict")
    gr.api(describe, api_name="caption")


def _refuse(error: UserError) -> None:
    raise error


def _described(captioners: Mapping[str, Captioner], pictures: Any, name: str | None) -> list[dict[str, Any]]:
    found = reading.queries(uploaded(pictures["path"]), quiet, _refuse)
    return caption.document(caption.named(captioners, name), found, quiet)


def _answer(
    methods: dict[str, Method],
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
    answers, refused = [], []
    for method in reading.named(methods, names or proposed(methods, [one.picture for one in episode.support])):
        try:
            answers.append(method.fit(episode, method.Settings(), quiet).predict(episode.queries, quiet))
        except UserError as error:
            refused.append(error)
    if not answers:
        raise refused[0]
    return command.document(episode, list(pictures), answers)
