"""Waits that end as soon as what they wait for is there, and say what was not."""

import time

DEFAULT_SECONDS = 30


def until(what, probe, seconds=DEFAULT_SECONDS, pause=0.01):
    """Calls `probe` until it returns something true, which is returned."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s: not {what}; last seen: {found!r}")
        time.sleep(pause)
        pause = min(pause * 1.2, 0.2)


def equal(what, wanted, probe, seconds=DEFAULT_SECONDS):
    """Calls `probe` until it returns `wanted`."""
    seen = []

    def matches():
        seen[:] = [probe()]
        return seen[0] == wanted

    try:
        until(what, matches, seconds)
    except AssertionError:
        raise AssertionError(f"after {seconds} s: {what} is {seen[0]!r}, not {wanted!r}") from None
