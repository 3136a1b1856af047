"""What the Python clients share: where the emulator is, its control, and the lines that tell how a step went."""

import json
import pathlib
import sys
import urllib.request

BASE = sys.argv[1]
PICTURES = pathlib.Path(__file__).parent / "pictures"


def control(path, body=None):
    """Call the emulator's control API; with a body it is a POST."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"{BASE}/_emulator/{path}", data=data) as answer:
        return json.loads(answer.read() or "null")


class step:
    """`with step("add"):` prints `pass add`, or lets the failure end the script."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is None:
            print(f"pass {self.name}", flush=True)
        else:
            print(f"fail {self.name} {kind.__name__}: {str(error).splitlines()[:1]}", flush=True)


def same(actual, expected):
    """Like assert, which `python -O` would leave out."""
    if actual != expected:
        raise AssertionError(f"{actual!r} is not {expected!r}")
