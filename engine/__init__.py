"""A GraphQL endpoint under a Strawberry schema: from bytes to one bounded operation, and back.

The way of a request, room by room:

- `connections`: the protocol under ASGI, and what every answer has;
- `endpoint`, which chooses between the transports: `http` for one answer, `streams` for many;
- `execution.answering`, the one way to an answer: through `documents` (text, limits, validity, points), then
  `execution.operations`;
- `sharing`: whose turn it is on the loop, and who is turned away when it is late;
- `errors` has the words, `limits` the bounds.
"""
