"""The image formats that can be read, by Pillow's names and by file endings."""

from functools import lru_cache

from PIL import features

_ALWAYS = {
    "JPEG": "jpg jpeg jpe jfif",
    "PNG": "png apng",
    "WEBP": "webp",
    "BMP": "bmp dib",
    "GIF": "gif",
    "TIFF": "tif tiff",
    "PPM": "ppm pgm pbm pnm",
}
_WHERE_PILLOW_HAS_THEM = {"avif": ("AVIF", "avif"), "jpg_2000": ("JPEG2000", "jp2 j2k jpx jpf jpc j2c")}


@lru_cache(maxsize=1)
def image_kinds() -> dict[str, str]:
    """Pillow's names of the formats, and their file endings; two formats depend on how Pillow was built."""
    return _ALWAYS | {name: ends for needs, (name, ends) in _WHERE_PILLOW_HAS_THEM.items() if features.check(needs)}


@lru_cache(maxsize=1)
def image_suffixes() -> frozenset[str]:
    """The file endings of images, as in ".png"."""
    return frozenset(f".{ending}" for endings in image_kinds().values() for ending in endings.split())
