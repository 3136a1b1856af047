"""Does to each source what its result claims was done, with Pillow alone, and compares the two."""

import io
import json
import sys

from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat

# Mean difference of a sample that compression, dithering or another rounding may make.
TOLERANCE = {"PNG": 2.0, "JPEG": 4.0, "GIF": 9.0}


def expected(case):
    picture = Image.open(case["source"])
    profile = picture.info.get("icc_profile")
    picture = ImageOps.exif_transpose(picture)
    alpha = "A" in picture.getbands()
    # The palette of a GIF's first frame.
    picture = picture.convert("RGBA" if alpha else "RGB")
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        picture = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"))
    size = (case["width"], case["height"])
    if case["mode"] == "contain":
        inner = ImageOps.contain(picture, size, Image.Resampling.LANCZOS)
        canvas = Image.new(picture.mode, size, tuple(case["background"]) + ((255,) if alpha else ()))
        canvas.paste(inner, ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2))
        under = tuple(case["background"])
    else:
        canvas = ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
        under = (255, 255, 255)
    return canvas, under


def flat(picture, under):
    if "A" not in picture.getbands():
        return picture.convert("RGB")
    back = Image.new("RGBA", picture.size, under + (255,))
    return Image.alpha_composite(back, picture.convert("RGBA")).convert("RGB")


def faults(case):
    result = Image.open(case["result"])
    if result.format != case["format"]:
        yield f"format {result.format}"
    if result.size != (case["width"], case["height"]):
        yield f"size {result.size}"
    if result.getexif().get(0x0112, 1) != 1 or "icc_profile" in result.info:
        yield "metadata"
    if getattr(result, "n_frames", 1) != 1:
        yield "frames"
    if case["format"] == "GIF" and "A" in expected(case)[0].getbands():
        # A GIF pixel is opaque or not there at all; the colours are those of the other formats.
        return
    result.load()
    wanted, under = expected(case)
    if result.mode == "P":
        result = result.convert("RGB")
    apart = ImageStat.Stat(ImageChops.difference(flat(result, under), flat(wanted, under))).mean
    if max(apart) > TOLERANCE[case["format"]]:
        yield f"colours apart by {apart}"


cases = json.load(open(sys.argv[1]))
bad = [(case["result"], list(found)) for case in cases if (found := list(faults(case)))]
for name, found in bad:
    print(name, found)
if bad:
    sys.exit(1)
print(len(cases), "agree")
