"""Detection of the CSV dialect: the separator, quote and escape that give the most even table."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.storage.reading.records import REPAIRED, WHITESPACE, Cut, Feed, Records

DELIMITERS = (",", ";", "\t", "|", WHITESPACE, ":", "^", " ")
NUMBER = re.compile(r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$")
DATE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
DATE_IN_WORDS = re.compile(r"^\d{1,2}[- ][A-Za-z]{3,9}\.?[- ]\d{2,4}")
TIME = re.compile(r"^\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?$")
MISSING = frozenset({"", "na", "nan", "n/a", "null"})
# What may stand for nothing, wherever that is only to tell names and remarks from rows of values.
PERHAPS_MISSING = MISSING | {"<na>", "none", "-", "--", "?", "."}
LOOKED_AT = 200
LINES_AT_LEAST = 5
LETTERS_WEIGHED = 1 << 16
PADDED = (",", ";", "|", ":")
SINGLES = (",", ";", "\t", "|", "\x1f")
ROWS_WEIGHED = 40
COLUMNS_WEIGHED = 60
NAME_LENGTH = 200
# What one cell says for the way it was cut, from plain values down to what looks like cells not cut apart.
WEIGHTS = {"number": 1.0, "date": 1.0, "time": 1.0, "word": 0.9, "text": 0.8, "empty": 0.6, "list": 0.4, "uncut": 0.15}
PLAIN = ("number", "date", "time")
# One column alone is an even table whatever it holds; only a table that is about as good is believed instead.
SINGLE = 0.35


@dataclass(frozen=True)
class Scored:
    """A way to cut, how even a table it makes, and how wide."""

    cut: Cut
    score: float
    width: int


def kind_of(cell: str) -> str:
    """Return the kind of a cell by itself: number, date, time, empty, or a kind of text."""
    text = cell.strip()
    if text.lower() in PERHAPS_MISSING:
        return "empty"
    if NUMBER.match(text):
        return "number"
    if DATE.match(text) or DATE_IN_WORDS.match(text):
        return "date"
    return "time" if TIME.match(text) else "text"


def _kind_of_text(text: str) -> str:
    if "\t" in text or "|" in text or text[0] in "\"'" or (text[-1] == '"' and text.count('"') % 2):
        return "uncut"
    if ";" in text or re.search(r",(?! )", text):
        return "list"
    return "text" if " " in text else "word"


def _cell_weight(cell: str) -> float:
    kind = kind_of(cell)
    return WEIGHTS[_kind_of_text(cell.strip()) if kind == "text" else kind]


def find_cut(lines: list[str], choices: ReadingChoices) -> Cut:
    """Return how the first lines of a file are cut into cells; a choice of the user is kept.

    A way is scored by how many rows have the same number of cells, how many cells that is, whether the cells look like
    values, and whether the first row has that width too, as rows under a line of names have. The idea that evenness
    and types together tell a dialect is that of van den Burg, Nazabal and Sutton (2019), "Wrangling messy CSV files by
    detecting row and type patterns"; the score here is another one.
    """
    sample = _sample_lines(lines)
    scoreds = [_score_cut(sample, cut) for cut in _candidate_cuts(sample, choices)]
    best = max(scoreds, key=lambda scored: scored.score, default=Scored(Cut(","), 0.0, 1))
    if choices.delimiter is not None:
        return best.cut
    single = _single_cell_cut(sample, choices)
    if (best.score < single.score and not _is_tight(sample, best.cut)) or _is_decimal_column(sample, best):
        return single.cut
    return _is_padded(sample, best.cut)


def _sample_lines(lines: list[str]) -> list[str]:
    sample: list[str] = []
    size = 0
    for line in lines:
        if line.strip():
            sample.append(line)
            size += len(line)
        if len(sample) >= LOOKED_AT or (size > LETTERS_WEIGHED and len(sample) >= LINES_AT_LEAST):
            break
    return sample


def _single_cell_cut(sample: list[str], choices: ReadingChoices) -> Scored:
    """Return the cut that leaves each line one cell, by a separator that no line has."""
    text = "".join(sample)
    delimiter = next((item for item in SINGLES if item not in text), SINGLES[-1])
    quote = '"' if choices.quote is None else choices.quote
    cut = Cut(delimiter, quote, choices.escape or ("double" if quote else ""))
    cells = [row[0] for _, row, _, _ in Records(Feed(iter(sample)), cut) if row]
    return Scored(cut, SINGLE * _mean_weight(cells[:LOOKED_AT]), 1)


def _candidate_cuts(sample: list[str], choices: ReadingChoices) -> Iterator[Cut]:
    text = "".join(sample)
    for delimiter in (choices.delimiter,) if choices.delimiter else DELIMITERS:
        wanted = delimiter.strip(" ") or " "
        seen = wanted if delimiter != WHITESPACE else " "
        if not choices.delimiter and sum(seen in line for line in sample) < min(2, len(sample)):
            continue
        for quote in _possible_quotes(text, seen, choices):
            for escape in _possible_escapes(text, quote, choices):
                yield Cut(delimiter, quote, escape)
                # A quote after a blank opens a cell only where the blank is taken for a part of the separator.
                if not choices.delimiter and quote and delimiter in PADDED and f"{delimiter} {quote}" in text:
                    yield Cut(f"{delimiter} ", quote, escape)


def _possible_quotes(text: str, delimiter: str, choices: ReadingChoices) -> Iterator[str]:
    if choices.quote is not None:
        yield choices.quote
        return
    yield '"'
    edge = re.escape(delimiter)
    if re.search(rf"(?:^|{edge} ?)'[^'\n]*'(?:{edge}|\r?$)", text, re.M):
        yield "'"
    # A last quote that opens a cell and is never closed is a fault to be told, not a letter of that cell.
    if '"' in text and not re.search(rf"(?:^|{edge})\"[^\"]*\Z", text, re.M):
        yield ""


def _possible_escapes(text: str, quote: str, choices: ReadingChoices) -> Iterator[str]:
    if choices.escape is not None:
        yield choices.escape
        return
    yield "double" if quote else ""
    if quote and f"\\{quote}" in text:
        yield "\\"


def _score_cut(sample: list[str], cut: Cut) -> Scored:
    """Return how even a table the sample makes under this cut, between 0 and about 1."""
    results = [(row, fault) for _, row, _, fault in Records(Feed(iter(sample)), cut)]
    rows = [row for row, fault in results if fault in ("", REPAIRED) and row]
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return Scored(cut, 0.0, 1)
    width, count = max(widths.items(), key=lambda item: (item[1] * item[0] / (item[0] + 1), item[0]))
    even = [row for row in rows if len(row) == width]
    weight = _mean_weight(
        [cell for row in even[:: max(1, len(even) // ROWS_WEIGHED)] for cell in row[:COLUMNS_WEIGHED]]
    )
    # A separator under which rows need repair is less likely to be the right one.
    share = (count - 0.5 * sum(fault == REPAIRED for _, fault in results)) / len(results)
    first = len(rows[0]) == width
    if not _is_credible(cut, share, first=first, rows=even):
        return Scored(cut, 0.0, width)
    score = share * width / (width + 1) * weight * (1.0 if first else 0.7)
    # Where two ways cut alike, the usual quote and escape are meant; and a few stray quotes do not make all of them so.
    usual = 1.0 if cut.quote == '"' and cut.escape == "double" else 0.98 if cut.quote else 0.85
    return Scored(cut, score * usual, width)


def _is_tight(sample: list[str], cut: Cut) -> bool:
    """Return whether half of the lines hold the separator with no blank after it, as no prose has it."""
    if cut.delimiter not in SINGLES:
        return cut.is_padded and cut.delimiter[0] in SINGLES
    inside = re.compile(rf"{re.escape(cut.delimiter)}(?=\S)")
    return sum(bool(inside.search(line)) for line in sample) >= 0.5 * len(sample)


def _mean_weight(cells: list[str]) -> float:
    return sum(map(_cell_weight, cells)) / len(cells) if cells else 0.0


def _is_credible(cut: Cut, share: float, *, first: bool, rows: list[list[str]]) -> bool:
    """Return whether a separator that is also found inside of values separates cells here."""
    if cut.delimiter not in (WHITESPACE, " ", ":", "^"):
        return True
    if share < 0.8 or (cut.delimiter in (":", "^") and not first):
        return False
    cells = [cell for row in rows[1:] or rows for cell in row[:COLUMNS_WEIGHED]]
    if cut.delimiter == "^":
        return True
    if cut.delimiter == ":" and sum(bool(re.match(r"^\d\d$", cell)) for cell in cells) > 0.3 * len(cells):
        return False
    # Words in a row are prose; a table that blanks hold together is one of numbers.
    return sum(kind_of(cell) in PLAIN for cell in cells) >= 0.5 * len(cells)


def _is_decimal_column(sample: list[str], best: Scored) -> bool:
    """Return whether the commas are those of numbers, in a file of one column under a name."""
    if best.cut.delimiter != "," or best.width != 2 or "," in sample[0]:
        return False
    return all(re.match(r"^\s*[+-]?\d*,\d+\s*$", line) for line in sample[1:])


def _is_padded(sample: list[str], cut: Cut) -> Cut:
    """Return the cut with the blank that follows nearly every separator, where one does."""
    if cut.delimiter not in PADDED:
        return cut
    rows = [row for _, row, _, fault in Records(Feed(iter(sample)), cut) if not fault]
    cells = [cell for row in rows for cell in row[1:]]
    is_padded = cells and sum(cell.startswith(" ") for cell in cells) >= 0.9 * len(cells)
    return Cut(f"{cut.delimiter} ", cut.quote, cut.escape) if is_padded else cut


def repair_names(raw: list[str], width: int) -> tuple[list[str], list[str]]:
    """Return usable, distinct names for `width` columns, and a sentence for each repair.

    Names differ even when case and the two ways of writing an accent are ignored, hold no line breaks, and have at
    most 200 characters.
    """
    names: list[str] = []
    notes: list[str] = []
    seen: set[str] = set()
    for position in range(width):
        given = raw[position] if position < len(raw) else ""
        name = re.sub(r"\s+", " ", "".join(ch for ch in given if ch.isprintable() or ch.isspace())).strip()
        name = name[:NAME_LENGTH].strip() or f"column_{position + 1}"
        candidate, number = name, 2
        while _look_of(candidate) in seen:
            tail = f"_{number}"
            candidate, number = name[: NAME_LENGTH - len(tail)] + tail, number + 1
        seen.add(_look_of(candidate))
        names.append(candidate)
        if candidate != given.strip():
            text = re.sub(r"\s+", " ", given).strip()[:40] or "(empty)"
            notes.append(f"Renamed: {text} is now {candidate[:60]}.")
    return names, notes


def _look_of(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
