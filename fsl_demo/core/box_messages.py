"""What is told of boxes and annotations, in sentences; `errors` has all others."""

from __future__ import annotations

BOX_MESSAGES = {
    "annotation_bad": "{what} of “{file}” cannot be read ({reason}), so it is left out.",
    "box_category": "“{file}” has a box of a class that no list names ({category}), so the box is left out.",
    "box_name": "Box {number} of “{file}” has no name, or one of over {limit} characters, so it is left out.",
    "box_empty": "Box {number} of “{file}” has no area, or is not four numbers, so it is left out.",
    "box_outside": "Box {number} of “{file}” lies beyond the picture, so it is left out.",
    "box_turned": "A rectangle on “{file}” is turned; the upright box around it is read.",
    "boxes_cut": "“{file}” has boxes that reach beyond it ({count}); they are cut at its edges.",
    "boxes_file_missing": "“{file}” has {count} boxes for “{picture}”, which is not there, so they are left out. Add"
    " it.",
    "boxes_other_class": "“{file}” is an example of “{name}”, so its boxes of other classes ({count}) are left out.",
    "boxes_over": "“{file}” has {count} boxes; the first {limit} are read.",
    "boxes_unread": "“{file}” holds boxes. Only its pictures were taken; to have the boxes, import it on the tab"
    " *Collection*.",
    "boxes_no_examples": "“{file}” has {count} pictures with boxes of several classes, or with none; they are no"
    " examples of a class and were left out.",
    "boxes_size": "“{file}” has {size} pixels, upright, but its {count} boxes are for {other}, so they are left out."
    " Turn or annotate the picture again.",
    "pictures_unannotated": "“{file}” has {count} pictures that its annotations do not name (the first is “{first}”);"
    " they are left out.",
    "boxes_many": "There are {count} boxes on this picture; at most {limit} fit.",
    "boxes_cropped": "What was marked on the pictures that were cropped ({count} boxes) does not fit them any more, and"
    " is gone. Undo brings it back.",
    "mark_gone": "This box is no longer there, so nothing was changed.",
    "region_missing": "“{name}” is not marked so on query {number}, so there is nothing to take back.",
    "boxes_unknown": "There are boxes for “{file}”, which is no support picture. Write the path as in “{first}”.",
}
