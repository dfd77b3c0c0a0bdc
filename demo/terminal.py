"""What the demo prints: colours and rules on a terminal, plain lines elsewhere."""

import sys
import textwrap
import time

WIDTH = 110


class Terminal:
    def __init__(self):
        self.colour = sys.stdout.isatty()

    def _style(self, code, text):
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text

    def bold(self, text):
        return self._style("1", text)

    def say(self, text="", indent=2):
        for paragraph in text.split("\n"):
            for line in textwrap.wrap(paragraph, WIDTH - indent) or [""]:
                print(" " * indent + line if line else "", flush=True)

    def verbatim(self, text, indent=6):
        """What a program printed, as it is."""
        for line in text.rstrip("\n").split("\n"):
            print(" " * indent + self._style("2", line), flush=True)

    def heading(self, text):
        print(f"\n{self.bold(text)}", flush=True)

    def command(self, text):
        """A command or a statement as a person would type it."""
        print("    " + self._style("36", text), flush=True)

    def held(self, text, seconds=None):
        took = "" if seconds is None else f"  {duration(seconds)}"
        print(f"  {self._style('32', 'ok')}  {text}{self._style('1', took)}", flush=True)

    def failed(self, text):
        print(f"  {self._style('31', 'FAILED')}  {text}", flush=True)

    def pairs(self, rows):
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            print(f"  {name.ljust(width)}  {value}", flush=True)


class Stopwatch:
    def __enter__(self):
        self.started = time.monotonic()
        self.seconds = 0.0
        return self

    def __exit__(self, *_):
        self.lap()

    def lap(self):
        self.seconds = time.monotonic() - self.started
        return self.seconds


def duration(seconds):
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
