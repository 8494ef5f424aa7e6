"""The house: arrows point down, nothing goes round in circles, and no part outgrows its reader."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
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


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part(module: str) -> str:
    """The folder or file of the package that a module is in."""
    names = module.split(".")
    return names[1] if len(names) > 1 else "__init__"


NAMES = {dotted(path) for path in modules()}


@dataclass(frozen=True)
class Call:
    """A call with many positional arguments: `called` as it is written."""

    line: int
    called: str

    @property
    def name(self) -> str:
        return self.called.rsplit(".", 1)[-1]


@dataclass
class Module:
    """What these tests ask of a file.

    Attributes:
        imports: modules of the package, in functions too, but for those of type checking alone.
        foreign: what it imports from libraries.
        nameless: line and name of variables, arguments, functions, classes and imports of a bad name.
        long: its functions that are too long, with their lines.
        ours: the names of what can be called with keywords.
        variadic: of what cannot, as it takes any number of arguments.
    """

    imports: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    nameless: list[tuple[int, str]] = field(default_factory=list)
    long: list[str] = field(default_factory=list)
    ours: set[str] = field(default_factory=set)
    variadic: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)

    def add(self, node: ast.AST, typing_only: bool) -> None:
        name, line = "", getattr(node, "lineno", 0)
        if isinstance(node, ast.Name):
            name = node.id if isinstance(node.ctx, ast.Store) else ""
        elif isinstance(node, ast.arg):
            name = node.arg
        elif isinstance(node, ast.ClassDef):
            name = node.name
            self.ours.add(name)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name = node.name
            self._add_function(node)
        elif isinstance(node, ast.alias):
            name = node.asname or node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._add_import(node, typing_only)
        elif isinstance(node, ast.Call) and len(node.args) >= POSITIONAL:
            self.calls.append(Call(line, ast.unparse(node.func)))
        if name in NAMELESS:
            self.nameless.append((line, name))

    def _add_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        fixture = any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)
        (self.variadic if node.args.vararg or fixture else self.ours).add(node.name)
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > LONGEST_FUNCTION:
            self.long.append(f"{node.name}: {lines} lines")

    def _add_import(self, node: ast.Import | ast.ImportFrom, typing_only: bool) -> None:
        source = node.module if isinstance(node, ast.ImportFrom) else None
        for alias in node.names:
            if str(source or alias.name).split(".")[0] not in CODE:
                self.foreign.add(alias.asname or alias.name.split(".")[0])
            if not typing_only:
                member = f"{source}.{alias.name}" if source else alias.name
                self.imports.add(member if member in NAMES else source or member)


@cache
def read(path: Path) -> Module:
    """A file, looked through once."""
    module = Module()
    nodes: list[tuple[ast.AST, bool]] = [(ast.parse(path.read_text(encoding="utf-8")), False)]
    while nodes:
        node, typing_only = nodes.pop()
        module.add(node, typing_only)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            nodes += [(node.test, typing_only), *((child, True) for child in node.body)]
            nodes += [(child, typing_only) for child in node.orelse]
        else:
            nodes += [(child, typing_only) for child in ast.iter_child_nodes(node)]
    module.imports = {name for name in module.imports if name in NAMES} - {dotted(path)}
    return module


def height(name: str) -> int:
    return next(i for i, layer in enumerate(LAYERS) if name in layer)


def test_arrows_point_down() -> None:
    upwards = []
    for path in modules():
        own, used = part(dotted(path)), {part(name) for name in read(path).imports}
        if own == "store":
            wrong = used - STORE_USES
        else:
            wrong = {name for name in used - {"store"} if height(name) > height(own)}
            wrong |= used & {"store"} if height(own) < height("services") else set()
        upwards += [f"{dotted(path)} imports {name}" for name in sorted(wrong)]
    assert upwards == []


def test_no_part_imports_in_a_circle() -> None:
    arrows: dict[str, set[str]] = {}
    for path in modules():
        own = part(dotted(path))
        arrows.setdefault(own, set()).update(part(name) for name in read(path).imports if part(name) != own)
    assert list(TopologicalSorter(arrows).static_order())


def test_no_module_imports_in_a_circle() -> None:
    arrows = {dotted(path): read(path).imports for path in modules()}
    try:
        list(TopologicalSorter(arrows).static_order())
    except CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None


@pytest.mark.process
@pytest.mark.parametrize(
    ("package", "absent"),
    [
        ("core", ("torch", "sqlite3", "sqlite_utils", "gradio")),
        ("store", ("torch", "gradio")),
        ("ui", ("torch", "faiss", "transformers", "scipy", "sklearn")),  # or the server starts later
    ],
)
def test_what_a_part_does_not_load(package: str, absent: tuple[str, ...]) -> None:
    names = [name for name in sorted(NAMES) if name.startswith(f"fsl_demo.{package}")]
    code = f"import sys, {', '.join(names)}; print([name for name in {absent} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_doors_know_nothing_of_each_other() -> None:
    for path in modules():
        own, used = part(dotted(path)), {part(name) for name in read(path).imports}
        if own in DOORS:
            assert used.isdisjoint(DOORS - {own}), dotted(path)


def test_no_module_is_long_and_most_are_short() -> None:
    files = (*modules(), *code("experiments", "benchmarks"))
    lines = {dotted(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: count for name, count in lines.items() if count > LONGEST_MODULE} == {}
    assert statistics.median(lines.values()) < MEDIAN_MODULE


def test_no_function_is_long() -> None:
    assert [f"{dotted(path)}.{function}" for path in modules() for function in read(path).long] == []


@pytest.mark.parametrize("folder", CODE)
def test_names_say_what_they_hold(folder: str) -> None:
    nameless = [
        f"{path.relative_to(ROOT)}:{line}: {name}" for path in code(folder) for line, name in read(path).nameless
    ]
    assert nameless == []


def test_calls_with_four_arguments_name_them() -> None:
    files = {path: read(path) for path in code(*CODE)}
    variadic = {"__init__"}.union(*(module.variadic for module in files.values()))
    ours = set().union(*(module.ours for module in files.values())) - variadic
    positional = [
        f"{path.relative_to(ROOT)}:{call.line}: {call.called}"
        for path, module in files.items()
        for call in module.calls
        if call.name in ours and call.called.split(".")[0] not in module.foreign
    ]
    assert positional == []
