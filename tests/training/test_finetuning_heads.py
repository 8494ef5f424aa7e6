"""Fine-tunings of heads: what is exported is what was trained, and they learn on a few pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from fsl_demo import checkpoints
from fsl_demo.checkpoints import layout
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.compact_space import HEAD, NAMES, CompactSpace
from fsl_demo.inference.picture_space import PictureSpace
from fsl_demo.training import tasks
from fsl_demo.training.config import Config
from fsl_demo.training.events import EpochDone, Event
from fsl_demo.training.objectives.tuned_names import TunedNamesObjective
from fsl_demo.training.objectives.tuned_space import TunedSpaceObjective
from fsl_demo.training.run import run
from tests import tuned
from tests.backbones.loaded import SUBJECTS, crops
from tests.frozen import frozen


def pictures() -> dict[str, list[Picture]]:
    return {subject: list(crops(subject)) for subject in SUBJECTS}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tuned.shipped(tmp_path / "checkpoints", "picture_space", "compact_vlm", "lite0_minilm")
    monkeypatch.setattr(layout, "FOLDER", folder)


def finetuned(method: str, name: str, classes: dict[str, list[Picture]], folder: Path) -> list[EpochDone]:
    events: list[Event] = []
    task = tasks.finetuning(method, frozen(classes, (2, 2, 0)), start=checkpoints.load(name), networks=tuned.networks())
    run(task, Config(folder / "run", layout.FOLDER, name=name, epochs=2, used=False), events.append)
    return [event for event in events if isinstance(event, EpochDone)]


def test_the_space_is_changed_and_its_quick_guess_with_it(tmp_path: Path) -> None:
    before = PictureSpace(tuned.networks())
    epochs = finetuned("prototype", "picture_space", classes=pictures(), folder=tmp_path)
    assert epochs[-1].loss < epochs[0].loss
    after = PictureSpace(tuned.networks(), "picture_space@2")
    assert checkpoints.entry("picture_space").in_use == 1
    change = np.linalg.lstsq(before.weight.T, after.weight.T, rcond=None)[0].T
    assert np.linalg.matrix_rank(change - np.eye(len(change)), tol=1e-2) <= 16 and not np.allclose(change, np.eye(512))
    shown = [picture for members in pictures().values() for picture in members]
    nearness = (after.embed(shown) * after.embed_quickly(shown)).sum(axis=1).mean()
    assert nearness > (before.embed(shown) * before.embed_quickly(shown)).sum(axis=1).mean() - 0.05


def test_nothing_is_changed_before_the_first_step() -> None:
    values = torch.randn(3, 8)
    module = TunedSpaceObjective(8).eval()
    assert torch.allclose(module.vectors(values), torch.nn.functional.normalize(values))
    assert np.array_equal(module.matrix(), np.eye(8))
    names = TunedNamesObjective(np.eye(2, 8, dtype=np.float32)).eval()
    others = torch.randn(3, 2)
    expected = torch.nn.functional.normalize(values) @ torch.eye(2, 8).T + others
    assert torch.allclose(names.similarities(torch.cat([values, others], dim=1)), expected, atol=1e-6)


@pytest.mark.parametrize("sizes", [(2, 2), (2, 9, 9), (3, 3, 3, 1), (20, 20)])
def test_episodes_fit_however_few_and_uneven_the_pictures(sizes: tuple[int, ...]) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    module = TunedSpaceObjective(4)
    for rows in module.batches(labels, seed=0, epoch=0):
        classes, counts = np.unique(labels[rows], return_counts=True)
        assert len(classes) >= 2 and len(set(counts)) == 1 and counts[0] >= 2 and len(set(rows)) == len(rows)
        assert torch.isfinite(module(torch.randn(len(rows), 4), torch.from_numpy(labels[rows])))


def test_pictures_come_nearer_to_the_names_of_their_classes(tmp_path: Path) -> None:
    epochs = finetuned("compact-vlm", "compact_vlm", classes=pictures(), folder=tmp_path)
    assert epochs[-1].loss < epochs[0].loss and checkpoints.entry("compact_vlm").in_use == 1
    before, after = (CompactSpace(tuned.networks(), NAMES, checkpoint=f"compact_vlm@{number}") for number in (1, 2))
    shown = [members[0] for members in pictures().values()]
    texts = before.texts([[f"a photo of a {name}"] for name in SUBJECTS])
    np.testing.assert_allclose(after.texts([[f"a photo of a {name}"] for name in SUBJECTS]), texts, atol=2e-2)

    def margin(space: CompactSpace) -> float:
        similar = space.embed(shown)[:, :HEAD] @ texts[:, :HEAD].T
        return float(np.diag(similar).mean() - similar.mean())

    assert margin(after) > margin(before) + 0.01


def test_names_that_the_model_does_not_read_are_refused(tmp_path: Path) -> None:
    classes = dict(zip(("貓", "咖啡", "rocket"), pictures().values(), strict=True))
    with pytest.raises(UserError) as refused:
        finetuned("compact-vlm", "compact_vlm", classes=classes, folder=tmp_path)
    assert refused.value.code == "finetune_names"
