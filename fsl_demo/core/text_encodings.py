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

from fsl_demo.core.alphabets import ALPHABETS, HANGUL, LATIN, marks, rank

_EAST = ("cp932", "gbk", "cp950", "cp949")
_DOS = ("cp437", "cp850", "cp866", "cp852", "cp857", "cp775", "cp737", "cp862", "cp720")
_WINDOWS = ("cp1252", "cp1251", "cp1250", "cp1254", "cp1257", "cp1253", "cp1255", "cp1256", "cp874")
NAMES = (*_EAST, *_DOS, *_WINDOWS)
"""What archivers write, where two are as plausible the first."""
TABLES = (*_EAST, *_WINDOWS, *_DOS)
"""What spreadsheets write."""

_USUAL = frozenset({*_EAST, "cp437", "cp850", "cp866", "cp1252", "cp1251"})
_RARER = 2.0
"""What all letters together have to score more in an encoding of fewer people."""

LEAST, LEAST_FOREIGN = 0.5, 1.2
"""Score of a text, between -3 and 3, below which nobody can tell what it says."""
_BY_CHANCE = 2.0
"""Score from which a text is rather in another encoding than in rare letters of UTF-8."""
_RARE = re.compile("[\u0180-\u02ff\u0590-\u05cf\u0700-\u07ff]")
_DOUBT = 2.0
"""By how much the scores of all letters together have to differ, so that one reading is likelier than another."""
_SAMPLE = 4_000
"""Characters that are scored."""
_EAST_ASIAN = {"cp932": (0x88, 0x97), "gbk": (0xB0, 0xD7), "cp950": (0xA4, 0xC6), "cp949": (0xB0, 0xC8)}
"""First and last lead byte of the level that holds the common characters."""
_JIS_LAST = 0x72
"""Last trail byte of JIS level 1, of the lead byte after its others."""
_EXTENSIONS = {"cp932": (0xE0, 0xFC), "gbk": (0x81, 0xA0), "cp950": (0xC9, 0xF9), "cp949": (0xCA, 0xFD)}
"""Lead bytes of rare characters."""
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
        others: the texts as another encoding reads them that is as likely; empty where there is none.
    """

    texts: tuple[str, ...]
    encoding: str
    sure: bool
    others: tuple[str, ...] = ()


def guess(texts: Sequence[bytes], encodings: Sequence[str]) -> Guess:
    """Read texts, all in the same encoding: UTF-8 where they are that, else the likeliest."""
    unicode = _strictly(texts, "utf-8")
    if unicode is not None and not any(map(_RARE.search, unicode)):
        return Guess(unicode, "utf-8", sure=True)
    letters = min(sum(byte >= 0x80 for text in texts for byte in text), _SAMPLE)
    readings = [
        _Reading(encoding, decoded, score=plausibility(decoded, encoding), letters=letters)
        for encoding in encodings
        if (decoded := _strictly(texts, encoding)) is not None
    ]
    if not readings:
        return Guess(tuple(text.decode("latin-1") for text in texts), "latin-1", sure=False)
    best = max(readings, key=lambda reading: reading.evidence)
    if unicode is not None and best.score < _BY_CHANCE:
        return Guess(unicode, "utf-8", sure=True)
    near = [
        reading
        for reading in readings
        if reading.texts != best.texts and best.evidence - reading.evidence < _DOUBT and reading.is_plausible()
    ]
    others = max(near, key=lambda reading: reading.evidence).texts if near and best.is_plausible() else ()
    return Guess(best.texts, best.encoding, sure=best.is_plausible(), others=others)


@dataclass(frozen=True)
class _Reading:
    """Texts as an encoding reads them, how plausible they are, and how many letters that rests on."""

    encoding: str
    texts: tuple[str, ...]
    score: float
    letters: int

    @property
    def evidence(self) -> float:
        return self.score * self.letters - (0.0 if self.encoding in _USUAL else _RARER)

    def is_plausible(self) -> bool:
        return self.score >= (LEAST_FOREIGN if self.encoding in ALPHABETS else LEAST)


def plausibility(texts: Sequence[str], encoding: str) -> float:
    """How much texts look like what people write, from -3 to 3; what is ASCII does not count."""
    words = [word for text in _sample(texts) for word in re.split(r"[/\\\s]", text) if not word.isascii()]
    return max(_mean(words, encoding, letters) for letters in LATIN.get(encoding, ("",)))


def _mean(words: Sequence[str], encoding: str, letters: str) -> float:
    """The mean score of the words, where these are the letters with marks of their language."""
    weights = [weight for word in words for weight in _weights(word, encoding, letters)]
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


def _weights(word: str, encoding: str, letters: str) -> Iterator[tuple[int, float]]:
    """Bytes and score of each character of a word that is not ASCII."""
    east_asian = encoding in _EAST_ASIAN
    for place, character in enumerate(word):
        if character.isascii():
            continue
        if not east_asian:
            yield 1, _foreign(word, place, encoding) if encoding in ALPHABETS else _western(word, place, letters)
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
    if "가" <= character <= "힣":
        return 3.0 if character in HANGUL else 1.0 if code[1] >= 0xA1 and code[0] >= 0xB0 else 0.0
    if character in _COMMON and encoding != "cp949":
        return 3.0
    if unicodedata.category(character) not in ("Lo", "Lm"):
        return 0.5 if unicodedata.east_asian_width(character) in "WF" else -1.0
    if "\ue000" <= character <= "\uf8ff":
        return -3.0
    if encoding == "cp949":
        return -1.0  # Koreans hardly write these
    first, last = _EAST_ASIAN[encoding]
    if first <= code[0] <= last and (encoding != "gbk" or code[1] >= 0xA1):
        return 2.0
    if encoding == "cp932" and code[0] == last + 1 and code[1] <= _JIS_LAST:
        return 2.0
    first, last = _EXTENSIONS[encoding]
    return -1.0 if first <= code[0] <= last or (encoding == "gbk" and code[1] < 0xA1) else 0.5


def _foreign(word: str, place: int, encoding: str) -> float:
    """The score of a letter of an alphabet other than Latin."""
    character = word[place]
    rarity = rank(encoding, character)
    if rarity is None:
        return _western(word, place, "") - 1.0 if not character.isalpha() else -1.0
    letters = _word_around(word, place)
    is_one = all(letter.isalpha() and not letter.isascii() for letter in letters)
    greek = "\u0370" <= character <= "\u03ff"
    if not is_one or not _is_cased(letters) or (greek and (marks(letters) > 1 or "ς" in letters[:-1])):
        return 0.0
    return 3.2 - 0.09 * rarity - 0.5 * max(3 - len(letters), 0) - (0.5 if letters.isupper() else 0.0)


def _word_around(word: str, place: int) -> str:
    start, end = place, place + 1
    while start and word[start - 1].isalpha():
        start -= 1
    while end < len(word) and word[end].isalpha():
        end += 1
    return word[start:end]


def _is_cased(letters: str) -> bool:
    if letters.lower() == letters.upper():  # has no cases
        return True
    return letters.islower() or letters.isupper() or (letters[0].isupper() and letters[1:].islower())


def _western(word: str, place: int, usual: str) -> float:
    character = word[place]
    if "─" <= character <= "▟":
        return -3.0
    if character in "×±½¼¾µ®©™·•§":
        return 0.6
    if not character.isalpha():
        return 2.5 if _punctuates(character, word[:place], word[place + 1 :]) else -2.0
    letters = _word_around(word, place)
    strange = sum(not letter.isascii() for letter in letters)
    if not _is_cased(letters) or strange > 1 + len(letters) // 3:
        return 0.0
    return (2.0 if character.lower() in usual else 0.5) + (0.5 if len(letters) > 2 else -0.5 * (3 - len(letters)))


def _punctuates(character: str, before: str, after: str) -> bool:
    """Whether a quotation mark, dash or unit stands where people put it in a word."""
    if character in "“„‘«":
        return not before or not before[-1].isalnum()
    if character in "”’»…":
        return bool(before) and (not after or not after[0].isalnum() or character == "’")
    return (character in "–—" and (not before) == (not after)) or (character in "°²³€£" and before[-1:].isdigit())
