"""The house: arrows point down, nothing goes round in circles, and no part outgrows its reader."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "fsl_demo"
LAYERS = (
    ("__init__", "box_operators", "core", "runtime"),
    ("backbones", "checkpoints", "datasets", "inference", "layers", "losses"),
    ("captioners", "detectors", "evaluation", "methods", "portable", "training"),
    ("services",),
    ("__main__", "cli", "ui"),
)
"""From the foundation up; `store` stands beside the parts, and only services and doors may use it."""
STORE_USES = {"core", "datasets", "runtime", "store"}
DOORS = {"cli", "ui"}
LONGEST_MODULE, MEDIAN_MODULE, LONGEST_FUNCTION = 300, 100, 60
CODE = ("fsl_demo", "experiments", "benchmarks", "tests")
POSITIONAL = 4
"""Arguments from which on a call uses keywords."""
NAMELESS = {"one", "found", "some", "said"}
"""Names that do not say what they hold."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def code(*folders: str) -> list[Path]:
    """The files of whole folders."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part(module: str) -> str:
    """The folder or file of the package that a module is in."""
    names = module.split(".")
    return names[1] if len(names) > 1 else "__init__"


NAMES = {dotted(path) for path in modules()}


@cache
def imports(path: Path) -> frozenset[str]:
    """The modules of the package that a module imports, in functions too, but for those of type checking alone."""
    imported: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for other in node.orelse:
                visit(other)
            return
        if isinstance(node, ast.ImportFrom) and node.module:
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            imported.update(member if member in NAMES else node.module for member in members)
        elif isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(parsed(path))
    return frozenset(name for name in imported if name in NAMES) - {dotted(path)}


def height(name: str) -> int:
    return next(i for i, layer in enumerate(LAYERS) if name in layer)


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_arrows_point_down(path: Path) -> None:
    own, used = part(dotted(path)), {part(name) for name in imports(path)}
    if own == "store":
        assert used <= STORE_USES
        return
    assert all(height(name) <= height(own) for name in used - {"store"}), used
    if "store" in used:
        assert height(own) >= height("services")


def test_no_part_imports_in_a_circle() -> None:
    arrows: dict[str, set[str]] = {}
    for path in modules():
        own = part(dotted(path))
        arrows.setdefault(own, set()).update(part(name) for name in imports(path) if part(name) != own)
    assert list(TopologicalSorter(arrows).static_order())


def test_no_module_imports_in_a_circle() -> None:
    arrows = {dotted(path): imports(path) for path in modules()}
    try:
        list(TopologicalSorter(arrows).static_order())
    except CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None


@pytest.mark.process
@pytest.mark.parametrize(
    ("package", "absent"),
    [("core", ("torch", "sqlite3", "sqlite_utils", "gradio")), ("store", ("torch", "gradio"))],
)
def test_what_a_part_does_not_load(package: str, absent: tuple[str, ...]) -> None:
    names = [name for name in sorted(NAMES) if name.startswith(f"fsl_demo.{package}")]
    code = f"import sys, {', '.join(names)}; print([name for name in {absent} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_doors_know_nothing_of_each_other() -> None:
    for path in modules():
        own, used = part(dotted(path)), {part(name) for name in imports(path)}
        if own in DOORS:
            assert used.isdisjoint(DOORS - {own}), dotted(path)


def test_no_module_is_long_and_most_are_short() -> None:
    files = (*modules(), *code("experiments", "benchmarks"))
    lines = {dotted(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: count for name, count in lines.items() if count > LONGEST_MODULE} == {}
    assert statistics.median(lines.values()) < MEDIAN_MODULE


def test_no_function_is_long() -> None:
    long = [
        f"{dotted(path)}.{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path in modules()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of all variables, arguments, functions, classes and imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.alias):
            yield node.lineno, node.asname or node.name


@pytest.mark.parametrize("folder", CODE)
def test_names_say_what_they_hold(folder: str) -> None:
    nameless = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in code(folder)
        for line, name in names(parsed(path))
        if name in NAMELESS
    ]
    assert nameless == []


def callables(trees: Iterable[ast.Module]) -> tuple[set[str], set[str]]:
    """The names of what can be called with keywords, and of what cannot, as it takes any number of arguments."""
    ours, variadic = set(), {"__init__"}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.ClassDef):
            ours.add(node.name)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            fixture = any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)
            (variadic if node.args.vararg or fixture else ours).add(node.name)
    return ours, variadic


def foreign(tree: ast.Module) -> set[str]:
    """What a module imports from libraries."""
    return {
        alias.asname or alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if str(node.module if isinstance(node, ast.ImportFrom) else alias.name).split(".")[0] not in CODE
    }


def test_calls_with_four_arguments_name_them() -> None:
    ours, variadic = callables(map(parsed, code(*CODE)))
    positional = []
    for path in code(*CODE):
        libraries = foreign(parsed(path))
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Call) or len(node.args) < POSITIONAL:
                continue
            called = ast.unparse(node.func)
            name = called.rsplit(".", 1)[-1]
            if name in ours - variadic and called.split(".")[0] not in libraries:
                positional.append(f"{path.relative_to(ROOT)}:{node.lineno}: {called}")
    assert positional == []
