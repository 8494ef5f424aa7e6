"""Who can do what: every method, captioner and detector by id, gathered when the program starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from fsl_demo.core.capabilities import Capability, Captioner, Detector, Method
from fsl_demo.core.errors import UserError

C = TypeVar("C")


class Registry:
    """Methods, captioners and detectors by id, in the order of their tables.

    Where somebody names no captioner, the first is used.
    """

    def __init__(
        self,
        methods: Iterable[Method] = (),
        captioners: Iterable[Captioner] = (),
        detectors: Iterable[Detector] = (),
    ) -> None:
        """
        Raises:
            ValueError: for two of one kind with the same id.
        """
        self.methods: dict[str, Method] = {}
        self.captioners: dict[str, Captioner] = {}
        self.detectors: dict[str, Detector] = {}
        for method in methods:
            _add(self.methods, method.card.id, method)
        for captioner in captioners:
            _add(self.captioners, captioner.card.id, captioner)
        for detector in detectors:
            _add(self.detectors, detector.card.id, detector)

    def method(self, name: str) -> Method:
        """
        Raises:
            UserError: `unknown_method`.
        """
        return _named(self.methods, name, "unknown_method")

    def chosen(self, names: Iterable[str]) -> list[Method]:
        """The methods of these ids, each once.

        Raises:
            UserError: `unknown_method`.
        """
        return [self.method(name) for name in dict.fromkeys(names)]

    def captioner(self, name: str | None = None) -> Captioner:
        """The captioner of this id; without one, the first.

        Raises:
            UserError: `unknown_captioner`.
        """
        return _named(self.captioners, name or next(iter(self.captioners), ""), "unknown_captioner")

    def detector(self, name: str) -> Detector:
        """
        Raises:
            UserError: `unknown_detector`.
        """
        return _named(self.detectors, name, "unknown_detector")

    def supporting(self, capability: type[C]) -> list[C]:
        """All that declare a capability: methods first, then captioners and detectors."""
        everything: list[Capability] = [
            *self.methods.values(),
            *self.captioners.values(),
            *self.detectors.values(),
        ]
        return [item for item in everything if isinstance(item, capability)]


def _add(known: dict[str, C], name: str, item: C) -> None:
    if name in known:
        raise ValueError(f"two are called {name!r}")
    known[name] = item


def _named(known: Mapping[str, C], name: str, code: str) -> C:
    if name not in known:
        raise UserError(code, name=name, known=", ".join(known))
    return known[name]
