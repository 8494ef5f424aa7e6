"""Who uses a workspace that others can reach, and what each may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from fsl_demo.core.errors import UserError

Role = Literal["annotator", "reviewer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may."""


@dataclass(frozen=True)
class Account:
    """A person.

    Attributes:
        id: never given again.
    """

    id: int
    name: str
    role: Role

    def require(self, role: Role) -> None:
        """Raise `role_needed` where the person has not got a role."""
        if ROLES.index(self.role) < ROLES.index(role):
            raise UserError("role_needed", name=self.name, role=role)
