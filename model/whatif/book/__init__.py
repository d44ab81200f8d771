"""The book under a scenario."""
