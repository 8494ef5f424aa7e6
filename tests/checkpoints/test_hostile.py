"""Whatever is wrong with a checkpoint is one sentence, and the others go on."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save as serialise

from fsl_demo import checkpoints
from fsl_demo.core.errors import UserError
from tests.checkpoints.tiny import NAME, replace_weights, rewrite, save

Damage = Callable[[Path], object]


def raw(text: str | bytes) -> Damage:
    """A card that is this text."""
    data = text.encode() if isinstance(text, str) else text
    return lambda home: (home / "card.json").write_bytes(data)


def field(**fields: object) -> Damage:
    return lambda home: rewrite(home, **fields)


def nested(depth: int) -> object:
    return {"a": nested(depth - 1)} if depth else 0


def number(text: str) -> Damage:
    """A card with a number that JSON does not have, or that is out of range."""

    def write(home: Path) -> None:
        card = json.loads((home / "card.json").read_text())
        file = json.dumps(card | {"training_seconds": 12345.5}).replace("12345.5", text)
        (home / "card.json").write_text(file)

    return write


def header(**entries: object) -> bytes:
    """A safetensors file with this header and no data."""
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text


def outside(file: str) -> Damage:
    """A file that is a link to one that lies elsewhere."""

    def link(home: Path) -> None:
        target = home.parent.parent / "elsewhere"
        (home / file).rename(target)
        (home / file).symlink_to(target)

    return link


def weights(data: bytes) -> Damage:
    return lambda home: replace_weights(home, data)


def no_file(home: Path) -> None:
    (home / "model.safetensors").unlink()
    os.mkfifo(home / "model.safetensors")


TENSOR = {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 4 << 40]}
FAULTS: dict[str, tuple[Damage, str, str]] = {
    "no card": (lambda home: (home / "card.json").unlink(), "weights_missing", "not installed"),
    "no weights": (lambda home: (home / "model.safetensors").unlink(), "weights_missing", "not installed"),
    "weights are a folder": (
        lambda home: ((home / "model.safetensors").unlink(), (home / "model.safetensors").mkdir()),
        "weights_unreadable",
        "no file",
    ),
    "weights are a pipe": (no_file, "weights_unreadable", "no file"),
    "card is a link outwards": (outside("card.json"), "checkpoint_outside", "leads out"),
    "weights are a link outwards": (outside("model.safetensors"), "checkpoint_outside", "leads out"),
    "cut card": (raw('{"name": "tiny", "seed"'), "weights_differ", "not the ones"),
    "card is a list": (raw("[]"), "weights_differ", "not the ones"),
    "card is binary": (raw(b"\xff\xfe\x00"), "weights_differ", "not the ones"),
    "deep card": (raw("[" * 100_000), "card_bad", "nested"),
    "nested card": (field(recipe=nested(100)), "card_bad", "nested"),
    "huge card": (raw(" " * 300_000), "card_bad", "256 kB"),
    "a long text": (field(machine="x" * 5000), "card_bad", "characters"),
    "a terminal's escapes": (field(data="\x1b[2J"), "card_bad", "cannot be shown"),
    "NaN": (number("NaN"), "card_bad", "not finite"),
    "infinity": (number("1e999"), "card_bad", "not finite"),
    "NaN in a recipe": (field(recipe={"rate": float("nan")}), "card_bad", "not finite"),
    "a negative time": (field(training_seconds=-1), "card_bad", "training_seconds"),
    "no name": (field(name=None), "card_bad", "name"),
    "no hash": (field(sha256=None), "card_bad", "sha256"),
    "a wrong hash": (field(sha256="0" * 64), "weights_differ", "not the ones"),
    "no hash at all": (field(sha256="md5:1"), "card_bad", "sha256"),
    "a seed of text": (field(seed="0"), "card_bad", "seed"),
    "a truth value for a number": (field(seed=True), "card_bad", "seed"),
    "figures of text": (field(figures={"validation": {"accuracy": "all"}}), "card_bad", "figures"),
    "a size of text": (field(size="large"), "card_incomplete", "size"),
    "a huge size": (field(size=[10**9, 10**9]), "card_incomplete", "size"),
    "a huge layer": (
        field(architecture={"backbone": "twin", "preprocessing": "ink28", "dimension": 10**12}),
        "card_incomplete",
        "dimension",
    ),
    "unknown arguments": (
        field(architecture={"backbone": "twin", "preprocessing": "ink28", "dimension": 8, "code": "import os"}),
        "card_incomplete",
        "code",
    ),
    "a network larger than its weights": (
        field(architecture={"vocabulary": 400_000, "width": 4096, "layers": 100, "heads": 8, "hidden": 9000}),
        "card_bad",
        "larger than",
    ),
    "an embedder without a hash": (field(embedder={"name": "other"}), "card_incomplete", "embedder"),
    "more bytes than there are": (field(bytes=10**6), "weights_differ", "not the ones"),
    "more parameters than there are": (field(parameters=10**6), "card_differs", "parameters"),
    "empty weights": (weights(b""), "weights_unreadable", "no safetensors"),
    "a pickle": (weights(b"\x80\x04cos\nsystem\n(S'true'\ntR."), "weights_unreadable", "no safetensors"),
    "a huge tensor": (weights(header(weights=TENSOR)), "weights_unreadable", "no safetensors"),
    "a huge header": (weights(struct.pack("<Q", 1 << 62) + b"{}"), "weights_unreadable", "no safetensors"),
    "a deep header": (weights(struct.pack("<Q", 10_000) + b"[" * 10_000), "weights_unreadable", "no safetensors"),
    "numbers that are not finite": (
        weights(serialise({"weights": np.full(6, np.nan, np.float32)})),
        "weights_unreadable",
        "not finite",
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoints"
    for name in (NAME, "whole"):
        save(folder, name=name)
    return folder


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_checkpoint_is_one_sentence_and_the_others_go_on(folder: Path, fault: str) -> None:
    damage, code, part = FAULTS[fault]
    damage(folder / NAME)
    with pytest.raises(UserError) as refused:
        checkpoints.load(NAME, folder)
    assert refused.value.code == code
    sentence = str(refused.value)
    assert NAME in sentence and part in sentence and sentence.isprintable()
    tiny, whole = (checkpoints.verified(entry, folder) for entry in checkpoints.catalogue(folder))
    assert (tiny.name, whole.name, whole.fault) == (NAME, "whole", None)
    assert tiny.fault is not None and str(tiny.fault) == sentence
    assert checkpoints.load("whole", folder).card.seed == 0


@pytest.mark.parametrize(
    "name", ["../tiny", "..", ".", "", "a/b", "a\\b", "/etc", "C:tiny", "a\0b", ".hidden", "a\nb", "\x1b[2J", "x" * 101]
)
def test_names_stay_in_the_folder(folder: Path, name: str) -> None:
    for act in (
        lambda: checkpoints.load(name, folder / NAME),
        lambda: checkpoints.save(name, {}, card={}, folder=folder / NAME),
        lambda: checkpoints.use(name, 1, folder / NAME),
        lambda: checkpoints.hash_in_use(name, folder / NAME),
    ):
        with pytest.raises(UserError) as refused:
            act()
        assert refused.value.code == "checkpoint_name" and str(refused.value).isprintable()
    assert sorted(entry.name for entry in checkpoints.catalogue(folder)) == [NAME, "whole"]


def test_a_folder_that_is_a_link_outwards_is_a_fault(folder: Path, tmp_path: Path) -> None:
    (folder / NAME).rename(tmp_path / "elsewhere")
    (folder / NAME).symlink_to(tmp_path / "elsewhere")
    tiny, whole = checkpoints.catalogue(folder)
    assert tiny.fault is not None and tiny.fault.code == "checkpoint_outside" and whole.fault is None
    with pytest.raises(UserError, match="leads out"):
        save(folder, 2.0)
    assert checkpoints.load(tmp_path / "elsewhere").card.seed == 0  # a person may name any folder


def test_a_whole_folder_of_checkpoints_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert [entry.fault for entry in checkpoints.catalogue(tmp_path / "link")] == [None, None]
    assert checkpoints.load(NAME, tmp_path / "link").card.seed == 0


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../whole", "checkpoint_name"),
        ("/etc", "checkpoint_name"),
        ("outwards", "checkpoint_outside"),
        ("nobody", "weights_missing"),
    ],
)
def test_references_stay_in_the_folder(folder: Path, tmp_path: Path, name: str, code: str) -> None:
    lender = checkpoints.load("whole", folder)
    (folder / "outwards").symlink_to(save(tmp_path, name="lender"))
    save(folder, name="borrower", embedder={"name": name, "sha256": lender.sha256})
    borrower = checkpoints.load("borrower", folder)
    assert borrower.card.embedder is not None
    with pytest.raises(UserError) as refused:
        checkpoints.refer(borrower.card.embedder, borrower)
    assert refused.value.code == code


def test_what_could_not_be_loaded_again_is_not_saved(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    for weights, card, code in (
        (np.ones(1, np.float32), {"seed": "0"}, "card_bad"),
        (np.ones(1, np.float32), {"size": "large"}, "card_incomplete"),
        (np.array([np.inf], np.float32), {}, "weights_unreadable"),
    ):
        with pytest.raises(UserError) as refused:
            checkpoints.save(NAME, {"weights": weights}, card=card, folder=folder)
        assert refused.value.code == code
    assert sorted(folder.rglob("*")) == before
