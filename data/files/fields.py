"""What a column of a file holds, as the field of the contract that it belongs to has it."""

from collections.abc import Mapping

import numpy as np

from data.contract import Field
from data.files.escapes import bare
from data.files.given import GivenCells, number_as_text
from data.files.names import one_line
from data.files.numbers import Habit
from data.files.reading import Read, Reading, read_numbers, read_years
from data.files.words import FLAGS, flag, no_value


def read_field(field: Field, given: GivenCells, habit: Habit) -> Read:
    """The values of a field in a column's cells."""
    found = _read(field, given, habit)
    return _with_special(field, given, found) if field.special else found


def _read(field: Field, given: GivenCells, habit: Habit) -> Read:
    reading = field.reading.of_unit(field.unit)
    if field.role == "vintage":
        return read_years(given, reading, habit)
    if reading.filled and field.codes:
        return _read_filled(field, given, reading)
    if field.codes:
        return _read_codes(field, given, reading, habit)
    return read_numbers(given, reading, habit)


def _with_special(field: Field, given: GivenCells, found: Read) -> Read:
    """The same, with special codes where cells have one, as a number that nothing was made of, or its words."""
    if given.years is not None or given.odd:
        return found
    values = np.where(given.place < 0, np.where(field.is_special(given.numbers), given.numbers, found.values), np.nan)
    words = {one_line(word).casefold(): code for code, word in field.special.items()}
    code = np.array([words.get(bare(text).casefold(), np.nan) for text in given.texts], np.float64)
    for meant in (given.figures.comma, given.figures.point) if given.texts else ():
        code = np.where(field.is_special(meant) & (given.figures.sign == "") & np.isnan(code), meant, code)
    stands = given.holds(~np.isnan(code))
    values = np.where(given.place < 0, values, np.where(stands, given.spread(code), found.values))
    missing = {text: n for text, n in found.missing.items() if np.isnan(code[given.texts.index(text)])}
    return Read(values, found.unread & ~stands, found.two & ~stands, missing)


def _read_codes(field: Field, given: GivenCells, reading: Reading, habit: Habit) -> Read:
    """Codes, by the words that the first file had for them, by those of the contract, or as numbers. A word that no
    code has is of the group of rare ones, where there is one."""
    if given.years is not None or given.odd:
        return read_numbers(given, reading, habit)
    given = given.with_numbers_as_texts()
    known, other = codes_by_word(field), rest(field)
    counted = read_numbers(given.each_text_once(), reading, habit)
    codes, unread, two = counted.values.copy(), counted.unread.copy(), counted.two.copy()
    gap = no_value if field.words else reading.is_gap
    gaps = np.array([gap(text) or text.casefold() in reading.folded for text in given.texts], bool)
    for k, text in enumerate(given.texts):
        code = _code(text, known)
        if code is None and reading.words_only and not np.isnan(codes[k]):  # 33.0 is the word 33
            code = _code(number_as_text(float(codes[k])), known)
        if code is None and other is not None and not gaps[k] and (np.isnan(codes[k]) or reading.words_only):
            code = other
        if code is not None:
            codes[k], two[k] = code, False
        unread[k] |= np.isnan(codes[k]) and not gaps[k]
        unread[k] &= code is None
    count = given.counts()
    missing = {text: int(count[k]) for k, text in enumerate(given.texts) if gaps[k] and text and np.isnan(codes[k])}
    return Read(given.spread(codes), given.holds(unread), given.holds(two), missing)


def _code(text: str, known: Mapping[str, float]) -> float | None:
    """The code of a word as written, in any case, or as a file from here has it, escaped for spreadsheets."""
    spelled = (each for own in (text, bare(text)) for each in (own, own.casefold()))
    return next((known[each] for each in spelled if each in known), None)


def _read_filled(field: Field, given: GivenCells, reading: Reading) -> Read:
    """1 where a cell holds something, 0 where it holds nothing."""
    codes = given.with_numbers_as_texts()
    known = codes_by_word(field) | ({} if reading.filled in ("0", "1") else {"0": 0.0, "1": 1.0})
    values = [
        known.get(text.casefold(), 0.0 if no_value(text) or text.casefold() in reading.folded else 1.0)
        for text in codes.texts
    ]
    nothing = np.zeros(len(given), bool)
    found = np.nan_to_num(codes.spread(np.array(values, np.float64)), nan=0.0)
    held = found if given.years is None else np.where(np.isnan(given.years), 0.0, 1.0)
    return Read(held, nothing, nothing, {})


def codes_by_word(field: Field) -> dict[str, float]:
    """The code of each word, as written and in small letters: the file's words before those of the contract, yes and
    no in every way they are written where the words are such."""
    codes = [float(code) for code in sorted(field.codes)]
    labels = [one_line(field.codes[code]) for code in sorted(field.codes)]
    own = dict(zip(field.words, codes, strict=False))
    found: dict[str, float] = {}
    for words in (labels, list(own)):
        said = [flag(word) for word in words]
        if set(said) == {True, False} and len(words) == 2:
            found |= {each: codes[said.index(flag(each))] for each in FLAGS}
    folded = [word.casefold() for word in own]
    found |= {label.casefold(): code for label, code in zip(labels, codes, strict=True)}
    found |= {word.casefold(): code for word, code in own.items() if word and folded.count(word.casefold()) == 1}
    return found | {word: code for word, code in own.items() if word}


def rest(field: Field) -> float | None:
    """The code of every word that no other code has; None where there is none."""
    codes = sorted(field.codes)
    return next((float(codes[k]) for k, word in enumerate(field.words) if not word), None)
