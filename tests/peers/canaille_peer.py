"""Run commands of PyPI's canaille one after the other; runs in its own environment.

python canaille_peer.py reads a JSON list of argument lists, and prints a JSON list of what each command printed.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

from canaille.commands import cli


def main() -> None:
    """Print what the commands printed."""
    told = []
    for arguments in json.loads(sys.argv[1]):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            cli(arguments, standalone_mode=False)
        told.append(said.getvalue())
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
