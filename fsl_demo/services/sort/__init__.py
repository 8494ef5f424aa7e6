"""Sorting a person's own files into a folder a class: planned, written down, carried out, undone.

`plan` says what goes where, `manifest` writes that down before the first file is touched, `carry` does it and can go on
after a kill at any moment, `undo` takes it back. `table` is the `sorted.csv` beside the folders.
"""

from fsl_demo.services.sort.carry import carry_out, sorted_before
from fsl_demo.services.sort.files import FreeNames
from fsl_demo.services.sort.manifest import Manifest, load, start, unfinished
from fsl_demo.services.sort.plan import FileAnswer, Folders, plan
from fsl_demo.services.sort.sources import source_files
from fsl_demo.services.sort.table import SortedRow, write_sorted_csv
from fsl_demo.services.sort.undo import undo

__all__ = [
    "FileAnswer",
    "Folders",
    "FreeNames",
    "Manifest",
    "SortedRow",
    "carry_out",
    "load",
    "plan",
    "sorted_before",
    "source_files",
    "start",
    "undo",
    "unfinished",
    "write_sorted_csv",
]
