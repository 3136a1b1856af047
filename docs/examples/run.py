"""python3 docs/examples/run.py PROGRAM SCRATCH: does what pages of docs/ tell to do, and compares what they quote.

PROGRAM is a built `polyptych`; SCRATCH a folder for what is installed, kept between runs. A block of a page that names a
file is a quotation from it; one that names a folder is run there, in one shell, against a server of its own with the
emulated libraries. A folder whose tools are missing is skipped, unless POLYPTYCH_REQUIRE names `clients`; for Go, `go`.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / name for name in ["grpc.md", "rust.md", "schemas.md"]]
TOLD = "127.0.0.1:50051"

# Go's packages as Debian has them, and one that is there only beside a runtime for what plugins of today generate.
GO = "/usr/share/gocode/src"
GENERATED = "github.com/golang/protobuf/internal/gengogrpc"

# Programs and folders that a folder's blocks need, and lines that their output must have.
FOLDERS = {
    "docs/examples/shell": (["buf"], ["SUPPORT_NATIVE", "STATE_SUCCEEDED", "not_found"]),
    "docs/examples/python": (
        ["python3"],
        ["uploaded libraries/yandex-v5/", "NOT_FOUND IMAGE_NOT_FOUND applied: no", "3 of 3 done", "polyptych.v1.ImageService"],
    ),
    "docs/examples/typescript": (
        ["node", "npm"],
        ["uploaded libraries/yandex-v5/", "NOT_FOUND IMAGE_NOT_FOUND applied: no", "3 of 3 done"],
    ),
    "docs/examples/browser": (
        ["node", "npm"],
        ["uploaded libraries/yandex-v5/", "there is libraries/yandex-v5/", "NotFound IMAGE_NOT_FOUND applied: no"],
    ),
    "docs/examples/go": (
        ["go", "protoc", "protoc-gen-go", "protoc-gen-go-grpc", f"{GO}/google.golang.org/grpc", f"{GO}/{GENERATED}"],
        ["libraries/evotor evotor", "uploaded libraries/yandex-v5/", "NotFound IMAGE_NOT_FOUND applied: no"],
    ),
}


def blocks():
    """What each block names behind its language, and its text."""
    fence = re.compile(r"^```\S+ (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [block for page in PAGES for block in fence.findall(page.read_text("utf-8"))]


def prepare(scratch):
    """A folder that looks like this repository to the blocks, so that nothing is written into that."""
    shutil.copytree(ROOT / "docs/examples", scratch / "docs/examples", dirs_exist_ok=True)
    for name in ["crates", "schemas"]:
        link = scratch / name
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT / name)


def run(program, folder, script, wanted):
    command = [program, "serve", "--emulate", "--listen", "127.0.0.1:0", "--set", 'server.web_origins=["https://pages.example.com"]']
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = server.stdout.readline().strip().removeprefix("listening on http://")
            script = script.replace(TOLD, address)
            ran = subprocess.run(
                ["sh", "-euc", script], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600
            )
        finally:
            server.terminate()
    missing = [text for text in wanted if text not in ran.stdout]
    if ran.returncode or missing:
        print(ran.stdout)
        return f"ended with {ran.returncode}; missing in what it printed: {missing}"
    return None


def main(program, scratch):
    program, scratch = Path(program).resolve(), Path(scratch).resolve()
    prepare(scratch)
    required = os.environ.get("POLYPTYCH_REQUIRE", "").split(",")
    failed, scripts = False, {}
    for name, text in blocks():
        if (ROOT / name).is_dir():
            scripts[name] = scripts.get(name, "") + text
        elif text not in (ROOT / name).read_text("utf-8"):
            failed = True
            print(f"{name} has no longer:\n{text}")
    for name, (tools, wanted) in FOLDERS.items():
        script = scripts.pop(name, "")
        absent = [tool for tool in tools if not shutil.which(tool) and not Path(tool).is_dir()]
        if absent:
            failed |= ("go" if name.endswith("/go") else "clients") in required
            print(f"{name}: skipped: {', '.join(absent)} not there")
            continue
        went = run(program, scratch / name, script, wanted)
        failed |= went is not None
        print(f"{name}: {went or 'pass'}")
    for name in scripts:
        failed = True
        print(f"{name}: no line in FOLDERS")
    sys.exit(failed)


if __name__ == "__main__":
    main(*sys.argv[1:])
