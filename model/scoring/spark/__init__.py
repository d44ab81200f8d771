"""The same on a cluster: Spark goes through the rows, and each worker has the release, checked."""
