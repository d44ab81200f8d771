"""Decisions as they happen: applications from a topic, each decided once by the release of its moment, with reasons."""
