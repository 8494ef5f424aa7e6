"""Derives `fsl_demo/inference/hypernyms.tsv.gz` from WordNet 3.0 (Debian's package `wordnet-base` holds its files).

`python -m experiments.hypernyms /usr/share/wordnet`
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterable
from pathlib import Path

from fsl_demo import runtime

OUT = Path("fsl_demo/inference/hypernyms.tsv.gz")
SENSES = 2
"""Senses of a noun, the most usual first, that a caption can mean."""


def imagenet() -> list[str]:
    """Offsets of ImageNet's classes, the 1,000 and all others, which are WordNet 3.0's physical things."""
    runtime.guard_torchvision()
    from timm.data import ImageNetInfo

    infos = ImageNetInfo(), ImageNetInfo("imagenet22k")
    return [name.removeprefix("n") for info in infos for name in info.label_names()]


def lines(wordnet: Path) -> Iterable[str]:
    """WordNet's licence, then a synset a line: offset, its hypernyms' offsets, and its nouns.

    "=" and a number: how often the noun was met in this sense. "~": it is the noun's second sense.
    """
    counts = {}
    for line in (wordnet / "cntlist.rev").read_text().splitlines():
        key, _, count = line.split()
        counts[key] = int(count)
    senses = {}
    for line in (wordnet / "index.noun").read_text().splitlines():
        if not line.startswith(" "):
            lemma, *rest = line.split()
            senses[lemma] = [field for field in rest if len(field) == 8 and field.isdigit()]
    parents: dict[str, list[str]] = {}
    nouns: dict[str, list[str]] = {}
    for line in (wordnet / "data.noun").read_text().splitlines():
        if line.startswith(" "):
            yield f"# {line.lstrip(' 0123456789')}"
            continue
        offset, file, _, count, *fields = line.split("|")[0].split()
        words = [fields[2 * n : 2 * n + 2] for n in range(int(count, 16))]
        pointers = fields[2 * len(words) + 1 :]
        parents[offset] = [pointers[n + 1] for n in range(0, len(pointers) - 3, 4) if pointers[n] in ("@", "@i")]
        nouns[offset] = []
        for number, (word, lexical) in enumerate(words):
            rank = senses[word.lower()].index(offset)
            if rank < SENSES or not number:
                met = counts.get(f"{word.lower()}%1:{file}:{int(lexical, 16):02d}::", 0)
                nouns[offset].append(("~" if rank else "") + word + (f"={met}" if met else ""))
    wanted, new = set(), set(imagenet())
    while new:
        wanted |= new
        new = {parent for offset in new for parent in parents[offset]} - wanted
    for offset in sorted(wanted):
        yield f"{offset}\t{' '.join(parents[offset])}\t{' '.join(nouns[offset])}"


if __name__ == "__main__":
    OUT.write_bytes(gzip.compress("\n".join(lines(Path(sys.argv[1]))).encode(), mtime=0))
