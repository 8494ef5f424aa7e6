"""What is told of zips and tars, in sentences; `errors` has all others."""

from __future__ import annotations

ARCHIVE_MESSAGES = {
    "tar_broken": "“{file}” is damaged, or is not a tar. Make it again.",
    "tar_cut": "“{file}” is damaged after “{entry}”, so what follows there was left out. Copy or download it again.",
    "archive_broken": "“{file}” is damaged, or is not a zip. Make it again.",
    "archive_cut": "“{file}” is a zip that breaks off: its end, with the table of contents, is missing. Copy or"
    " download it again.",
    "archive_work": "The pictures of “{file}” take more than {minutes} minutes of computing. Split it up.",
    "archive_rest": "The pictures of “{file}” take more than {minutes} minutes of computing, so the last {count},"
    " from “{first}” on, were left out. Split it up.",
    "archive_encrypted": "“{file}” has a password. Make one without.",
    "archive_entries": "“{file}” has more than {limit} entries. Split it up.",
    "archive_bytes": "“{file}” unpacks to more than {limit:.0f} GB. Split it up.",
    "archive_overlap": "Files in “{file}” lie over each other, as in a decompression bomb, so it is refused. Make the"
    " file again.",
    "archive_kind": "“{file}” is an archive of a kind that is not read ({kind}). Make a zip or a tar of it.",
    "archive_method": "“{entry}” in “{file}” is compressed in a way that is not read. Make the file again, with"
    " Deflate.",
    "archive_names": "Nothing in “{file}” says how its names are encoded, so “{entry}” may be wrong. Rename it, or make"
    " the file again.",
    "archive_names_two": "Nothing in “{file}” says how its names are encoded: “{entry}” may as well be “{other}”. If"
    " that is right, rename it, or make the file again.",
    "archive_twice": "“{entry}” is in “{file}” twice; the last one is read.",
    "archive_inside": "“{file}” is an archive in a folder or archive, and was left out. Unpack it.",
    "archive_path": "“{entry}” in “{file}” would land outside its folder, so the file is refused. Make it again.",
    "archive_link": "“{entry}” in “{file}” is a link, not a file. Replace it by what it points to.",
    "archive_special": "“{entry}” in “{file}” is no plain file (a device, a pipe, or a file with holes), so the file is"
    " refused. Make it again without it.",
    "archive_forged": "“{entry}” in “{file}” is damaged: its checksum or its length is wrong. Make the file again.",
    "archive_no_pictures": "There is no picture in “{file}”.",
    "tar_compressed": "“{file}” is compressed ({kind}), and only a plain tar is read picture by picture. Decompress it,"
    " as in `gunzip FILE.tar.gz`.",
    "tar_links": "“{file}” has {count} entries that are links or no files; they were left out.",
}
