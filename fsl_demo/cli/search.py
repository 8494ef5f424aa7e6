"""`search`: the pictures of a workspace or a folder, found by a sentence, a picture, or words."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsl_demo.cli import options, reporting
from fsl_demo.cli.caption import DOUBT
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, ingest
from fsl_demo.services import reading

if TYPE_CHECKING:
    from fsl_demo.core.regions import Region
    from fsl_demo.core.registry import Registry
    from fsl_demo.core.spaces import ImageTextSpace, Matcher
    from fsl_demo.store import CollectionPicture, Workspace

DETAILS = """\
A workspace's pictures are those of its saved episodes, and those added for searching: on the page, or by `caption`.
Each picture is embedded once; its features are kept in the workspace. The JSON is a list of "file", "sha256",
"similarity", "classes" (that a person gave it) and "episodes", best first; with --words "caption" (null where the file
name has the words) and "doubtful" take the place of "similarity". With --where "region" is the best one: its "box"
(left, top, right, bottom, as fractions of the picture) and its "score"; null where the sentence is not in the picture.
"""
EXAMPLES = """\
search "a dog in the snow" --workspace workspace/
search --like dog.jpg --top 5 --format json
search "a dog in the snow" --data holiday/ --rerank
search "a red ball" --where
search --words "dog run"
"""
PLACES = "It needs a sentence."
NOWHERE = "Nothing like it is in these pictures."
RERANKS = "It needs a sentence, and compact-vlm."


def add(verbs: options.Verbs) -> None:
    summary = "Find pictures by a sentence, a picture, or words of their captions and names."
    parser = options.add_verb(verbs, "search", summary=summary, details=DETAILS, examples=EXAMPLES)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("sentence", nargs="?", metavar="SENTENCE", help="what the pictures show, in English")
    what.add_argument("--like", type=Path, metavar="FILE", help="a picture; those most like it are listed")
    what.add_argument(
        "--words",
        metavar="WORDS",
        help="words, or beginnings of words, that a picture's caption or file name has to have (of a workspace)",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="search this folder, zip or tar in place of the workspace"
    )
    parser.add_argument(
        "--workspace",
        type=Path,
        metavar="DIR",
        help="search this workspace (default: ./workspace); with --data, keep the pictures' features in it",
    )
    parser.add_argument("--method", metavar="ID", help="the method that compares (default: the first that can)")
    parser.add_argument(
        "--rerank", action="store_true", help="look at words and positions of the first ten, and put them in order"
    )
    parser.add_argument(
        "--where",
        action="store_true",
        help="find the best region of each listed picture for the sentence; surest first",
    )
    parser.add_argument("--top", type=options.count, default=20, metavar="N", help="how many to list (default: 20)")
    options.add_format(parser, "table", "json")
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    if chosen.words is not None:
        return _by_words(chosen)
    options.prepare(chosen)
    from fsl_demo import store
    from fsl_demo.services.search import space_named

    terminal = reporting.Terminal()
    like = ingest(chosen.like) if chosen.like else None
    if chosen.data is None:
        workspace = store.usable(_folder(chosen))
        registry = reading.registry(workspace.folder)
        offered = _collection(workspace, terminal)
    else:
        registry = reading.registry(chosen.workspace)
        offered = _given(chosen.data, terminal)
    space = space_named(registry, chosen.method or "")
    model = _model(chosen, registry, space) if chosen.rerank else None
    hits = _ranked(chosen, space=space, model=model, like=like, offered=offered, terminal=terminal)
    if chosen.where:
        _print_places(chosen, _placed(chosen, registry, hits=hits, terminal=terminal))
    elif chosen.format == "json":
        reporting.print_json([_document(hit, _similarity(hit)) for hit in hits])
    else:
        rows = [[f"{hit.similarity:.3f}", hit.file, "; ".join(hit.member.classes)] for hit in hits]
        reporting.print_table(["similarity", "file", "classes"], rows)
    return 1 if terminal.faults else 0


@dataclass(frozen=True)
class _Hit:
    """A picture that is listed, by the file that it is called; `similarity` where a vector was looked for."""

    file: str
    member: CollectionPicture
    similarity: float = 0.0


def _ranked(
    chosen: argparse.Namespace,
    space: ImageTextSpace,
    model: Matcher | None,
    like: Picture | None,
    offered: Sequence[_Hit],
    terminal: reporting.Terminal,
) -> list[_Hit]:
    """The offered pictures most like the sentence or the picture, best first.

    Raises:
        UserError: `no_collection`; what `sentence_vector` raises.
    """
    from fsl_demo.inference.phrases import sentence_vector
    from fsl_demo.services.search import PictureIndex, reranked

    if like:
        vector = space.embed([like], terminal.progress)[0]
    else:
        vector = sentence_vector(space, chosen.sentence, terminal.progress)
    others = {hit.member.picture.sha256: hit for hit in offered if hit.member.picture != like}
    if not others:
        raise UserError("no_collection")
    pictures = {sha256: hit.member.picture for sha256, hit in others.items()}
    index = PictureIndex(space)
    index.add(list(pictures.values()), terminal.progress)
    matches = index.search(vector, list(others), max(chosen.top, model.top if model else 0))
    if model:
        matches = reranked(model, chosen.sentence, matches=matches, pictures=pictures, progress=terminal.progress)
    return [replace(others[match.sha256], similarity=match.similarity) for match in matches[: chosen.top]]


def _similarity(hit: _Hit) -> dict[str, Any]:
    return {"similarity": round(hit.similarity, 6)}


def _placed(
    chosen: argparse.Namespace, registry: Registry, hits: Sequence[_Hit], terminal: reporting.Terminal
) -> list[tuple[_Hit, Region | None]]:
    """The listed pictures with the best region of each, the surest first.

    Raises:
        UserError: `setting_bad` without a sentence; `no_grounding`; what is wrong with the weights.
    """
    from fsl_demo.services.places import grounding, places

    if not chosen.sentence:
        raise UserError("setting_bad", name="--where", value="used", reason=PLACES)
    pictures = [hit.member.picture for hit in hits]
    by_hash = places.find(grounding(registry), chosen.sentence, pictures=pictures, progress=terminal.progress)
    placed = [(hit, by_hash[hit.member.picture.sha256]) for hit in hits]
    return sorted(placed, key=lambda pair: -(pair[1].score if pair[1] else 0.0))


def _print_places(chosen: argparse.Namespace, placed: Sequence[tuple[_Hit, Region | None]]) -> None:
    if chosen.format == "json":
        reporting.print_json(
            [
                _document(hit, {**_similarity(hit), "region": region and _region_document(region)})
                for hit, region in placed
            ]
        )
        return
    if placed and not any(region for _, region in placed):
        reporting.print_line(NOWHERE)
        return
    rows = []
    for hit, region in placed:
        shown = [f"{region.score:.3f}", " ".join(f"{edge:.2f}" for edge in region.box)] if region else ["", ""]
        rows.append([*shown, f"{hit.similarity:.3f}", hit.file, "; ".join(hit.member.classes)])
    reporting.print_table(["score", "box", "similarity", "file", "classes"], rows)


def _region_document(region: Region) -> dict[str, Any]:
    return {"box": [round(edge, 6) for edge in region.box], "score": round(region.score, 6)}


def _by_words(chosen: argparse.Namespace) -> int:
    from fsl_demo import store
    from fsl_demo.services.search import with_words

    if chosen.data is not None:
        raise UserError("words_need_workspace")
    if chosen.rerank:
        raise UserError("setting_bad", name="--rerank", value="used", reason=RERANKS)
    if chosen.where:
        raise UserError("setting_bad", name="--where", value="used", reason=PLACES)
    workspace = store.reader(_folder(chosen))
    result = with_words(workspace, chosen.words, wanted=store.GalleryFilter(), limit=chosen.top)
    if not workspace.gallery.counts().pictures:
        raise UserError("no_collection")
    hits = [
        (_Hit(hit.member.picture.name, hit.member), hit.words.caption if hit.words else None) for hit in result.hits
    ]
    if chosen.format == "json":
        reporting.print_json(
            [
                _document(hit, {"caption": caption and caption.text, "doubtful": bool(caption and caption.doubtful)})
                for hit, caption in hits
            ]
        )
    else:
        rows = [
            [
                hit.file,
                caption.text if caption else "",
                DOUBT if caption and caption.doubtful else "",
                "; ".join(hit.member.classes),
            ]
            for hit, caption in hits
        ]
        reporting.print_table(["file", "caption", "", "classes"], rows)
    return 0


def _folder(chosen: argparse.Namespace) -> Path:
    """The workspace that is searched.

    Raises:
        UserError: `folder_missing`: a misspelled folder isn't made.
    """
    folder = chosen.workspace or Path("workspace")
    if not folder.is_dir():
        raise UserError("folder_missing", folder=folder)
    return folder


def _document(hit: _Hit, match: dict[str, Any]) -> dict[str, Any]:
    return {
        "file": hit.file,
        "sha256": hit.member.picture.sha256,
        **match,
        "classes": list(hit.member.classes),
        "episodes": list(hit.member.episodes),
    }


def _model(chosen: argparse.Namespace, registry: Registry, space: ImageTextSpace) -> Matcher:
    """What puts the first pictures in a new order.

    Raises:
        UserError: `setting_bad` for a picture, or a space whose order it was not trained to improve; `no_joint_space`.
    """
    from fsl_demo.services.search import matcher

    model = matcher(registry)
    if chosen.like or space.id != model.improves:
        raise UserError("setting_bad", name="--rerank", value="used", reason=RERANKS)
    return model


def _collection(workspace: Workspace, terminal: reporting.Terminal) -> list[_Hit]:
    """The pictures of the collection; those whose files are lost are named and left out."""
    members = workspace.collection()
    lost = workspace.lost([member.picture.sha256 for member in members])
    for error in lost.values():
        terminal.fault(error)
    return [_Hit(member.picture.name, member) for member in members if member.picture.sha256 not in lost]


def _given(data: Path, terminal: reporting.Terminal) -> list[_Hit]:
    """The pictures of a folder or a zip."""
    from fsl_demo.store import CollectionPicture

    pictures = reading.queries(data, terminal.progress, terminal.fault)
    return [
        _Hit(file, CollectionPicture(picture, classes=(), episodes=(), added=False))
        for file, picture in pictures.items()
    ]
