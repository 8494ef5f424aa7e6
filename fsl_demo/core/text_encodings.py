"""Texts whose encoding nobody wrote down: names in archives, and tables as spreadsheets write them.

Each encoding that decodes everything strictly is scored by how plausible its text is: kana, the commonest Chinese
characters, levels 1 of JIS, GB2312 and Big5, and Latin letters in words speak for it; box drawings, symbols and rare
characters against it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NAMES = ("cp932", "gbk", "cp950", "cp437", "cp850", "cp1252")
"""What archivers write, where two are as plausible the first."""
TABLES = ("cp932", "gbk", "cp950", "cp1252", "cp850")
"""What spreadsheets write."""

LEAST = 0.5
"""Score of a text, between -3 and 3, below which nobody can tell what it says."""
_BY_CHANCE = 2.0
"""Score from which a text is rather in another encoding than in rare letters of UTF-8."""
_RARE = re.compile("[\u0180-\u02ff\u0590-\u05cf\u0700-\u07ff]")
_SAMPLE = 4_000
"""Characters that are scored."""
_EAST_ASIAN = {"cp932": (0x88, 0x97), "gbk": (0xB0, 0xD7), "cp950": (0xA4, 0xC6)}
"""First and last lead byte of the level that holds the common characters."""
_JIS_LAST = 0x72
"""Last trail byte of JIS level 1, of the lead byte after its others."""
_EXTENSIONS = {"cp932": (0xE0, 0xFC), "gbk": (0x81, 0xA0), "cp950": (0xC9, 0xF9)}
"""Lead bytes of rare characters."""
_LATIN = frozenset("äöüßéèêëàâáåæøœçñíìîïóòôúùûýãÄÖÜÉÈÀÅÆØÇÑŒ")
_COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然"
    "家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日军者意无力它与长把机"
    "十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加"
    "西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更"
    "别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马"
    "科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确"
    "传师观清今切院让识候带导争运狗猫鸟鱼花树草车船飞牛羊猪鸡鸭兔虎狮熊狼鹿龙蛇虫红黄蓝绿黑紫灰图片照像苹果桃梨橙"
    "米面包菜肉饭茶酒杯碗椅桌床灯窗房屋衣服鞋帽裤裙布石木火土雨雪风云星夜春夏秋冬左右"
    "這個們來為國說時會對發後裡過種經麼學現當沒動還進樣開從實軍無與長機業將兩間問並應戰頭體見產東聲員論處義幾認"
    "條氣題爾別變總電數報結務場計統區隊決馬書則聽達強難權設記類據邊張該規萬覺術領確傳師觀讓識帶導爭運貓鳥魚樹車飛"
    "豬雞鴨獅龍蛇蟲紅黃藍綠圖蘋麵飯燈褲裙風雲犬桜駅円図気写真店町村川島田"
)


@dataclass(frozen=True)
class Guess:
    """Texts as an encoding reads them.

    Attributes:
        sure: whether the text is plausible; otherwise it is only readable.
    """

    texts: tuple[str, ...]
    encoding: str
    sure: bool


def guess(texts: Sequence[bytes], encodings: Sequence[str]) -> Guess:
    """Read texts, all in the same encoding: UTF-8 where they are that, else the most plausible."""
    unicode = _strictly(texts, "utf-8")
    least = LEAST if unicode is None else _BY_CHANCE
    if unicode is not None and not any(map(_RARE.search, unicode)):
        return Guess(unicode, "utf-8", sure=True)
    readings = [(encoding, decoded) for encoding in encodings if (decoded := _strictly(texts, encoding)) is not None]
    if not readings:
        return Guess(tuple(text.decode("latin-1") for text in texts), "latin-1", sure=False)
    scored = [(plausibility(decoded, encoding), encoding, decoded) for encoding, decoded in readings]
    score, encoding, best = max(scored, key=lambda reading: reading[0])
    if unicode is not None and score < least:
        return Guess(unicode, "utf-8", sure=True)
    return Guess(best, encoding, sure=score >= least)


def plausibility(texts: Sequence[str], encoding: str) -> float:
    """How much texts look like what people write, from -3 to 3; what is ASCII does not count."""
    weights = [
        weight for text in _sample(texts) for word in re.split(r"[/\\\s]", text) for weight in _weights(word, encoding)
    ]
    length = sum(size for size, _ in weights)
    return sum(size * score for size, score in weights) / length if length else 0.0


def _strictly(texts: Sequence[bytes], encoding: str) -> tuple[str, ...] | None:
    try:
        return tuple(text.decode(encoding) for text in texts)
    except UnicodeDecodeError:
        return None


def _sample(texts: Sequence[str]) -> Iterator[str]:
    left = _SAMPLE
    for text in texts:
        for line in text.splitlines():
            if left > 0 and not line.isascii():
                yield line[:left]
                left -= len(line)


def _weights(word: str, encoding: str) -> Iterator[tuple[int, float]]:
    """Bytes and score of each character of a word that is not ASCII."""
    east_asian = encoding in _EAST_ASIAN
    for place, character in enumerate(word):
        if character.isascii():
            continue
        if not east_asian:
            yield 1, _western(word, place)
            continue
        code = character.encode(encoding)
        score = _eastern(character, code, encoding)
        beside = word[max(place - 1, 0) : place] + word[place + 1 : place + 2]
        if any(letter.isascii() and letter.isalpha() for letter in beside):
            score -= 1.5  # inside a Latin word
        yield len(code), score


def _eastern(character: str, code: bytes, encoding: str) -> float:
    if len(code) == 1:
        return -1.0  # half-width katakana
    if "぀" <= character <= "ヿ":
        return 3.0 if encoding == "cp932" else 0.5
    if character in _COMMON:
        return 3.0
    if unicodedata.category(character) not in ("Lo", "Lm"):
        return 0.5 if unicodedata.east_asian_width(character) in "WF" else -1.0
    if "\ue000" <= character <= "\uf8ff":
        return -3.0
    first, last = _EAST_ASIAN[encoding]
    if first <= code[0] <= last and (encoding != "gbk" or code[1] >= 0xA1):
        return 2.0
    if encoding == "cp932" and code[0] == last + 1 and code[1] <= _JIS_LAST:
        return 2.0
    first, last = _EXTENSIONS[encoding]
    return -1.0 if first <= code[0] <= last or (encoding == "gbk" and code[1] < 0xA1) else 0.5


def _western(word: str, place: int) -> float:
    character = word[place]
    if "─" <= character <= "▟":
        return -3.0
    if character in "×±½¼¾µ®©™·•§":
        return 0.6
    if not character.isalpha():
        return 2.5 if _punctuates(character, word[:place], word[place + 1 :]) else -2.0
    start, end = place, place + 1
    while start and word[start - 1].isalpha():
        start -= 1
    while end < len(word) and word[end].isalpha():
        end += 1
    letters = word[start:end]
    strange = sum(not letter.isascii() for letter in letters)
    cased = letters.islower() or letters.isupper() or (letters[0].isupper() and letters[1:].islower())
    if not cased or strange > 1 + len(letters) // 3:
        return 0.0
    return (2.0 if character in _LATIN else 1.0) + (0.5 if len(letters) > 2 else -0.5 * (3 - len(letters)))


def _punctuates(character: str, before: str, after: str) -> bool:
    """Whether a quotation mark, dash or unit stands where people put it in a word."""
    if character in "“„‘«":
        return not before or not before[-1].isalnum()
    if character in "”’»…":
        return bool(before) and (not after or not after[0].isalnum() or character == "’")
    return (character in "–—" and (not before) == (not after)) or (character in "°²³€£" and before[-1:].isdigit())
