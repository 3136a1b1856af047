"""libvips by its own program: a JPEG file scaled to 1080x810 and written as a JPEG file. Starting the program counts, as
it has no other way to be called without a binding."""

import os
import subprocess
import sys
import tempfile
import time

said = subprocess.run(["vips", "--version"], capture_output=True, text=True, check=True).stdout.split()
print("libvips", said[0].removeprefix("vips-"), flush=True)
with tempfile.TemporaryDirectory() as folder:
    out = os.path.join(folder, "out.jpg[Q=92,subsample_mode=off]")
    command = ["vipsthumbnail", sys.argv[1], "--size", "1080x810!", "-o", out]
    for _ in sys.stdin:
        began = time.perf_counter()
        subprocess.run(command, check=True, env={**os.environ, "VIPS_CONCURRENCY": "1"})
        print((time.perf_counter() - began) * 1e3, flush=True)
