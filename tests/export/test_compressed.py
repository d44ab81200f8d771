"""The tables with fewer numbers say what the whole ones say."""

import numpy as np

from data.books import Book
from model.engine.scorer import TableScorer
from model.export.compressed import CompressedTables


def test_compressed_tables_hold_a_tenth_of_the_cells(scorer: TableScorer):
    packed = CompressedTables.of(scorer.shapley)
    assert len(packed.cells) < len(scorer.tables.cells) / 8
    assert len(packed.leans) < len(packed.cells) / 4


def test_what_is_found_in_compressed_tables_is_the_whole_ones_to_the_last_bit(scorer: TableScorer, book: Book):
    packed = CompressedTables.of(scorer.shapley)
    for codes in (scorer.tables.encode(book.inputs[:, ::7]), *scorer.tables.in_every_cell(2048)):
        whole = scorer.tables.cells_of(codes)
        assert np.array_equal(packed.read(codes).log_odds, scorer.tables.cells[whole])


def test_reasons_made_of_leans_are_the_reasons_of_every_cell(scorer: TableScorer):
    packed = CompressedTables.of(scorer.shapley)
    for codes in scorer.tables.in_every_cell(2048):
        found, whole = packed.read(codes), scorer.shapley.cells[scorer.tables.cells_of(codes)]
        assert np.abs(found.first - whole[..., 0]).max() < 1e-12
        assert np.abs(found.second - whole[..., 1]).max() < 1e-12
