"""Asked in words: a line of text read into what it sets of a scenario, by a small grammar over a contract's labels."""
