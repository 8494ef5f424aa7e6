"""Predicting in the background: progress for the page, Stop, and what the methods say of the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fsl_demo import runtime
from fsl_demo.episodes import Explanation, Focus, quiet
from fsl_demo.errors import Cancelled, UserError
from fsl_demo.ui import background, changes
from fsl_demo.ui.background import Step
from fsl_demo.ui.desk import Tab
from fsl_demo.ui.document import Document, Result
from fsl_demo.ui.html import View
from fsl_demo.ui.settings import settings_of
from fsl_demo.ui.workbench import chosen_methods


@dataclass
class Prediction:
    """What came of it: results by method, and the methods that could not answer, with the reason.

    `evidence` is the document's when it began: an edit made meanwhile makes the results out of date.
    """

    evidence: object
    results: list[Result]
    refused: dict[str, UserError]
    cancelled: bool = False


def predict(view: View, tab: Tab) -> Iterator[Step | Prediction]:
    """Run the ticked methods on the tab's document. Yields steps, and the `Prediction` last.

    Raises:
        UserError: when no method could start (no queries, one class, two classes of one name …).
    """
    document = tab.document
    chosen = chosen_methods(view, document)
    episode = document.episode(view.picture)
    episode.check()
    if not episode.queries:
        raise UserError("no_queries")
    if not chosen:
        raise UserError("no_methods")
    evidence = document.evidence()
    tab.stop.clear()
    plans = [(view.methods[name], settings_of(view.methods[name], document)) for name in chosen]
    rows = [row.key for row in document.rows()]
    names = [spec.name for spec in episode.classes]
    descriptions = ["\n".join(spec.descriptions) for spec in episode.classes]
    support = [example.picture.sha256 for example in episode.support]
    queries = list(document.queries)

    def work(hand_over: Callable[[Step | Prediction], None]) -> None:
        prediction = Prediction(evidence, [], {})
        try:
            for method, settings in plans:

                def progress(stage: str, done: int, total: int, title: str = method.card.title) -> None:
                    if tab.stop.is_set():
                        raise Cancelled
                    hand_over(Step(title, stage, done, total))

                try:
                    scores = method.fit(episode, settings, progress).predict(episode.queries, progress)
                except UserError as error:
                    prediction.refused[method.card.id] = error
                    continue
                device = str(runtime.device())
                prediction.results.append(Result(scores, rows, queries, support, device, names, descriptions))
        except Cancelled:
            prediction.cancelled = True
        hand_over(prediction)

    yield from background.run(work, "prediction")


def keep(document: Document, prediction: Prediction) -> None:
    """Put the results on the document. Of the earlier ones, those that they can be compared with stay."""
    if prediction.results and not prediction.cancelled:
        document.previous = changes.kept(document.results, prediction.results)
        document.results = prediction.results
        document.outdated = document.evidence() != prediction.evidence


def explain(
    view: View,
    document: Document,
    query: str,
    method: str,
    class_index: int,
    support: str,
    point: tuple[float, float, str] | None,
    phrase: str = "",
) -> Explanation:
    """Explain with the method fitted to the document's support set; features come from the cache.

    Args:
        support: the support picture to compare with; "" leaves it to the method.
        point: a place on one of the pictures, as fractions, and which: "query" or "support".
        phrase: words to look for on the query in place of the class.
    """
    chosen = view.methods[method]
    fitted = chosen.fit(document.episode(view.picture), settings_of(chosen, document), quiet)
    focus = Focus(
        view.picture(support) if support else None,
        point[:2] if point else None,
        "support" if point and point[2] == "support" else "query",
        phrase,
    )
    return fitted.explain(view.picture(query), class_index, focus)
