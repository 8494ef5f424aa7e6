"""Checkpoints: weights with a card, in versions, of which one is in use.

The folder of checkpoints (`FOLDER`, or another one that is named) holds one folder a checkpoint::

    <name>/model.safetensors     version 1; what is shipped has nothing else
    <name>/card.json
    <name>/versions/2/…          the same two files, for each later version
    <name>/in_use                numbers of versions, one a line: the last is in use, those above were before it;
                                 without this file, version 1 is

Nothing that has been written is changed again, but for `in_use`. `save` writes a version into a hidden folder, syncs it
and renames it; only then does `in_use` name it, which `write_version` may leave to a person. Whoever is killed in
between leaves what was in use in use. Writers wait for each other at `.lock`; readers wait for nobody.

Nothing is read at import. `catalogue` and `hash_in_use` look at the folder whenever they are asked (`catalogue` once
within `one_look`, and read a card again only where its file has changed; weights are read and hashed by `load` alone.

A card names other checkpoints by name and hash. Names never lead out of the folders of checkpoints; a person may name
any folder, as a `Path`. Whatever is wrong with a checkpoint is a `UserError`.
"""

from fsl_demo.checkpoints.card import Card, Reference
from fsl_demo.checkpoints.current import Current
from fsl_demo.checkpoints.layout import FOLDER, Source
from fsl_demo.checkpoints.reading import Checkpoint
from fsl_demo.checkpoints.registry import (
    Entry,
    Version,
    catalogue,
    entry,
    hash_in_use,
    home_of,
    in_use,
    load,
    may_refer,
    one_look,
    refer,
    source_of,
    verified,
)
from fsl_demo.checkpoints.writing import add, roll_back, save, use, write_version

__all__ = [
    "FOLDER",
    "Card",
    "Checkpoint",
    "Current",
    "Entry",
    "Reference",
    "Source",
    "Version",
    "add",
    "catalogue",
    "entry",
    "hash_in_use",
    "home_of",
    "in_use",
    "load",
    "may_refer",
    "one_look",
    "refer",
    "roll_back",
    "save",
    "source_of",
    "use",
    "verified",
    "write_version",
]
