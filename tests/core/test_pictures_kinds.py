"""What a file is: by its bytes, whatever it is called; and a picture of a kind that is not read is called that."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsl_demo.core.pictures import SUFFIXES, from_image, ingest, may_be_picture
from fsl_demo.core.pictures.kinds import kind_of
from tests.core.picture_files import encoded, refusal, tiff

RED = Image.new("RGB", (6, 4), "red")


def iso(brand: bytes, *others: bytes) -> bytes:
    """The start of an ISO file."""
    body = brand + bytes(4) + b"".join(others)
    return struct.pack(">I", 8 + len(body)) + b"ftyp" + body + bytes(500)


def dng() -> bytes:
    return tiff(np.zeros((4, 4, 1), np.uint8), {254: (4, [1]), 262: (3, [1]), 50706: (7, [1, 4, 0, 0])})


def raw(order: str) -> bytes:
    """As Nikon and Sony write it: a preview, the maker, and the picture of the sensor in a directory of its own."""
    tags = {254: (4, [1]), 262: (3, [1]), 271: (7, list(b"NIKON CORPORATION\0")), 330: (4, [8])}
    return tiff(np.zeros((4, 4, 1), np.uint8), tags, order=order)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        (
            "SVG",
            b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- made by hand -->\n<!DOCTYPE svg PUBLIC "x" "y">\n<svg width="1">',
        ),
        ("SVG", b"<svg:svg xmlns:svg='http://www.w3.org/2000/svg'>"),
        ("Photoshop (PSD)", b"8BPS\0\x01" + bytes(90)),
        ("JPEG XL", b"\xff\x0a\xfa\x1f" + bytes(90)),
        ("JPEG XL", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(90)),
        ("JPEG 2000", encoded(RED, "JPEG2000")),
        ("JPEG 2000", encoded(RED, "JPEG2000", no_jp2=True)),
        ("icon (ICO)", encoded(Image.new("RGB", (16, 16)), "ICO")),
        ("icon (ICNS)", b"icns" + bytes(90)),
        ("DICOM", bytes(128) + b"DICM" + bytes(90)),
        ("PDF", b"%PDF-1.7\n%\xe2\xe3"),
        ("EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n"),
        ("PCX", encoded(RED, "PCX")),
        ("TGA", encoded(RED, "TGA")),
        ("DDS", encoded(RED, "DDS")),
        ("SGI", encoded(RED, "SGI")),
        ("XBM", encoded(RED.convert("1"), "XBM")),
        ("PAM", b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\n\0"),
        ("PFM", b"Pf\n1 1\n-1.0\n\0\0\0\0"),
        ("OpenEXR", b"v/1\x01" + bytes(90)),
        ("Radiance HDR", b"#?RADIANCE\n"),
        ("FITS", b"SIMPLE  =                    T"),
        ("GIMP (XCF)", b"gimp xcf v011"),
        ("QOI", b"qoif" + bytes(90)),
        ("DjVu", b"AT&TFORM" + bytes(90)),
        ("EMF", b"\x01\0\0\0" + bytes(36) + b" EMF" + bytes(90)),
        ("WMF", b"\xd7\xcd\xc6\x9a" + bytes(90)),
        ("DNG", dng()),
        ("camera raw", raw("<")),
        ("camera raw", raw(">")),
        ("camera raw", b"II*\0\x10\0\0\0CR\x02\0\0\0\0\0" + struct.pack("<HHHII", 1, 256, 4, 1, 9) + bytes(40)),
        ("Canon raw (CR3)", iso(b"crx ")),
        ("Fujifilm raw (RAF)", b"FUJIFILMCCD-RAW 0201"),
        ("Olympus raw (ORF)", b"IIRO\x08\0\0\0" + bytes(90)),
        ("Panasonic raw (RW2)", b"IIU\0\x18\0\0\0" + bytes(90)),
        ("MP4", iso(b"isom", b"iso2", b"avc1", b"mp41")),
        ("MP4", iso(b"3gp4")),
        ("QuickTime", iso(b"qt  ")),
        ("Matroska or WebM", b"\x1a\x45\xdf\xa3" + bytes(90)),
        ("AVI", b"RIFF\x10\0\0\0AVI " + bytes(90)),
    ],
)
def test_a_kind_that_is_not_read_is_called_by_its_name(name: str, data: bytes) -> None:
    error = refusal(data, "holiday.jpg")
    assert (error.code, error.params) == ("picture_kind_unread", {"file": "holiday.jpg", "kind": name})
    assert name in str(error)


def test_an_unusual_kind_of_a_format_that_is_read() -> None:
    complex_numbers = tiff(np.zeros((2, 2, 1), np.int64), {262: (3, [1]), 339: (3, [5])})
    assert refusal(complex_numbers).code == "picture_kind_unread"
    planes = tiff(np.zeros((2, 2, 2), np.uint16), {262: (3, [1]), 338: (3, [2]), 284: (3, [2])})
    assert refusal(planes).code == "picture_kind_unread"
    data = bytearray(encoded(RED, "JPEG"))
    at = data.index(b"\xff\xc0")
    for place, value in ((at + 1, 0xC3), (at + 4, 12)):  # lossless; twelve bits
        other = data.copy()
        other[place] = value
        assert refusal(bytes(other)).code == "picture_kind_unread"


@pytest.mark.parametrize(
    "data",
    [
        b"GIF is a format of pictures.",
        b"BM is a pair of letters.",
        b"P5 of the plan is this.",
        b"II and MM begin such files.",
        b"<html><body><svg></svg></body></html>",
        b"<?xml version='1.0'?><note/>",
        b"RIFF....WAVEfmt ",
        b"{}",
        b"PK\x03\x04" + bytes(90),
        b"\x7fELF" + bytes(90),
        b"\0",
    ],
)
def test_what_is_no_picture_at_all(data: bytes) -> None:
    assert refusal(data).code == "picture_unknown"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "HEIF", "AVIF"])
@pytest.mark.parametrize("name", ["photo", "photo.jfif", "photo.dat", "photo.JPG", "IMG_0001.jpg_large", "photo.pdf"])
def test_the_name_does_not_count(kind: str, name: str, tmp_path: Path) -> None:
    data = encoded(RED, kind)
    assert kind_of(data) is not None
    (tmp_path / name).write_bytes(data)
    assert may_be_picture(name)
    assert ingest(tmp_path / name) == ingest(data)


def test_a_heic_by_any_of_its_brands() -> None:
    for brand in (b"heic", b"mif1", b"heix", b"msf1"):
        kind = kind_of(iso(brand, b"mif1", b"heic"))
        assert kind is not None
        assert (kind.name, kind.read) == ("HEIF", True)
    for brands in ((b"avif", b"mif1"), (b"mif1", b"avif"), (b"avis", b"msf1")):
        kind = kind_of(iso(*brands))
        assert kind is not None
        assert (kind.name, kind.read) == ("AVIF", True)


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "labels.CSV",
        "episode.json",
        "more.zip",
        "model.safetensors",
        "README",
        "readme.md",
        "Thumbs.db",
        "a.xmp",
    ],
)
def test_what_nobody_takes_for_a_picture_is_not_looked_at(name: str) -> None:
    assert not may_be_picture(name)


def test_every_ending_that_is_read_is_looked_at() -> None:
    assert all(may_be_picture(f"photo{suffix}") for suffix in SUFFIXES)


def test_the_same_picture_whatever_it_is_called() -> None:
    assert ingest(encoded(RED, "PNG"), "a") == from_image(RED, "b.png")
