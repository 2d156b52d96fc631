"""The image formats that can be read, by Pillow's names and by file endings."""

from functools import lru_cache
from importlib.util import find_spec

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
_WITH_THE_EXTRA = {"HEIF": "heic heif hif"}
"""What phones write; read where the extra `heic` is installed."""
_WHERE_PILLOW_HAS_THEM = {"avif": ("AVIF", "avif"), "jpg_2000": ("JPEG2000", "jp2 j2k jpx jpf jpc j2c")}


@lru_cache(maxsize=1)
def image_kinds() -> dict[str, str]:
    """Pillow's names of the formats, and their endings; two kinds are read where Pillow was built with them."""
    found = {name: ends for needs, (name, ends) in _WHERE_PILLOW_HAS_THEM.items() if features.check(needs)}
    return _ALWAYS | found | (_WITH_THE_EXTRA if _reads_heic() else {})


def _reads_heic() -> bool:
    """Whether the extra is installed; Pillow is told of it then."""
    if find_spec("pillow_heif") is None:
        return False
    from pillow_heif import register_heif_opener

    register_heif_opener()
    return True


@lru_cache(maxsize=1)
def image_suffixes() -> frozenset[str]:
    """The file endings of images, as in ".png"."""
    return frozenset(f".{ending}" for endings in image_kinds().values() for ending in endings.split())
