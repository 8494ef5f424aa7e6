"""The page's API: what `python -m fsl_demo predict` does, for programs that talk to a running workbench."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr

from fsl_demo.commands import predict as command
from fsl_demo.commands import reading
from fsl_demo.episodes import ClassSpec, quiet
from fsl_demo.errors import UserError
from fsl_demo.methods import proposed
from fsl_demo.methods.contract import Method
from fsl_demo.ui.uploads import uploaded


def add(methods: dict[str, Method]) -> None:
    """Add the end point `/predict` to the page that is being built."""

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

    gr.api(predict, api_name="predict")


def _answer(
    methods: dict[str, Method],
    queries: Any,
    support: Any,
    descriptions: dict[str, list[str]],
    names: list[str] | None,
) -> dict[str, Any]:
    def refuse(error: UserError) -> None:
        raise error

    episode = reading.task(uploaded(support["path"]) if support else None, None, quiet, refuse)
    specs = {spec.name: spec for spec in episode.classes}
    for name, phrasings in descriptions.items():
        specs[name] = ClassSpec(name, tuple(phrasings))
    pictures = reading.queries(uploaded(queries["path"]), quiet, refuse)
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
