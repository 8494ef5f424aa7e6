"""Every verb and option of the command line is in `docs/command-line.md`, and nothing else is."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

import pytest

from fsl_demo.cli import parser
from fsl_demo.ui import launch
from tests.docs.documents import ROOT, sections

PAGE = sections((ROOT / "docs" / "command-line.md").read_text(encoding="utf-8"))
OPTIONS = re.compile(r"^\| `(--[\w-]+)", re.MULTILINE)
POSITIONAL = re.compile(r"^\| `([A-Z][\w/]*)`", re.MULTILINE)
SHARED = set(OPTIONS.findall(PAGE["Options that verbs share"]))


def parsers(top: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every verb, and the actions of verbs, by name."""
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb, inner in action.choices.items():
                path = f"{name} {verb}".strip()
                yield path, inner
                yield from parsers(inner, path)


VERBS = dict(parsers(parser()))


def shared(section: str) -> set[str]:
    """The options that a section says it shares with others."""
    shared = re.search(r"^Shared: (.+?)\.$", section, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`(--[\w-]+)`", shared[1])) if shared else set()


@pytest.mark.parametrize("verb", VERBS)
def test_the_verb_is_documented_with_all_its_options_and_no_others(verb: str) -> None:
    section = PAGE[verb]
    actions = [
        action
        for action in VERBS[verb]._actions
        if not isinstance(action, argparse._SubParsersAction) and action.dest != "help"
    ]
    own = set(OPTIONS.findall(section))
    assert own | shared(section) == {action.option_strings[-1] for action in actions if action.option_strings}
    assert shared(section) <= SHARED
    assert set(POSITIONAL.findall(section)) == {str(a.metavar) for a in actions if not a.option_strings}


def test_no_verb_is_documented_that_is_not_there() -> None:
    known = {verb.split()[0] for verb in VERBS}
    assert {title for title in PAGE if title.split()[0] in known or title.islower()} == set(VERBS)


def test_every_shared_option_is_used() -> None:
    assert set().union(*(shared(PAGE[verb]) for verb in VERBS)) == SHARED


@pytest.mark.parametrize("verb", VERBS)
def test_choices_are_documented(verb: str) -> None:
    section = PAGE[verb]
    for action in VERBS[verb]._actions:
        if isinstance(action, argparse._SubParsersAction) or shared(section) & {"--format", *action.option_strings}:
            continue
        if action.choices:
            for choice in action.choices:
                assert f"`{choice}`" in section, choice


def test_the_options_of_the_page_are_documented() -> None:
    section = sections((ROOT / "docs" / "deployment.md").read_text(encoding="utf-8"))["Options"]
    options = {a.option_strings[-1] for a in launch.parser()._actions if a.dest != "help"}
    assert set(OPTIONS.findall(section)) == options
