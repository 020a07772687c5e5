"""Small versions of pictures."""

import pytest
from PIL import Image

from explorer.presenters.thumbnails import MAX_SIDE, thumbnail


@pytest.mark.parametrize("size", [(5000, 1), (1, 5000), (3, 3), (2048, 512)])
def test_a_picture_of_any_shape_has_a_thumbnail(size):
    picture = Image.new("L", size, 128)
    small = thumbnail(picture)
    assert min(small.size) >= 1 and max(small.size) <= MAX_SIDE and picture.size == size
