"""What JSON can hold, as types that pydantic checks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypeAliasType

Finite = Annotated[float, Field(allow_inf_nan=False)]
Plain = TypeAliasType("Plain", "bool | int | Finite | str | list[Plain] | dict[str, Plain] | None")
"""Any JSON value whose numbers are finite."""
