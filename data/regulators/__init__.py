"""Stress scenarios as their regulators published them: Federal Reserve, EBA, Bank of England."""
