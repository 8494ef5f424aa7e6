"""The API of a running workbench: what the verbs `predict` and `caption` do, for programs. See `docs/api.md`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from fsl_demo.core.episodes import MAX_NAME, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.services import api_values, reading
from fsl_demo.services.caption import caption
from fsl_demo.services.documents import predict_document
from fsl_demo.services.predict import classify


def add(registry: Registry) -> None:
    """Add the end points to the page that is being built."""
    gr.api(_predict(registry), api_name="predict")
    gr.api(_caption(registry), api_name="caption")


def _predict(registry: Registry) -> Callable[..., dict[str, Any]]:
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
            descriptions: class name to phrasings, in English: a text, or a list of them.
            names: ids of methods; by default those that suit the support set.

        Returns:
            The document that `python -m fsl_demo predict --format json` prints.
        """
        with _sentences():
            methods = api_values.method_names(names)
            learned = reading.task(
                None if support is None else uploaded(support),
                api_values.descriptions(descriptions),
                progress=quiet,
                report=_refuse,
            )
            pictures = _pictures(queries)
            if not pictures:
                raise UserError("no_queries")
            episode = replace(learned, queries=tuple(pictures.values()))
            episode.check()
            scores = classify(
                registry, episode, names=methods, settings={}, progress=quiet, refused=lambda method, error: None
            )
            return dict(predict_document(episode, list(pictures), scores))

    return predict


def _caption(registry: Registry) -> Callable[..., list[dict[str, Any]]]:
    def describe(pictures: gr.FileData, captioner: str | None = None) -> list[dict[str, Any]]:
        """Describe pictures in words.

        Args:
            pictures: a zip of pictures, or one picture.
            captioner: id of a captioner; by default the first.

        Returns:
            The document that `python -m fsl_demo caption --format json` prints.
        """
        with _sentences():
            documents = caption(registry.captioner(api_values.captioner(captioner)), _pictures(pictures))
            return [dict(document) for document in documents]

    return describe


@contextmanager
def _sentences() -> Iterator[None]:
    """Tell the caller in a sentence what is wrong."""
    try:
        yield
    except UserError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _refuse(error: UserError) -> None:
    raise error


def _pictures(file: gr.FileData) -> dict[str, Picture]:
    return reading.queries(uploaded(file), quiet, _refuse)


def uploaded(file: Any) -> Path:
    """The path of a file that came through Gradio, checked to be one: nobody names other files of this machine.

    Args:
        file: as Gradio hands it over, a mapping with "path".

    Raises:
        UserError: `picture_missing`.
    """
    path = file.get("path") if isinstance(file, dict) else None
    if not isinstance(path, str) or not path or "\0" in path:
        raise UserError("picture_missing", file=str(file)[:MAX_NAME], reason="not an upload")
    resolved = Path(path).resolve()
    if not resolved.is_relative_to(Path(get_upload_folder()).resolve()):
        raise UserError("picture_missing", file=resolved.name, reason="not an upload")
    return resolved
