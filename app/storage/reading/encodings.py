"""Detection of the encoding of a text: byte-order mark, valid bytes, then plausible letters."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.analysis.import_options.import_choices import ENCODINGS

CHUNK = 1 << 20
HEAD = 1 << 16
JUDGED = 1 << 16
# So much of all letters beyond ASCII must be everyday ones for an eastern encoding to be believed.
MIN_LIKELY_SHARE = 0.85
# So many lines that are not UTF-8, or this share of them, may be damaged lines of a text that is.
FEW_DAMAGED, DAMAGED_SHARE = 3, 0.01
# So much of the lines with letters beyond ASCII may be damaged when an older encoding is told by them.
FEW_SHARE = 0.1
FITTING_COUNTED, LINE_BYTES = 1000, 80
MAX_LINE = 16 << 20
# A file in UTF-16 without its mark is believed when nearly every second byte is zero, and no other one is.
ZEROS_OF_UTF16 = 0.4
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
KANA = re.compile("[ぁ-んァ-ヶー]")
HALF_KANA = re.compile("[｡-ﾟ]")
# Chinese and Korean share their bytes; which letters are everyday ones tells them apart.
COMMON_HANZI = frozenset(
    "的一是在不了有和人这中大为上个国以要时来用到作地出分对成会可主发年动同工能下过子产面而方后多定行学法所民得经"
    "十三进等部度家电力水化高自二理起小物现实加量体制机当使点从业本性开合因前外天四日平形相全表间关各重新线内数正"
    "明原利比质气第道变条月公无系最通程果位总次式设管件长基资流路级图山统计别期区西南北东海江河湖站口温降雨雪库州"
    "市县省武汉京沙坝溪泉风名称编号备注深均值速浓溶解氧氮磷"
)
COMMON_HANGUL = frozenset(
    "이다는의에을가고기지도로한하사리시자인대서어나정아수일부해상전제성보주구소장국원공동신조중경물관개방생문선화과"
    "연세유강천산계운역면금단위호안발비모월교라오무분실심민재행입여영반적명회질남북간측량댐온습평균값년날짜울광류"
)
HIGH = re.compile("[^\x00-\x7f]")
HIGH_WORDS = re.compile(rb"(?<![A-Za-z\x80-\xff])[\xa8\xb8\xc0-\xff]{2,}(?![A-Za-z\x80-\xff])")
LETTER = r"[A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\xff]"
# Text of central Europe that is read as Windows-1252 shows signs inside of words, and letters where no western
# language has them; western text shows letters that the other table has for rarer ones.
CENTRAL = re.compile(
    rf"(?<={LETTER})[³¹¿¾º¼Ÿ](?!\d)|[³¹¿¾¼ªŸ£¥¯](?={LETTER})|œ(?!u)|ì(?={LETTER})|ñ(?![aeiouáéíóúAEIOU])|"
    rf"ø(?=[eíi])|ù(?={LETTER})|(?<={LETTER})ê(?!{LETTER})|(?<={LETTER})ò(?={LETTER})|è(?=[aoíy])"
)
WESTERN = re.compile(r"[àåÅÀ]|ã(?=o)|õ(?=e)|ê(?=[mtcr])|æ|Æ|œu|ñ(?=[aeiouáéíóú])|ø(?=[rndlkms])|è(?=[rstm])")

# Letters and signs as they stand in western text; what is left of a line without them is no text.
WESTERN_CODECS = ("cp1252", "cp1250", "latin-1")
WORD = re.compile(r"[^\W\d_]+")
RARE_LETTERS = re.compile("[ÿþðÞÐ\x80-\x9f]")
SIGNS = re.compile(
    r"[°º](?= ?[CFKNSEW]?\b|[^\w.,]|$)|(?<=[A-Za-z])[²³]|(?<![A-Za-z])µ(?=[A-Za-z])|[±€£] ?(?=\d)|(?<=\d) ?[€£½¼¾]"
    r"|(?<=[A-Za-z])[’´](?=[A-Za-z])|(?<=\d)–(?=\d)|(?<=\d)\xa0(?=\d{3})|(?<![\w.])[àâéêîôûùóáíäöüåøæÄÖÜÅØÆ](?![\w.])"
    r"|(?<![\w.])[–—·•…‘’“”„«»§©®™¿¡½\xa0]|[–—·•…‘’“”„«»§©®™\xa0](?![\w.])"
)

# Signs that stand behind letters in any western table: powers of a unit of length, and ordinals.
UNITS = re.compile(rf"(?<!{LETTER})(?:[kcdmh]?m|ft|in|yd)[²³]|(?<!{LETTER})[Nn]º")


def find_encoding(path: Path, *, words: str | None = None, whole: bool = True) -> str:
    """Return the name of the codec to read a file with.

    Parameters
    ----------
    path
        The text, unpacked.
    words
        The encoding that the user named; then only a mark is looked for.
    whole
        Whether to look at every byte, or at the head alone, which is enough for a first look.

    Notes
    -----
    Reading Latin text as UTF-16 gives no rows and no error in some readers, so UTF-16 without its mark is believed
    only where the zeros of it stand as they must.
    """
    with path.open("rb") as handle:
        head = handle.read(HEAD)
    marked = next((name for mark, name in MARKS if head.startswith(mark)), "")
    if words:
        return _stated_encoding(words, head, marked)
    if marked:
        return marked
    utf16 = _utf16_without_mark(head)
    if utf16:
        return utf16
    high = _high_lines(path, whole=whole)
    if not high.others or (high.are_few and high.fitting >= 2 * high.others):
        return "utf-8"
    legacy = _choose_legacy(bytes(high.content))
    # One odd byte makes no other encoding of a file whose lines are plain ASCII but for it.
    is_damaged = high.are_few and not high.fitting and legacy in WESTERN_CODECS
    if is_damaged and all(is_implausible(line, legacy) for line in bytes(high.content).split(b"\n") if line):
        return "utf-8"
    return legacy


def encoding_label(codec: str) -> str:
    """Return the page's name for a codec."""
    return ENCODINGS[choice_of(codec)].split(" (")[0]


def choice_of(codec: str) -> str:
    """Return the name that the choices have for a codec."""
    return "utf-16" if codec.startswith("utf-16") else codec.removesuffix("-sig")


def _stated_encoding(words: str, head: bytes, marked: str) -> str:
    if words == "utf-8":
        return "utf-8-sig" if marked == "utf-8-sig" else "utf-8"
    if words == "utf-16":
        return marked if marked == "utf-16" else (_utf16_without_mark(head) or "utf-16-le")
    return words


def _utf16_without_mark(head: bytes) -> str:
    """Return utf-16-le or utf-16-be where one is certain, else nothing."""
    if len(head) < 8 or b"\x00" not in head:
        return ""
    even, odd = head[: len(head) // 2 * 2 : 2], head[1::2]
    for full, zeros, name in ((even, odd, "utf-16-le"), (odd, even, "utf-16-be")):
        if zeros.count(0) >= ZEROS_OF_UTF16 * len(zeros) and not full.count(0):
            return name
    return ""


@dataclass
class HighLines:
    """The lines of a text that hold bytes beyond ASCII: how many are UTF-8, how many are not, and these (64 kB)."""

    lines: int = 0
    fitting: int = 0
    others: int = 0
    content: bytearray = field(default_factory=bytearray)

    @property
    def are_few(self) -> bool:
        """Return whether so few lines are not UTF-8 that they may be damaged ones."""
        return self.others <= max(FEW_DAMAGED, DAMAGED_SHARE * self.lines)

    def take(self, block: bytes) -> None:
        """Count the lines of a block that begins and ends where lines do."""
        self.lines += block.count(b"\n") + 1
        if block.isascii():
            return
        if _decode(block, "utf-8"):
            if self.fitting < FITTING_COUNTED:
                self.fitting += sum(not line.isascii() for line in block.split(b"\n"))
            return
        for line in block.split(b"\n"):
            if not line.isascii():
                if _decode(line, "utf-8"):
                    self.fitting += 1
                    continue
                self.others += 1
                if len(self.content) < JUDGED:
                    self.content += line[:JUDGED] + b"\n"


def _high_lines(path: Path, *, whole: bool) -> HighLines:
    lines, rest = HighLines(), b""
    for chunk in _read_chunks(path, whole=whole):
        if chunk.isascii() and rest.isascii():
            # Most files are nothing else, and copying and counting their lines takes longer than this look.
            lines.lines += len(chunk) // LINE_BYTES
            rest = b""
            continue
        block, end, rest = (rest + chunk).rpartition(b"\n")
        if end:
            lines.take(block)
        elif len(rest) > MAX_LINE:
            lines.take(rest)
            rest = b""
        if len(lines.content) >= JUDGED:
            return lines
    if whole:
        lines.take(rest)
    elif not lines.lines:
        # The head of one long line may end in the middle of a letter.
        lines.take(rest.decode("utf-8", "ignore").encode() if rest[:-4].isascii() else rest)
    return lines


def _read_chunks(path: Path, *, whole: bool) -> Iterator[bytes]:
    with path.open("rb") as handle:
        if not whole:
            yield handle.read(4 * HEAD)
            return
        while chunk := handle.read(CHUNK):
            yield chunk


def _choose_legacy(high: bytes) -> str:
    """Return the one of the older encodings under which the bytes make most sense; Windows-1252 where none does."""
    eastern = _choose_eastern(high)
    if eastern:
        return eastern
    words = b"".join(HIGH_WORDS.findall(high))
    beyond = len(re.findall(rb"[\x80-\xff]", high))
    # Russian words are of such bytes from end to end; in Latin words they stand alone between plain letters.
    if beyond and len(words) >= 0.7 * beyond and _decode_leniently(high, "cp1251"):
        return "cp1251"
    western = UNITS.sub(" ", _decode_leniently(high, "cp1252"))
    if not western:
        return "latin-1"
    central = len(CENTRAL.findall(western))
    # Hungarian has two letters of its own beside five that it shares with Spanish; Portuguese has a tilde or cedilla.
    if re.search("[áéíóú]", western) and not re.search("[ãç]", western):
        central += len(re.findall("[õû]", western))
    if central > len(WESTERN.findall(western)) and _decode_leniently(high, "cp1250"):
        return "cp1250"
    return "cp1252"


def _choose_eastern(high: bytes) -> str:
    """Return the encoding of two bytes a letter in which nearly all letters are common ones, else nothing."""
    japanese = _decode_leniently(high, "shift_jis")
    kana = len(KANA.findall(japanese))
    kanji = sum(0x88 <= lead <= 0x97 for lead, _ in _byte_pairs(japanese, "shift_jis"))
    # Katakana of half width are single bytes of the Latin letters, and Japanese without any kana is rare.
    if kana and kana + kanji >= MIN_LIKELY_SHARE * len(HIGH.findall(japanese)) and not HALF_KANA.search(japanese):
        return "shift_jis"
    korean, chinese = _decode_leniently(high, "cp949"), _decode_leniently(high, "gb18030")
    # A degree sign before a letter is a pair too; in real text nearly every pair is of two high bytes.
    hangul = sum(0xB0 <= lead <= 0xC8 and trail >= 0xA1 for lead, trail in _byte_pairs(korean, "cp949"))
    hanzi = sum(0xA1 <= lead <= 0xD7 and trail >= 0xA1 for lead, trail in _byte_pairs(chinese, "gb18030"))
    is_korean = bool(hangul) and hangul >= MIN_LIKELY_SHARE * len(HIGH.findall(korean))
    is_chinese = bool(hanzi) and hanzi >= MIN_LIKELY_SHARE * len(HIGH.findall(chinese))
    if is_korean and is_chinese:
        return "cp949" if _count(korean, COMMON_HANGUL) >= _count(chinese, COMMON_HANZI) else "gb18030"
    return "cp949" if is_korean else "gb18030" if is_chinese else ""


def _count(text: str, letters: frozenset[str]) -> int:
    return sum(letter in letters for letter in text)


def _byte_pairs(text: str, codec: str) -> list[tuple[int, int]]:
    codes = [letter.encode(codec, "replace") for letter in HIGH.findall(text)]
    return [(code[0], code[1]) for code in codes if len(code) == 2]


def _decode(content: bytes, codec: str) -> str:
    """Return the text, or nothing where the bytes are none of this encoding."""
    try:
        return content.decode(codec)
    except UnicodeDecodeError:
        return ""


def _decode_leniently(content: bytes, codec: str) -> str:
    """Return the text of these lines, or nothing where more than a few of them are none of this encoding."""
    text = _decode(content, codec)
    if text:
        return text
    lines = content.split(b"\n")
    fitting = [text for line in lines if (text := _decode(line, codec)) or not line]
    return "\n".join(fitting) if len(lines) - len(fitting) <= FEW_SHARE * len(lines) else ""


def is_implausible(line: bytes, codec: str) -> bool:
    """Return whether bytes beyond ASCII make no sense in a line under an encoding of the west."""
    text = line.decode(codec, "surrogateescape")
    text = WORD.sub(lambda match: "" if _is_word(match[0]) else match[0], SIGNS.sub("", text))
    return HIGH.search(text) is not None


def _is_word(letters: str) -> bool:
    """Return whether letters are written as a word is: in one case but for the first, with plain letters among them."""
    is_even = letters.isupper() or letters[1:].islower()
    return len(letters) > 1 and is_even and not RARE_LETTERS.search(letters) and HIGH.sub("", letters) != ""
