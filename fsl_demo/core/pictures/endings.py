"""What endings of file names say: which are those of pictures, and which files nobody takes for one."""

from __future__ import annotations

from pathlib import PurePath

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".mpo", ".png", ".webp", ".gif", ".tif", ".tiff"}
    | {".bmp", ".heic", ".heif", ".avif", ".ppm", ".pgm", ".pbm"}
)
"""Endings of pictures that are read."""

_OTHER_SUFFIXES = frozenset(
    {".txt", ".md", ".rst", ".log", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".toml", ".ini"}
    | {".cfg", ".conf", ".html", ".htm", ".css", ".js", ".ts", ".py", ".pyc", ".ipynb", ".sh", ".bat", ".ps1", ".c"}
    | {".h", ".cpp", ".java", ".m", ".r", ".sql", ".db", ".sqlite", ".sqlite3", ".db-wal", ".db-shm", ".lock"}
    | {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".npy", ".npz", ".mat", ".pkl", ".pt"}
    | {".pth", ".safetensors", ".bin", ".onnx", ".h5", ".hdf5", ".parquet", ".arrow", ".lmdb", ".mdb", ".tfrecord"}
    | {".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt", ".ods", ".rtf", ".eml"}
    | {".mp3", ".wav", ".flac", ".ogg", ".m4a", ".aac"}
    | {".cls", ".cls2", ".id", ".index", ".inx"}
    | {".exe", ".dll", ".so", ".dylib", ".msi", ".dmg", ".iso", ".apk"}
    | {".xmp", ".aae", ".md5", ".sha1", ".sha256", ".tmp", ".part", ".crdownload", ".lnk", ".url"}
)
_OTHER_NAMES = frozenset(
    {"readme", "license", "licence", "copying", "notice", "authors", "changelog", "manifest", "makefile", "thumbs.db"}
)


def may_be_picture(name: str) -> bool:
    """Whether a file of this name is looked at: any that does not end like texts, tables, archives, sound, programs."""
    return PurePath(name).suffix.lower() not in _OTHER_SUFFIXES and name.lower() not in _OTHER_NAMES
