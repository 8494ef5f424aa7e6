"""Letters by how often people write them, for telling in which encoding a text is."""

from __future__ import annotations

import unicodedata

_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґўјљњћђџѓќѕ"
_GREEK = "ατοιενσρκπμλυςηωδγφχθβζξψόίάέήύώϊϋΐΰ"
_HEBREW = "יוהאלרתבשמנדקפחכעטםגזצסןךףץ"
_ARABIC = "ايلمنرتبةدسعفقهحكجشأىوصطخضذثغءزئإآظؤپچژگ"
_THAI = "านรอกเงมยลวดทสตะปบคหแจพชขใไโผซถศธณฐฟภษญำัิี่้์ุูืึ็ๆ๊๋ฉฝฤฎฏฆฌฒฑฬฮ"
ALPHABETS = {
    "cp866": _CYRILLIC,
    "cp1251": _CYRILLIC,
    "cp737": _GREEK,
    "cp1253": _GREEK,
    "cp862": _HEBREW,
    "cp1255": _HEBREW,
    "cp720": _ARABIC,
    "cp1256": _ARABIC,
    "cp874": _THAI,
}
"""Letters other than Latin that an encoding is for, the most frequent first."""

_WEST = (
    "äöüß",
    "éèêëàâçîïôùûüœæ",
    "áéíóúñü",
    "ãáâàéêíóôúç",
    "åäöæøé",
    "àèéìòù",
    "ëéïöüè",
    "áéíóúýþæðö",
)
_CENTRE = ("áéíóúýčďěňřšťůž", "ąćęłńóśźż", "áéíóöőúüű", "čšžćđ", "áäčďéíĺľňóôŕšťúýž", "ăâîșțşţ")
_TURKEY = ("çğıöşüâîû",)
_BALTIC = ("āčēģīķļņšūž", "ąčęėįšųūž", "äõöüšž")
LATIN = {
    "cp437": _WEST,
    "cp850": _WEST,
    "cp1252": _WEST,
    "cp852": _CENTRE,
    "cp1250": _CENTRE,
    "cp857": _TURKEY,
    "cp1254": _TURKEY,
    "cp775": _BALTIC,
    "cp1257": _BALTIC,
}
"""Letters with marks, of each of the languages that an encoding is for."""

HANGUL = frozenset(
    "이다가는을의에고하지사한로기나리도자아어서인시그라대은를스들정과일있수전해부만보주것면음상오마제장여으공바니구"
    "아개성생물소유치무안동신원조경위미연적우세중선비거발회모방용식국학양차관르내단게드트진현화분관계분실산명문말"
    "차간영체강천교재야불달력심호표레토러날당행초남과반입심품계살운노려파점금법변민직포활울길의검른습외권결못출설예박"
    "코름카타피크테프메브티터투데네디버슈쿠페키퍼푸프랑루베두고양개새곰말소돼지토끼호랑사자코끼린원숭거북악뱀상어나비"
    "꽃나무사과배귤포도딸기수박복숭레몬감자당근파추빨간색노란파란초록검은하얀집차길산강바다하늘별달해구름비눈컵"
    "병책상의자문창손발머리눈코입귀얼굴왼오른쪽위아래앞뒤좋나쁨정불량합격손상긁힘"
)
"""The commonest syllables."""


def rank(encoding: str, letter: str) -> int | None:
    """How many letters of the alphabet of an encoding are more frequent; None for a letter that it has not."""
    place = ALPHABETS[encoding].find(letter.lower())
    return place if place >= 0 else None


def marks(word: str) -> int:
    """How many of a word's letters carry an accent."""
    return sum(len(unicodedata.normalize("NFD", letter)) > 1 for letter in word)
