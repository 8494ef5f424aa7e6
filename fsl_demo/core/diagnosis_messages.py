"""What the doctor says; see `errors.MESSAGES`."""

from __future__ import annotations

DIAGNOSIS_MESSAGES = {
    "diagnosis_empty": "There is no labelled picture to look at. Add some to the classes.",
    "finding_gone": "This finding is no longer known, so nothing was taken out. Look again.",
    "finding_key": "“{name}” is no key of a finding: `diagnose --collection NAME` has them (16 digits or a to f).",
    "finding_wrong_label": "Labelled “{label}”, but the others say “{suspected}” ({other:.0%}; “{label}” {own:.0%}).",
    "finding_exact_contradicts": "The same picture {count} times, in different classes: {classes}.",
    "finding_near_contradicts": "Nearly the same picture {count} times, in different classes: {classes}.",
    "finding_exact_leaks": "The same picture {count} times, to learn from and among the queries: its answer proves"
    " nothing.",
    "finding_near_leaks": "Nearly the same picture {count} times, to learn from and among the queries: its answer"
    " proves nothing.",
    "finding_exact_within": "The same picture {count} times in “{classes}”: it counts as one.",
    "finding_near_within": "Nearly the same picture {count} times in “{classes}”: they count as one.",
    "finding_influence": "Without this picture of “{label}”, {flips} answers change, and {gain} more are right.",
    "finding_alone": "“{label}” has {count} pictures, not two different ones: nothing can be said of it. Add some.",
    "finding_weak_class": "“{label}” is told less well than the rest: {right:g} of {total} right ({low:.0%} to"
    " {high:.0%}).",
    "finding_taken_for": "“{label}” is told less well than the rest: {right:g} of {total} right ({low:.0%} to"
    " {high:.0%}). Most of the others are taken for “{name}”.",
    "finding_dark": "A picture of “{label}” is dark.",
    "finding_uniform": "A picture of “{label}” is nearly uniform.",
    "finding_tiny": "A picture of “{label}” is tiny beside the others.",
    "finding_blurred": "A picture of “{label}” is blurred.",
    "untold_one_class": "With one class there is nothing to tell apart.",
    "untold_few_labels": "Classes with fewer than {least} different pictures: too few to say whether a label is wrong.",
    "untold_curve": "Too few to say what more pictures would buy: every class needs 3 different ones.",
    "leak_held_out": "{count} pictures have near-duplicates. With those left in, {seeming} would seem right; held out"
    " together, {honest} are.",
    "leak_held_out_same": "{count} pictures have near-duplicates. That does not change the score: {honest}.",
    "leak_queries_same": "{count} labelled queries are near-duplicates of pictures that are learned from. That does not"
    " change the score: {honest}.",
    "diagnosis_no_method": "Class means and near-duplicates take a method that is not installed, so nothing was looked"
    " at.",
    "leak_queries": "{count} labelled queries are near-duplicates of pictures that are learned from. With them"
    " {seeming} are right, without them {honest}.",
}
