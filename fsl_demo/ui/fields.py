"""What a field of a request or of a stored draft may hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

Sha = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Key = Annotated[str, StringConstraints(max_length=40)]
"""Key of a class, NONE, "queries", or ""."""
Name = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(max_length=100_000)]
Shas = Annotated[list[Sha], Field(max_length=100_000)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
