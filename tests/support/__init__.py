"""What the tests share. A fixture that several folders use stands in ``tests/conftest.py`` (the trained home, its
release, the book) or in `service`, from which the ``conftest.py`` of a folder takes what it wants; what only one folder
uses stands in that folder. Nothing here is a test.

Books that are made up, each a contract under ``tests/books`` and records of a fixed seed; in order of what they have:

    contracts       reads those contracts, whole or in parts
    second_book     2,000 loans trained in seconds, whose names are partly those of the cards: does one book leak into
                    the other?
    guaranteed      500 loans with a guarantor, a vintage and a loss given default by sector: can it be worked out by
                    hand?
    loans           6,000 loans, sound in every respect: is a fault found that is planted in them?
    proofs          a release of those, of which later years default more often than the ones it was fitted to
    made_up         any number of fields, levers, shocks, segments: does a page stand whatever a contract has?
    loans_sample    every fortieth loan of the shipped small businesses

Values at random, and releases that are not what they should be:

    records         records, parts of the book and scenarios within what the contract of the cards allows
    forging         releases altered by hand and hashed anew; twins and shifted ones that are sound
    recording       a call like many, and a program that records calls until it is killed
    old_home        a home laid down by an earlier version

What runs beside the tests:

    inside          the REST service in this process, and a client that needs no network
    standalone      the REST service as a process of its own, and a client of plain sockets
    service         fixtures for both
    stand_in        a model server of our own that speaks every protocol and misbehaves as it is told
    postgres        a PostgreSQL server
    deploy          what the files of model/deploy say, and nginx started from the one that is shipped
    servers         model servers of other makers, in environments of their own; with ``train_mlflow``,
                    ``train_mlserver``, ``read_registry`` and the two mappings, which run or are read there
"""
