"""What a class name means, in English sentences for a text encoder: templates and dictionary definitions.

The definitions are WordNet's, of ImageNet-22k's 21,841 classes, as timm ships them; the templates open_clip's.
"""

from __future__ import annotations

from functools import cache

from fsl_demo import runtime
from fsl_demo.backbones.efficientnet_lite0 import imagenet_names
from fsl_demo.core.episodes import ClassSpec, class_key, in_latin_script
from fsl_demo.inference.prompts import default_templates, prompts


def sentences(spec: ClassSpec) -> tuple[list[str], list[str]]:
    """The name in open_clip's simple templates, and what the class looks like or is.

    Descriptions of the person's own take the place of the dictionary's. What isn't in Latin script is left out.

    Returns:
        Sentences from the name, and sentences from descriptions; either may be empty.
    """
    described = tuple(text for text in spec.descriptions if in_latin_script(text))
    if not in_latin_script(spec.name):
        return [], list(described)
    glosses = () if described else tuple(definitions(spec.name))
    return prompts(ClassSpec(spec.name, described), default_templates(), glosses)


def imagenet_sentences() -> list[str]:
    """ImageNet's 1,000 classes, each as its name and definition."""
    from timm.data import ImageNetInfo

    names, info = imagenet_names(), ImageNetInfo()
    glosses = [info.index_to_description(i, detailed=True).split(": ", 1)[1] for i in range(len(names))]
    return [f"{name}: {gloss}" for name, gloss in zip(names, glosses, strict=True)]


def definitions(name: str) -> list[str]:
    """The dictionary's definitions of a name, or else of each word in it."""
    words = class_key(name.replace("_", " ")).split(" ")
    whole = _look_up(" ".join(words))
    return [text for _, text in whole] or [f"{lemma}, {text}" for word in words for lemma, text in _look_up(word)]


def _look_up(term: str) -> list[tuple[str, str]]:
    """(First lemma, definition) of each sense; only the senses that are first called so, if there are any."""
    for form in (term, term.removesuffix("s"), term.removesuffix("es"), term.replace(" ", "")):
        senses = _dictionary().get(form)
        if senses:
            return [sense for sense in senses if sense[0].casefold() == form] or senses
    return []


@cache
def _dictionary() -> dict[str, list[tuple[str, str]]]:
    runtime.guard_torchvision()
    from timm.data import ImageNetInfo

    info, senses = ImageNetInfo("imagenet22k"), dict[str, list[tuple[str, str]]]()
    for names, entry in zip(info.label_descriptions(), info.label_descriptions(detailed=True), strict=True):
        lemmas = [lemma.strip() for lemma in names.split(",")]
        for lemma in lemmas:
            senses.setdefault(lemma.casefold(), []).append((lemmas[0], entry.removeprefix(f"{names}: ")))
    return senses
