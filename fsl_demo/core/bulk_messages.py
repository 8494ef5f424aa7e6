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
}
