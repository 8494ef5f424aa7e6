"""Encodings that nobody wrote down."""

import pytest

from fsl_demo.core.text_encodings import NAMES, TABLES, guess

TEXTS = {
    "cp932": [
        ["猫", "犬"],
        ["ねこ"],
        ["ネコ", "イヌ"],
        ["桜の写真/1.jpg"],
        ["正常", "異常"],
        ["表", "裏"],
        ["東京"],
        ["電話"],
    ],
    "gbk": [
        ["猫", "狗"],
        ["苹果", "香蕉"],
        ["正常", "异常"],
        ["狮子", "老虎"],
        ["螺丝", "螺母"],
        ["玫瑰"],
        ["未知"],
        ["沙漠"],
    ],
    "cp950": [["貓", "狗"], ["蘋果", "香蕉"], ["功能", "異常"], ["獅子", "老虎"], ["螺絲", "螺帽"], ["玫瑰"]],
    "cp850": [["Käfer", "Vögel"], ["Größe", "Maß"], ["forêt", "rivière"], ["Ærø", "Ål"], ["São Paulo", "maçã"]],
    "cp437": [["Käfer"], ["café", "thé"], ["ñandú"]],
    "cp1252": [
        ["Käfer", "Vögel"],
        ["Größe", "Maß"],
        ["forêt", "rivière"],
        ["ñandú", "búho"],
        ["Ærø", "Ål"],
        ["Bär", "Fähre"],
    ],
    "utf-8": [["猫", "Käfer"], ["é"], ["cat"], ["người", "Thư"], ["ș", "ț"]],
}
SAMPLES = [(encoding, texts) for encoding, samples in TEXTS.items() for texts in samples]


@pytest.mark.parametrize("encodings", [NAMES, TABLES], ids=["names", "tables"])
@pytest.mark.parametrize(("encoding", "texts"), SAMPLES, ids=[f"{e}-{t[0]}" for e, t in SAMPLES])
def test_plausible_texts_are_read(encoding: str, texts: list[str], encodings: tuple[str, ...]) -> None:
    reading = guess([text.encode(encoding) for text in texts], encodings)
    assert reading.sure and list(reading.texts) == texts


def test_what_nobody_can_tell_is_readable_and_marked() -> None:
    reading = guess([b"\xff\xfe\xfd/1.png"], NAMES)
    assert not reading.sure and reading.texts[0].endswith("/1.png")


def test_a_sentence_in_typographers_quotes() -> None:
    text = "a cat’s “ears” – black"
    assert guess([text.encode("cp1252")], TABLES).texts == (text,)
