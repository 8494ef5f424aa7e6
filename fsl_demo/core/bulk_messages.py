"""What is told of runs over any number of pictures, in sentences; `errors` has all others."""

from __future__ import annotations

BULK_MESSAGES = {
    "parquet_missing": "Parquet files need the package pyarrow: pip install '.[parquet]', or python -m pip install"
    " pyarrow.",
    "bulk_other": "{folder} holds the beginning of another run, and answers are not mixed. Other than then:"
    " {different}. Repeat that command to finish it, delete the folder to begin anew, or choose another --out.",
    "bulk_exists": "{file} is there already and is the answer to something else, so it stays. Other than then:"
    " {different}. Delete it, or choose another --out.",
    "bulk_busy": "Another process is making {file}. Wait for it, or choose another --out.",
    "bulk_manifest": "{file} cannot be read ({reason}), so nothing tells what its parts are. Delete its folder to begin"
    " anew.",
    "bulk_part": "{file} is damaged. Delete it and run the command again: only its pictures are answered again.",
    "bulk_changed": "“{source}” has lost pictures while it was read. Run the command again when it stays as it is.",
    "bulk_transductive": "{method} looks at all queries at once, and cannot answer a stream of pictures. Choose other"
    " methods.",
    "ray_missing": "--engine ray needs the package ray: pip install '.[ray]', or python -m pip install ray.",
    "ray_start": "Ray cannot be reached, or does not start here ({reason}). See docs/deployment.md.",
    "ray_differ": "The workers differ in their weights, packages or devices, and so would their answers. Install the"
    " same on all machines.",
    "ray_lost": "Workers ended again and again ({reason}). What is done is kept: run the command again to go on.",
    "source_missing": "There is no file or folder {source}. Check how it is spelled.",
    "source_empty": "{source} holds no pictures. Name another folder or file.",
    "shards_many": "{pattern} stands for more than {limit} files. Name fewer at a time.",
    "table_broken": "“{file}” cannot be read as Parquet ({reason}). Write it again.",
    "table_no_classes": "“{file}” needs a column of pictures, such as “image”, and one of classes, such as “label”."
    " It has: {known}.",
    "table_no_pictures": "“{file}” has no column of pictures, such as “image”. It has: {known}.",
    "table_group": "A row group of “{file}” has more than {limit:.0f} GB of pictures. Write it with smaller ones.",
    "list_line": "Line {line} of “{file}” is no path or address of at most {limit} characters.",
    "address_kind": "“{file}” names addresses that are not opened ({kind}://). Those that are begin with: {known}.",
    "address_package": "Addresses that begin with {kind}:// need packages that are not installed: python -m pip install"
    " {packages}.",
}
