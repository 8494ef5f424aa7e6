"""Everything that is installed keeps what its capabilities promise, and has none that it does not declare."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from fsl_demo.core import capabilities
from fsl_demo.core.capabilities import Capability, Captions, Classifies, Detects, ReadsText, SearchesText, Verifies
from fsl_demo.core.registry import Registry
from fsl_demo.inference.variants import HasVariants
from fsl_demo.services import registry
from tests.backbones.loaded import networks

CAPABILITIES = [
    capability
    for _, capability in inspect.getmembers(capabilities, inspect.isclass)
    if issubclass(capability, Capability) and capability is not Capability
] + [HasVariants]


def members(capability: type[Capability]) -> set[str]:
    """What a capability promises beside the card."""
    promised = set(getattr(capability, "__abstractmethods__", ())) | set(inspect.get_annotations(capability))
    return promised - {"card"}


@pytest.fixture(scope="module")
def known() -> Registry:
    return registry.build(networks())


@pytest.fixture(scope="module")
def everything(known: Registry) -> list[Any]:
    return known.supporting(Capability)


def test_all_tables_are_in_the_registry(known: Registry, everything: list[Any]) -> None:
    assert list(known.methods) == [method.card.id for method in known.supporting(Classifies)]
    assert (
        list(known.captioners) == [captioner.card.id for captioner in known.supporting(Captions)] == ["prefix", "gated"]
    )
    assert list(known.detectors) == [detector.card.id for detector in known.supporting(Detects)]
    assert list(known.detectors) == ["faces", "things", "named-things", "coco-things"]
    assert len(everything) == len(known.methods) + len(known.captioners) + len(known.detectors)


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda capability: capability.__name__)
def test_what_is_declared_is_there(everything: list[Any], capability: type[Capability]) -> None:
    able = [item for item in everything if isinstance(item, capability)]
    assert able, "nobody has it"
    for item in able:
        for name in members(capability):
            assert inspect.getattr_static(type(item), name, None) is not None or name in vars(item), (
                item.card.id,
                name,
            )


def test_what_is_there_is_declared(known: Registry) -> None:
    for item in known.methods.values():
        declared = {name for capability in CAPABILITIES if isinstance(item, capability) for name in members(capability)}
        public = {name for name in (*dir(type(item)), *vars(item)) if not name.startswith("_")}
        undeclared = public & {name for capability in CAPABILITIES for name in members(capability)} - declared
        assert not undeclared, (item.card.id, undeclared)


def test_cards_say_what_the_methods_declare(known: Registry) -> None:
    for name, method in known.methods.items():
        assert method.card.reads_text == isinstance(method, ReadsText), name
        assert method.Settings() == method.Settings.read({}, name)
    assert [method.card.id for method in known.supporting(SearchesText)] == ["compact-vlm"]
    assert {method.card.id for method in known.supporting(Verifies)} == {
        *("siamese", "siamese-cbam", "s3net", "can", "can-transductive"),
    }
