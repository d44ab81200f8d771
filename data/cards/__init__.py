"""Taiwan credit cards, April to September 2005 (UCI data set 350)."""
