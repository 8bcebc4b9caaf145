"""What fields of this schema cost beside what they give: 1 point is 0.05 to 0.1 ms of a processor."""

from __future__ import annotations

from engine.documents.cost_directives import cost

LOADED = cost(1)  # a row that is read in one statement with those of its neighbours
PAGED = cost(3)  # a page that is
READ = cost(10)  # a statement of its own
STEP = cost(50)  # some statements in a transaction
DIGEST = cost(300)  # an argon2id digest
DIGESTS = cost(1_500)  # of the code and of those before it
