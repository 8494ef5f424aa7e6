"""What went wrong, in a sentence that says what to do.

Every error that a person can cause is a `UserError` with a code and parameters. `str(error)` is
English, for the command line; the page looks the code up in its own catalogue.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from fsl_demo.core.archive_messages import ARCHIVE_MESSAGES
from fsl_demo.core.box_messages import BOX_MESSAGES
from fsl_demo.core.bulk_messages import BULK_MESSAGES
from fsl_demo.core.collection_messages import COLLECTION_MESSAGES
from fsl_demo.core.diagnosis_messages import DIAGNOSIS_MESSAGES
from fsl_demo.core.finetuning_messages import FINETUNING_MESSAGES
from fsl_demo.core.portable_messages import PORTABLE_MESSAGES
from fsl_demo.core.search_messages import SEARCH_MESSAGES

MESSAGES = {
    **ARCHIVE_MESSAGES,
    **BOX_MESSAGES,
    **BULK_MESSAGES,
    **DIAGNOSIS_MESSAGES,
    **PORTABLE_MESSAGES,
    **COLLECTION_MESSAGES,
    **FINETUNING_MESSAGES,
    **SEARCH_MESSAGES,
    "picture_empty": "“{file}” is empty (0 bytes). Save or export it again and add the new file.",
    "picture_bytes": "“{file}” has {megabytes:.0f} MB; at most {limit:.0f} MB are read. Save a smaller copy.",
    "picture_pixels": "“{file}” has {megapixels:.0f} megapixels; at most {limit:.0f} are read. Save a smaller copy.",
    "picture_unknown": "“{file}” is not a picture. JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC, AVIF and PGM are read.",
    "picture_kind_unread": "“{file}” is of a kind that is not read ({kind}). Save it as JPEG or PNG.",
    "picture_costly": "“{file}” takes more time or memory to decode than a picture may. Save it smaller, or as a JPEG"
    " that is not progressive.",
    "picture_broken": "“{file}” is damaged: it ends too early or cannot be decoded. Copy it again from its source.",
    "picture_missing": "“{file}” cannot be read: {reason}.",
    "no_face": "No face was found in “{file}”, so it stays as it is.",
    "class_name_empty": "Class {position} has no name. Type one.",
    "class_name_long": "The class name “{start}…” has {length} characters; at most {limit} fit.",
    "class_name_twice": "Two classes are called “{name}”. Rename one or merge them.",
    "class_empty": "“{name}” has no pictures, and {method} learns from pictures only. Add at least one.",
    "class_undescribed": "{method} needs at least one picture of “{name}”, or a description of it in English.",
    "description_long": "The description of “{name}” has {length} characters; at most {limit} fit.",
    "description_script": "The text model reads English. Describe “{name}” in English to use it in {method}.",
    "template_bad": "“{template}” is no prompt template. A pair of curly brackets must stand in it once, for the class"
    " name, and it may have at most {limit} characters.",
    "templates_many": "There are {count} prompt templates; at most {limit} fit. Remove some.",
    "one_class": "One class is not a choice. Add a second class.",
    "no_queries": "There is no query yet. Add at least one picture to classify.",
    "no_methods": "No method is chosen. Tick at least one.",
    "blank_none": "The sentence has no blank. Write ___ or [MASK] where a word is missing.",
    "blank_many": "The sentence has {count} blanks. Leave one, and write words for the others.",
    "nothing_ticked": "No picture is ticked. Tick at least one.",
    "no_joint_space": "None of the methods compares texts with pictures, so there is nothing to search with.",
    "no_grounding": "None of the methods says where on a picture something is.",
    "no_collection": "There is no picture to search yet. Save an episode, or add pictures for searching.",
    "unknown_method": "There is no method “{name}”. There are: {known}.",
    "data_unknown": "There is no data set “{name}”, nor a folder of that name. There are: {known}.",
    "data_missing": "The pictures of {name} are not in {folder}. Put them there, or try --download.",
    "unknown_captioner": "There is no captioner “{name}”. There are: {known}.",
    "unknown_detector": "There is no detector “{name}”. There are: {known}.",
    "no_pictures": "There is no picture to describe. Name at least one that can be read.",
    "unknown_class": "There is no class “{name}”. There are: {known}.",
    "setting_bad": "“{name}” cannot be {value}. {reason}",
    "reason_setting": "{method} has: {known}.",
    "reason_number": "It is a number from {low} to {high}.",
    "reason_whole_number": "It is a whole number from {low} to {high}.",
    "reason_choice": "It is one of: {known}.",
    "reason_text": "It is a text of at most {limit} characters.",
    "weights_missing": "The weights of {name} are not installed. Run `make install` again.",
    "weights_differ": "The weights of {name} are not the ones that its card names. Install them again.",
    "weights_unreadable": "The weights of {name} cannot be read ({reason}). Make the checkpoint again.",
    "checkpoint_name": "“{name}” cannot be the name of a checkpoint. Use letters, digits, spaces, “_”, “-”, “+” and"
    " “.”, at most {limit} of them.",
    "checkpoint_outside": "{name} leads out of the folder of checkpoints, so it is not read. Copy its files there.",
    "version_missing": "{name} has no version {version}. There are: {known}.",
    "version_first": "No other version of {name} was in use before. Choose one with `python -m fsl_demo checkpoints"
    " use {name} VERSION`.",
    "in_use_bad": "The file in_use of {name} names no version. Choose one with `python -m fsl_demo checkpoints use"
    " {name} VERSION`.",
    "card_bad": "The card of {name} cannot be used ({reason}). Make the checkpoint again.",
    "card_incomplete": "The card of {name} does not say how its network is built ({reason}). Make the checkpoint"
    " again.",
    "card_differs": "The weights of {name} do not fit its card ({part}). Make the checkpoint again.",
    "memory_short": "There is not enough memory for this ({device}). Close other programs that use it, or choose"
    " another method or --device.",
    "package_missing": "{name} is not installed. Install it: requirements-dev.txt names it.",
    "disk_full": "The disk is full, so nothing was saved in {folder}. Free some space and save again.",
    "folder_unwritable": "{folder} cannot be written ({reason}). Allow it, or choose another folder.",
    "workspace_damaged": "{folder} holds a damaged database ({reason}). Restore a copy, or choose another folder.",
    "workspace_newer": "{folder}/{file} was written by a later version of the workbench, which this one would damage."
    " Install that version, or choose another folder.",
    "workspace_foreign": "{folder}/{file} is not a database of the workbench. Choose another folder.",
    "workspace_emptied": "{folder} has pictures, but {file} is empty or gone. Put a copy of it there ({backups}/ may"
    " have one), or begin in another folder.",
    "workspace_none": "{folder} is no workspace: it has no {file}. Name the folder that the page was opened on.",
    "workspace_read_only": "{folder} is open for reading only, and stays as it is.",
    "workspace_busy": "Another program has kept {folder} locked for 10 seconds. Close it, then try again.",
    "picture_not_stored": "The workspace has no picture {sha256}. Add it again.",
    "draft_missing": "The workspace does not have this page's draft. Reload the page to begin a new one.",
    "draft_stale": "Another process saves this draft again and again. Close the other workbench on this workspace.",
    "episode_missing": "The workspace has no episode {episode}. Choose one from the list.",
    "query_missing": "“{title}” has no query {number}. Reload the episode.",
    "folder_missing": "There is no folder {folder}. Check how it is spelled.",
    "no_class_folders": "“{folder}” has no class folders. Put the pictures of each class into a folder of its own.",
    "no_class_pictures": "The class folders of “{folder}” have no pictures in them. Put some there.",
    "folder_link": "“{file}” is a link that leads out of “{folder}”, and was left out. Put a copy there.",
    "folder_without_pictures": "“{folder}” ({count} files) holds no pictures and was left out.",
    "no_class": "“{file}” lies in no class folder and was left out.",
    "class_nested": "Pictures in folders inside “{name}” ({count}, the first in “{folder}”) count as “{name}”.",
    "classes_merged": "“{other}” and “{name}” are one class here: “{name}”.",
    "part_left_out": "“{part}” ({count} pictures) was left out, because “{read}” beside it is read.",
    "unlike_unknown": "The examples are too few, or too much alike, to say which pictures are unlike them. Add more of"
    " each class.",
    "names_unfamiliar": "Not English that the text model knows well: {names}. Describe these classes in English, or"
    " give them other names.",
    "picture_twice": "“{file}” shows the same pixels as “{first}” and counts once.",
    "picture_two_classes": "“{file}” of “{name}” shows the same pixels as “{first}” of “{other}”, and was left out.",
    "import_unknown": "“{file}” cannot be imported. A zip, a tar, a folder and a CSV can.",
    "import_document": "“{file}” does not describe an episode ({reason}). Export it again.",
    "import_incomplete": "“{file}” names pictures that are not there ({count}, the first is “{first}”). Add them.",
    "export_entries": "These episodes have more than {limit} pictures, too many for one file. Choose fewer.",
    "export_not_file": "{file} is there already and is no file, so nothing is written to it. Choose another name.",
    "export_outside": "{folder} is a link to somewhere else, so nothing is written through it. Remove the link.",
    "episode_part": "A part of “{title}” cannot be read ({reason}), so it is left out.",
    "csv_columns": "“{file}” lacks the columns {missing}. Add them to its first line.",
    "sort_same_folder": "Files of {folder} cannot be sorted into {folder} itself. Choose another folder.",
    "sort_changed": "“{file}” has changed since it was classified, so it stays where it is. Sort again.",
    "sort_link": "“{file}” is a link, and only files are moved, so it stays where it is. Use --copy or --link for it.",
    "sort_other": "{manifest} belongs to a sort that was broken off and was asked for in another way. Run that command"
    " again, or undo it with `python -m fsl_demo sort --undo {manifest}`.",
    "sort_undoing": "{manifest} is half undone. Finish that with `python -m fsl_demo sort --undo {manifest}`.",
    "sort_manifest": "“{file}” is no manifest of a sort ({reason}). Name a sort-manifest.json.",
    "undo_changed": "“{file}” has changed since it was sorted, so it stays.",
    "undo_gone": "“{file}” is no longer there, so it cannot go back. Look where it was put.",
    "undo_original": "“{file}” stays, because its original is gone or has changed.",
    "undo_taken": "“{file}” stays, because another file is in its old place now. Move that file and undo again.",
    "clip_name": "“{name}” names no CLIP weights. Write architecture/tag, architecture:/file, local-dir:/folder or"
    " adapted:checkpoint.",
    "clip_architecture": "open_clip has no architecture “{name}”. Among others there are: {known}.",
    "clip_tag": "open_clip has no weights “{tag}” of {architecture}. There are: {known}.",
    "clip_absent": "The weights {name} are not on this machine ({size}; licence: {licence}). Download them: on the"
    " page, or with `python -m fsl_demo weights download {name}`. Without network, bring the file along and write"
    " {name}:/path/to/file.",
    "coco_absent": "The weights {name} are not on this machine ({size}; licence: {licence}). Download them with"
    " `python -m fsl_demo weights download {name}`, or bring their file: `weights download {name}:/path/to/file`.",
    "weights_other": "{file} does not hold the weights {name}: its SHA-256 or what is in it differs. Get the file"
    " again.",
    "clip_file_missing": "There are no weights at {path}. Check how it is spelled.",
    "clip_folder": "The folder {folder} holds no CLIP model ({reason}). It needs open_clip_config.json and weights.",
    "model_config": "{file} in {folder} asks for “{setting}”, which is refused: a model brings numbers and names, no"
    " program. Remove that, or take another model.",
    "clip_damaged": "“{file}” cannot be read as weights ({reason}). Take .safetensors, or a state dict as .pt or .bin.",
    "clip_archive": "“{file}” is a TorchScript archive, a program: only OpenAI's are opened. Take .safetensors.",
    "clip_other_architecture": "“{file}” does not hold weights of {architecture} ({reason}). Name the right one.",
    "clip_quick_gelu": "{name} would be run with the wrong activation (QuickGELU or GELU). Write {right}.",
    "clip_preprocessing": "Weights of {architecture} differ in their preprocessing. Say which they are, as in"
    " {architecture}/{tag}:/file. There are: {known}.",
    "clip_tokenizer": "The tokenizer of {name} is not on this machine ({reason}). Put it into a folder with the weights"
    " and open_clip_config.json, and write local-dir:/folder.",
    "clip_no_map": "There is no heat map for {name}: how its picture tower pools positions is not supported.",
    "download_offline": "{host} cannot be reached. Check the network, or download elsewhere and name the file.",
    "download_refused": "{host} refused the download (status {status}). Try later, or download elsewhere.",
    "download_broken": "The download from {host} broke off, and nothing was kept. Try again.",
    "download_differs": "What {host} sent is not what it announced, and nothing was kept. Try again.",
    "download_unknown": "{host} names no SHA-256 for this file, so what comes could be anything. Download it with"
    " `python -m fsl_demo weights download NAME --sha256 HASH`, or with --trust.",
    "hash_bad": "{value} is no SHA-256: 64 digits from 0 to 9 and a to f.",
    "download_none": "Nobody offers {name} for download. Name a file of your own, as in {name}:/path/to/file.",
    "request_bad": "The page sent something that is not understood ({name}: {reason}). Reload the page.",
    "host_unknown": "“{host}” is no address of this workbench, so nothing is answered there. Open {address} instead.",
    "site_foreign": "Another site asked for this, so it was refused. Open {address}, the workbench itself.",
    "uploads_full": "Uploads that are not read yet take over {limit:.0f} GB. Send this again when they are read.",
    "uploads_many": "Over {limit} uploads are not read yet. Wait until they are read, then send this again.",
    "upload_gone": "There is no upload “{file}”: one is deleted once it was used, and after an hour. Send it again.",
    "upload_form": "This is no form with up to {limit} files, so nothing was kept. Send each as a file.",
    "workspace_served": "The workspace {folder} is already open at {address}. Use that, or name another --workspace.",
    "role_needed": "{name} may not do that: it takes the role of {role}. Ask whoever keeps the accounts.",
    "account_name": "A name has 1 to {limit} characters that can be printed.",
    "account_role": "There is no role “{role}”. There are: {known}.",
    "account_exists": "There is an account “{name}” already. Choose another name, or change its password.",
    "account_missing": "There is no account “{name}”. `users list` shows those that there are.",
    "accounts_needed": "Others could reach {address}, so accounts are needed, and {folder} has none. Make one first,"
    " with `python -m fsl_demo users add NAME --role admin --workspace {folder}`.",
    "password_length": "A password has {least} to {most} characters. Choose another one.",
    "password_differs": "The two passwords differ. Type the same one twice.",
    "login_wrong": "Name or password are wrong.",
    "login_locked": "Too many wrong passwords. Try again at {time} ({minutes} minutes).",
    "login_needed": "Log in first.",
    "episode_shared": "“{title}” was saved by somebody else. Label it; only a reviewer changes its title, classes or"
    " pictures. Or take *Duplicate* for one of your own.",
    "label_of_another": "“{file}” was labelled by {name}. Only a reviewer corrects what others labelled.",
    "weights_path": "Only an admin may name files of the server. Choose weights by architecture and tag.",
    "public_address": "“{address}” is no address. Write it as in https://lab.example or http://lab.example:7860.",
    "metrics_token": "{file} cannot be read as a token for /metrics: it needs one line of at least {limit} ASCII"
    " characters. Make it with `openssl rand -hex 32`.",
    "certificate": "{file} cannot be used as a certificate and its key ({reason}).",
    "address_none": "There is nothing at this address.",
    "head_large": "The headers of the request are over {limit} kB, so it was refused.",
    "body_large": "The request is over {limit:.0f} MB, so it was refused. Send less at once.",
    "body_slow": "The request came too slowly, so it was ended. Send it again.",
    "class_gone": "This class is no longer there, so nothing was moved.",
    "picture_gone": "This picture is no longer here, so nothing was drawn on it.",
    "nothing_sorted": "There is nothing to sort out yet: predict, or label some queries.",
    "table_no_text": "“{file}” is no table: it holds bytes that no text has. Save it as CSV.",
    "table_encoding": "The letters of “{file}” are in no encoding that can be told. Save it as CSV UTF-8.",
    "table_large": "“{file}” has more than {limit:.0f} MB, too much for a table. Split it up.",
    "table_column_twice": "“{file}” has the column “{column}” twice. Rename or remove one.",
    "table_cells": "Line {line} of “{file}” has {cells} cells, and the first line {columns}. Put a text with a"
    " “{separator}” in it between quotation marks.",
    "table_cell_long": "Line {line} of “{file}” has a cell of more than {limit} characters. Shorten it.",
    "table_quote": "Line {line} of “{file}” has a quotation mark that is not closed, or text after one. Correct it; a"
    " quotation mark within a text is written twice.",
    "descriptions_shape": "Descriptions are an object with a text, or a list of texts, for each class; {what} is"
    " {kind}.",
    "use_region_shape": "“use_region” is true or false; this is {kind}.",
    "boxes_shape": "Boxes are an object: lists of [left, top, right, bottom], as fractions, by path; {what} is {kind}.",
    "captioner_shape": "A captioner is named by its id, a text; this is {kind}.",
    "names_shape": "Methods are named by a list of their ids; {what} is {kind}.",
    "csv_row": "Line {line} of “{file}”: {column} cannot be “{value}”. Correct it.",
}


class UserError(Exception):
    """Something that a person can put right; `code` names it, `params` fill its message."""

    def __init__(self, code: str, **params: object) -> None:
        if code not in MESSAGES:
            raise KeyError(code)
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __reduce__(self) -> tuple[Callable[[], UserError], tuple[()]]:
        """How it comes out of another process."""
        return partial(type(self), self.code, **self.params), ()

    def bare(self) -> UserError:
        """The same to keep: without the traceback, whose frames hold what was read."""
        return type(self)(self.code, **self.params)

    def __str__(self) -> str:
        return MESSAGES[self.code].format(**self.params)


class Notice(UserError):
    """What a person is told beside a result: something was left out or put together, and nothing is wrong."""


Report = Callable[[UserError], None]
"""Told of each thing that is left out or put together."""


def refuse(error: UserError) -> None:
    """A `Report` that leaves nothing out.

    Raises:
        UserError: unless it is a notice.
    """
    if not isinstance(error, Notice):
        raise error


class Cancelled(Exception):
    """The person pressed Stop. Raised by a `Progress` callback, never reported as an error."""


@contextmanager
def disk_trouble(folder: Path) -> Iterator[None]:
    """Turn a full disk and a folder that is not writable into `disk_full` and `folder_unwritable`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError("disk_full", folder=folder) from error
        raise UserError("folder_unwritable", folder=folder, reason=error.strerror or str(error)) from error
