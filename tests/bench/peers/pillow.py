"""Pillow: a JPEG scaled to 1080x810 and written as JPEG, from memory to memory. With `draft` its decoder shrinks first."""

import io
import sys
import time

import PIL
from PIL import Image

draft = sys.argv[2:] == ["draft"]
with open(sys.argv[1], "rb") as file:
    source = file.read()
print("Pillow", PIL.__version__, flush=True)
for _ in sys.stdin:
    began = time.perf_counter()
    image = Image.open(io.BytesIO(source))
    if draft:
        image.draft("RGB", (1080, 810))
    image = image.resize((1080, 810), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92, subsampling=0)
    print((time.perf_counter() - began) * 1e3, flush=True)
