"""Everything under the pages: the score and its reasons, the finance, the what-if, the release, the service."""
