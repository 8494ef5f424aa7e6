"""What kind of file bytes are, by how they begin. Names and endings do not count."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

_READ = (
    ("JPEG", rb"\xff\xd8\xff"),
    ("PNG", rb"\x89PNG\r\n\x1a\n"),
    ("GIF", rb"GIF8[79]a"),
    ("WEBP", rb"RIFF.{4}WEBP"),
    ("BMP", rb"BM.{12}[\x0c-\x80]\0\0\0"),
    ("PPM", rb"P[1-6][\s#]"),
)
_UNREAD = (
    ("SVG", rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE svg.*?>\s*)*<(\w+:)?svg[\s>]"),
    ("Photoshop (PSD)", rb"8BPS\0[\x01\x02]"),
    ("JPEG XL", rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n"),
    ("JPEG 2000", rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"),
    ("JPEG-LS", rb"\xff\xd8\xff\xf7"),
    ("JPEG XR", rb"II\xbc[\0\x01]"),
    ("icon (ICO)", rb"\0\0\x01\0[^\0]\0"),
    ("cursor (CUR)", rb"\0\0\x02\0[^\0]\0"),
    ("icon (ICNS)", rb"icns"),
    ("DICOM", rb".{128}DICM"),
    ("NIfTI", rb"\x5c\x01\0\0.{340}(n\+1|ni1)\0"),
    ("FITS", rb"SIMPLE  ="),
    ("PDF", rb"\s*%PDF-"),
    ("EPS", rb"\s*%!PS|\xc5\xd0\xd3\xc6"),
    ("DjVu", rb"AT&TFORM"),
    ("Fujifilm raw (RAF)", rb"FUJIFILMCCD-RAW"),
    ("Olympus raw (ORF)", rb"IIR[OS]|MMOR"),
    ("Panasonic raw (RW2)", rb"IIU\0"),
    ("Sigma raw (X3F)", rb"FOVb"),
    ("Minolta raw (MRW)", rb"\0MRM"),
    ("Canon raw (CRW)", rb"II.{4}HEAPCCDR"),
    ("OpenEXR", rb"v/1\x01"),
    ("Radiance HDR", rb"#\?(RADIANCE|RGBE)"),
    ("DDS", rb"DDS \x7c\0\0\0"),
    ("KTX", rb"\xabKTX "),
    ("PCX", rb"\x0a[\0\x02-\x05][\0\x01][\x01\x02\x04\x08].{61}[\x01-\x04]"),
    ("GIMP (XCF)", rb"gimp xcf"),
    ("QOI", rb"qoif"),
    ("BPG", rb"BPG\xfb"),
    ("FLIF", rb"FLIF[0-z]"),
    ("PAM", rb"P7\n"),
    ("PFM", rb"P[Ff]\n"),
    ("SGI", rb"\x01\xda[\0\x01][\x01\x02]\0[\x01-\x03]"),
    ("Sun raster", rb"\x59\xa6\x6a\x95"),
    ("XPM", rb"/\* XPM \*/"),
    ("XBM", rb"#define \w+_width \d+"),
    ("ILBM", rb"FORM.{4}(ILBM|PBM )"),
    ("MNG", rb"\x8aMNG\r\n|\x8bJNG\r\n"),
    ("EMF", rb"\x01\0\0\0.{36} EMF"),
    ("WMF", rb"\xd7\xcd\xc6\x9a"),
    ("Matroska or WebM", rb"\x1a\x45\xdf\xa3"),
    ("AVI", rb"RIFF.{4}AVI "),
    ("MPEG", rb"\0\0\x01[\xb3\xba]"),
    ("Flash", rb"[FC]WS[\x01-\x20]|FLV\x01"),
    ("Windows Media", rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ("TGA", rb".*TRUEVISION-XFILE\.\0$"),
)
_BRANDS = {
    "AVIF": {b"avif", b"avis"},
    "HEIF": {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"miaf"},
    "Canon raw (CR3)": {b"crx "},
    "JPEG 2000": {b"jp2 ", b"jpx ", b"jpm "},
    "JPEG XL": {b"jxl "},
    "QuickTime": {b"qt  "},
}
"""Kinds by what the `ftyp` box of an ISO file names; a file of any other brand is a film."""
_AV1 = b"av01"
"""Type of the picture in a file whose brand says only that it holds one."""
_BOX = re.compile(rb".{4}ftyp", re.DOTALL)
_TIFF = re.compile(rb"II\*\0|MM\0\*|II\+\0\x08\0\0\0|MM\0\+\0\x08\0\0")
_SUBFILE, _PHOTOMETRIC, _MAKE, _SUB_IFDS, _DNG = 254, 262, 271, 330, 50706
_SENSOR = (32803, 34892)
"""Photometric interpretations of what a sensor saw: colour filter array, linear raw."""
_SHORT = 3
_SIZES = {1: 1, 2: 1, _SHORT: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
"""Bytes of a value, by the number of its type."""
_HEAD, _TAIL = 4_096, 32


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name: Pillow's, of a kind that is read; else what people call it.
    """

    name: str
    read: bool


_STARTS = [
    (Kind(name, read), re.compile(start, re.DOTALL))
    for read, kinds in ((True, _READ), (False, _UNREAD))
    for name, start in kinds
]


def kind_of(data: bytes) -> Kind | None:
    """The kind of picture, drawing or film that a file is, or None."""
    ends = data[:_HEAD] + data[-_TAIL:]
    if _BOX.match(ends):
        length = min(int.from_bytes(ends[:4], "big"), 256)
        brands = {ends[8:12], *(ends[at : at + 4] for at in range(16, length, 4))}
        name = next((name for name, known in _BRANDS.items() if brands & known), "MP4")
        if name == "HEIF" and _AV1 in ends:
            name = "AVIF"
        return Kind(name, read=name in ("AVIF", "HEIF"))
    if _TIFF.match(ends):
        return _tiff_kind(data)
    return next((kind for kind, start in _STARTS if start.match(ends)), None)


def _tiff_kind(data: bytes) -> Kind:
    """TIFF, or a camera's raw file, which is a TIFF whose first picture is a small preview."""
    try:
        tags = first_tags(data)
    except struct.error:
        return Kind("TIFF", read=True)
    if _DNG in tags:
        return Kind("DNG", read=False)
    preview = tags.get(_SUBFILE, 0) & 1 and _SUB_IFDS in tags and _MAKE in tags
    if preview or data[8:10] == b"CR" or tags.get(_PHOTOMETRIC) in _SENSOR:
        return Kind("camera raw", read=False)
    return Kind("TIFF", read=True)


def first_tags(data: bytes) -> dict[int, int]:
    """The tags of the first directory of a classic TIFF, each with its value where that is one short number.

    Raises:
        struct.error: when the directory or a value lies outside the file.
    """
    order = "<" if data[:2] == b"II" else ">"
    if data[2:4] not in (b"*\0", b"\0*"):
        return {}
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, at)
    tags = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, length, place = struct.unpack_from(f"{order}HHII", data, entry)
        size = _SIZES.get(kind, 0) * length
        if size > 4 and place + size > len(data):
            raise struct.error("cut")
        (short,) = struct.unpack_from(f"{order}H", data, entry + 8)
        tags[tag] = short if kind == _SHORT else place
    return tags
