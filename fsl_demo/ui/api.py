"""The API of a running workbench: what the verbs `predict` and `caption` do, for programs. See `docs/api.md`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gradio_client.utils import is_file_obj_with_meta, traverse

from fsl_demo import runtime
from fsl_demo.core.accounts import Account
from fsl_demo.core.collections import MarkedRight
from fsl_demo.core.episodes import MAX_NAME, quiet
from fsl_demo.core.errors import Notice, UserError
from fsl_demo.core.registry import Registry
from fsl_demo.services import api_values, reading
from fsl_demo.services.caption import caption
from fsl_demo.services.diagnosis import diagnose
from fsl_demo.services.diagnosis_document import diagnosis_document
from fsl_demo.services.documents import predict_document
from fsl_demo.services.locate import predicted_regions
from fsl_demo.services.predict import classify, plans_of
from fsl_demo.services.review.access import labelled_pictures
from fsl_demo.services.subjects import of_members, of_support
from fsl_demo.ui import collections_api, export_api, review_api, search_api
from fsl_demo.ui.gradio_import import gradio as gr
from fsl_demo.ui.incoming import Uploads
from fsl_demo.ui.page import Page


def owner(account: Account | None) -> str:
    """Whose calls use what is uploaded for calls."""
    return "the API" if account is None else f"the API for {account.id}"


class Frame(gr.Blocks):
    """Gradio's page and API, which leaves files alone: it neither copies one into its cache nor fetches an address.

    Arguments at the end of a call may be left out, so that a program that knows an earlier version's goes on working.
    """

    async def preprocess_data(self, block_fn: Any, inputs: Any, *arguments: Any, **more: Any) -> Any:
        plain = traverse(inputs, lambda file: {"path": file["path"]}, is_file_obj_with_meta)
        plain = [*plain, *[None] * (len(block_fn.inputs) - len(plain))]
        return await super().preprocess_data(block_fn, plain, *arguments, **more)


def add(page: Page) -> None:
    """Add the end points to the page that is being built."""
    gr.api(_predict(page.registry, page.uploads), api_name="predict")
    gr.api(_caption(page.registry, page.uploads), api_name="caption")
    gr.api(_diagnose(page), api_name="diagnose")
    door = review_api.Door(_sentences, _account)
    review_api.add(page, door)
    received = partial(_uploaded, page.uploads)
    collections_api.add(page, door, received=received)
    export_api.add(page, door, received=received)
    search_api.add(page, door, received=received)


def _predict(registry: Registry, uploads: Uploads) -> Callable[..., dict[str, Any]]:
    def predict(
        queries: gr.FileData,
        support: gr.FileData | None = None,
        descriptions: dict[str, list[str]] | None = None,
        names: list[str] | None = None,
        boxes: dict[str, list[list[float]]] | None = None,
        use_region: bool | None = None,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Classify pictures.

        Args:
            queries: a zip or tar of pictures, or one picture.
            support: a zip or tar of class folders; may be left out when there are descriptions.
            descriptions: class name to phrasings, in English: a text, or a list of them.
            names: ids of methods; by default those that suit the support set.
            boxes: path of a support picture in its zip to boxes around the thing: left, top, right, bottom as fractions.
            use_region: compare the best region of each picture in place of the whole.

        Returns:
            The document that `python -m fsl_demo predict --format json` prints.
        """
        with _sentences(), _uploaded(uploads, request, queries, support) as (query_file, support_file):
            methods, described = api_values.method_names(names), api_values.descriptions(descriptions)
            on_regions = api_values.use_region(use_region)
            notices: list[str] = []

            def report(error: UserError) -> None:
                if not isinstance(error, Notice):
                    raise error
                notices.append(str(error))

            learned = reading.task(
                support_file, described, progress=quiet, report=report, boxes=api_values.boxes(boxes)
            )
            pictures = reading.queries(query_file, quiet, report) if query_file else {}
            if not pictures:
                raise UserError("no_queries")
            episode = replace(learned, queries=tuple(pictures.values()))
            episode.check()
            scores = classify(
                registry,
                episode,
                names=methods,
                settings={},
                progress=quiet,
                refused=lambda method, error: None,
                use_region=on_regions,
            )
            regions = predicted_regions(registry, episode, scores=scores, settings={}, progress=quiet)
            document = predict_document(episode, list(pictures), scores=scores, regions=regions)
            notices += document.get("notices", [])
            return {**document, "notices": notices} if notices else {**document}

    return predict


def _caption(registry: Registry, uploads: Uploads) -> Callable[..., list[dict[str, Any]]]:
    def describe(
        pictures: gr.FileData, captioner: str | None = None, request: gr.Request | None = None
    ) -> list[dict[str, Any]]:
        """Describe pictures in words.

        Args:
            pictures: a zip or tar of pictures, or one picture.
            captioner: id of a captioner; by default the first.

        Returns:
            The document that `python -m fsl_demo caption --format json` prints.
        """
        with _sentences(), _uploaded(uploads, request, pictures) as (file,):
            chosen = registry.captioner(api_values.captioner(captioner))
            documents = caption(chosen, reading.queries(file, quiet, _refuse) if file else {})
            return [dict(document) for document in documents]

    return describe


def _diagnose(page: Page) -> Callable[..., dict[str, Any]]:
    def look(
        support: gr.FileData | None = None,
        names: list[str] | None = None,
        collection: str | None = None,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Say what may be wrong with labelled pictures.

        Args:
            support: a zip or tar of class folders.
            names: ids of methods to compare; by default those that suit the pictures.
            collection: name of a collection, in place of a zip.

        Returns:
            The document that `python -m fsl_demo diagnose --format json` prints.
        """
        with _sentences(), _uploaded(page.uploads, request, support) as (file,):
            notices: list[str] = []

            def report(error: UserError) -> None:
                notices.append(str(error))

            marks: dict[str, MarkedRight] = {}
            if collection is None:
                subject = of_support(reading.task(file, {}, progress=quiet, report=report))
            else:
                subject = of_members(labelled_pictures(page.workspace, collection))
                marks = page.workspace.collections.settled(collection)
            methods = api_values.method_names(names)
            plans = plans_of(page.registry, methods, [example.picture for example in subject.episode.support])
            diagnosis = diagnose(page.registry, subject, plans, progress=quiet, report=report)
            document = diagnosis_document(diagnosis, marks)
            return {**document, "notices": [*notices, *document["notices"]]}

    return look


@contextmanager
def _sentences() -> Iterator[None]:
    """Tell the caller in a sentence what is wrong."""
    try:
        with runtime.memory_trouble():
            yield
    except UserError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _refuse(error: UserError) -> None:
    raise error


def _account(request: gr.Request | None) -> Account | None:
    """Whose call it is; None is the person at the machine itself."""
    return request.request.scope.get("account") if request is not None and request.request is not None else None


@contextmanager
def _uploaded(uploads: Uploads, request: gr.Request | None, *files: Any) -> Iterator[list[Path | None]]:
    """The paths of files that were uploaded for this call, which uses them up; None for one that was left out.

    Args:
        files: as Gradio hands them over, mappings with "path".

    Raises:
        UserError: `upload_gone`, for whatever was not uploaded: nobody names other files of this machine.
    """
    tokens = [None if file is None else _token(file) for file in files]
    taken = uploads.take(filter(None, tokens), owner(_account(request)))
    with uploads.using(*taken):
        paths = {upload.token: upload.path for upload in taken}
        yield [paths[token] if token else None for token in tokens]


def _token(file: Any) -> str:
    path = file.get("path") if isinstance(file, dict) else None
    if not isinstance(path, str) or not path:
        raise UserError("picture_missing", file=str(file)[:MAX_NAME], reason="not an upload")
    return path
