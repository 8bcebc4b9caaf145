"""One-time codes sent by SMS: their shape, their life, how often they may be tried and sent again.

Sources: NIST SP 800-63B revision 4 (draft), 5.1.3: at least six digits, ten minutes, single use, tries
limited; the reference, shown on the screen and in the SMS, tells which of two messages belongs to the
screen in front.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random

CODE_LENGTH = 6
LONG_CODE_LENGTH = 10
GUESSES_MAX = 5  # wrong codes of one customer after which the next ones are long
LIFE = timedelta(minutes=10)
TRIES_MAX = 5
RESEND_DELAYS = (timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5))
SENDS_PER_DAY_MAX = 8

# Neither 0, 1, I nor O: nobody reads one for another.
REFERENCE_DIGITS = "23456789"
REFERENCE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_code(random: Random, length: int = CODE_LENGTH) -> str:
    """Digits, all codes equally likely; hand in a `SystemRandom`."""
    return f"{random.randrange(10**length):0{length}d}"


def code_length(wrong_codes: int, *, wary: bool) -> int:
    """Six digits, ten once somebody guesses: this customer's codes, or with `wary` anybody's.

    Sending again starts new tries, so a guesser's chance would add up to one account a day over a million
    customers; a longer code makes it nothing and shuts nobody out.
    """
    return LONG_CODE_LENGTH if wary or wrong_codes >= GUESSES_MAX else CODE_LENGTH


def new_reference(random: Random) -> str:
    """A digit and a letter, such as "7F"."""
    return random.choice(REFERENCE_DIGITS) + random.choice(REFERENCE_LETTERS)


def is_code(text: str) -> bool:
    """Whether a text has the shape of a code: six or ten ASCII digits."""
    return len(text) in (CODE_LENGTH, LONG_CODE_LENGTH) and text.isascii() and text.isdigit()


def tries_max(length: int, *, wary: bool) -> int:
    """How often a code may be tried: a short one that was sent before the guessing was noticed, once."""
    return 1 if wary and length < LONG_CODE_LENGTH else TRIES_MAX


def resend_delay(sends: int) -> timedelta:
    """How long to wait after the `sends`-th SMS (1 is the first); grows, then stays at its longest."""
    return RESEND_DELAYS[min(max(sends, 1), len(RESEND_DELAYS)) - 1]
