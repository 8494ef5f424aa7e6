"""The recipes of `docs/extending.md`, word for word: each is one new file and at most one line, and works everywhere.

A recipe is a section whose code blocks follow a line that names a file: a `diff` changes it, any other block is it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.documents import ROOT, Block, blocks

TEXT = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
FILE = re.compile(r"^`([\w./-]+)`")
COPIED = ("fsl_demo", "assets", "tests")
LINKED = ("checkpoints",)


@dataclass(frozen=True)
class Step:
    """A block of a recipe, and the file that it is or changes."""

    file: Path
    block: Block

    @property
    def added(self) -> list[str]:
        """The lines that a change adds."""
        return [line[1:] for line in self.block.text.splitlines() if line.startswith("+")]

    def apply(self, root: Path) -> None:
        """Write the file, or change it where the lines around the change are found once."""
        path = root / self.file
        if self.block.language != "diff":
            assert not path.exists(), f"{self.file} is there already"
            path.write_text(self.block.text, encoding="utf-8")
            return
        lines = self.block.text.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] == " ")
        after = "".join(line[1:] for line in lines)
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{self.file} has no place for {self.added}"
        path.write_text(text.replace(before, after), encoding="utf-8")


def recipes() -> dict[str, list[Step]]:
    """The steps of each section that has some, by its heading."""
    steps_of = {}
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        steps = [Step(Path(named[1]), block) for block in blocks(section) if (named := FILE.match(block.before))]
        if steps:
            steps_of[section.splitlines()[0]] = steps
    return steps_of


RECIPES = recipes()


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with all recipes applied."""
    root = tmp_path_factory.mktemp("extended")
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name)
    for name in LINKED:
        (root / name).symlink_to(ROOT / name, target_is_directory=True)
    shutil.copy(ROOT / "pyproject.toml", root)
    for steps in RECIPES.values():
        for step in steps:
            step.apply(root)
    return root


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_one_file_and_at_most_one_line(name: str) -> None:
    new = [step for step in RECIPES[name] if step.block.language != "diff"]
    changed = [step for step in RECIPES[name] if step.block.language == "diff"]
    assert len(new) == 1
    assert sum(len(step.added) for step in changed) <= 1
    assert not [line for step in changed for line in step.block.text.splitlines() if line[0] not in "+ "]


def test_what_can_be_added_has_a_recipe() -> None:
    recipes = {"A method", "A captioner", "A detector", "An export format", "A tab", "A language", "A verb"}
    assert set(RECIPES) == recipes | {"A training task", "A data set"}


@pytest.mark.parametrize("tool", ["ruff check", "ruff format --check"])
def test_recipes_are_written_like_the_rest(extended: Path, tool: str) -> None:
    files = [step.file for steps in RECIPES.values() for step in steps if step.file.suffix == ".py"]
    command = [sys.executable, "-m", *tool.split(), *map(str, files)]
    done = subprocess.run(command, cwd=extended, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.process
@pytest.mark.slow
def test_what_was_added_works_on_page_command_line_evaluation_and_export(extended: Path) -> None:
    """`extended.py` asserts; it runs in a process of its own, on the copy."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/docs/extended.py"]
    environment = os.environ | {"PYTHONPATH": str(extended)}
    done = subprocess.run(command, cwd=extended, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
