"""The files that come with the program, beside its code: checkpoints and example recipes.

In a checkout they are in the folders at its top; the wheel carries them inside the package (see `pyproject.toml`).
"""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_INSTALLED = _PACKAGE / "shipped"
_ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent

CHECKPOINTS = _ROOT / "checkpoints"
EXAMPLES = _ROOT / "assets" / "examples.json"
