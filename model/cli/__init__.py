"""The command line's verbs: modules of their own, each imported when one of its verbs is chosen."""
