"""Encodings that nobody wrote down."""

import pytest

from fsl_demo.core.text_encodings import NAMES, TABLES, guess
from tests.hardening.names import ENCODINGS, run

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
TEXTS |= {
    "cp949": [["고양이", "강아지"], ["사과", "포도"], ["정상", "불량"], ["자동차"], ["호랑이/1.jpg"]],
    "cp866": [["кошка", "собака"], ["Норма", "Брак"], ["Новая папка"], ["яблоко"]],
    "cp1251": [["кошка", "собака"], ["Норма", "Брак"], ["Новая папка"], ["їжак", "ґрунт"]],
    "cp852": [["żółw", "źrebię", "łóżko"], ["kočka", "kůň", "želva"]],
    "cp1250": [["żółw", "źrebię", "łóżko"], ["kočka", "kůň", "želva", "řeka"]],
    "cp857": [["kırmızı", "yeşil", "ağaç"]],
    "cp737": [["γάτα", "σκύλος", "άλογο"]],
    "cp1253": [["γάτα", "σκύλος", "άλογο"]],
    "cp862": [["חתול", "כלב", "תפוח"]],
    "cp1255": [["חתול", "כלב", "תפוח", "ירושלים"]],
    "cp720": [["قطة", "كلب", "حصان"]],
    "cp1256": [["قطة", "كلب", "حصان"]],
    "cp874": [["แมว", "สุนัข", "กระต่าย"]],
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


def test_a_reading_that_is_as_likely_is_given() -> None:
    reading = guess(["玫瑰".encode("gbk")], NAMES)
    assert reading.sure and (reading.texts, reading.others) in ((("玫瑰",), ("繭孵",)), (("繭孵",), ("玫瑰",)))
    more = guess([text.encode("gbk") for text in ("玫瑰", "苹果", "新建文件夹")], NAMES)
    assert (more.texts[0], more.others) == ("玫瑰", ())


@pytest.mark.parametrize(
    ("language", "encoding"), [(language, encoding) for language in ENCODINGS for encoding in ENCODINGS[language]]
)
def test_drawn_names_of_twenty_classes_are_right(language: str, encoding: str) -> None:
    assert run(language, encoding, count=5, classes=20) == {"right": 5}


def test_a_sentence_in_typographers_quotes() -> None:
    text = "a cat’s “ears” – black"
    assert guess([text.encode("cp1252")], TABLES).texts == (text,)
