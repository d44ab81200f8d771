"""The paper for the board, one page or two of a scenario, a comparison or a customer: as HTML, as PDF, as Word."""
