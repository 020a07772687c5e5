import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_core.data import DataError, load_dataset, render
from vae_core.data.shapes import SIZES, VALUES, shapes, silhouette


def _centroid(image: torch.Tensor) -> tuple[float, float]:
    rows, columns = torch.nonzero(image[0], as_tuple=True)
    return columns.float().mean().item(), rows.float().mean().item()


@settings(max_examples=60, deadline=None)
@given(st.tuples(*(st.integers(0, size - 1) for size in SIZES)))
def test_position_moves_the_centroid_a_pixel_a_step_and_nothing_else(factors):
    shape, scale, turn, x, y = factors
    image = render(torch.tensor([factors, (shape, scale, turn, 0, 0)]))
    assert set(image.unique().tolist()) == {0, 255}
    moved, still = _centroid(image[0]), _centroid(image[1])
    assert moved[0] - still[0] == pytest.approx(x, abs=1e-3)
    assert moved[1] - still[1] == pytest.approx(y, abs=1e-3)
    # The centre of the shape is the centre of its pixels, whatever its turn.
    assert still == pytest.approx((16, 16), abs=0.35)
    assert (image[0] > 0).sum() == (image[1] > 0).sum()


def test_scale_grows_the_area_as_its_square():
    index = torch.cartesian_prod(*(torch.arange(n) for n in SIZES[:3]), torch.tensor([7]), torch.tensor([20]))
    area = (render(index) > 0).flatten(1).sum(1).reshape(SIZES[:3]).double()
    assert (area.diff(dim=1) > 0).all()
    ratio = area[:, -1].mean(1) / area[:, 0].mean(1)
    assert ratio.tolist() == pytest.approx([4.0] * 3, rel=0.03)
    assert area[:, -1].mean(1).tolist() == pytest.approx([21.6**2, math.pi * 15.6 * 8.2, 3.662 * 12.2**2], rel=0.02)


def test_every_sprite_is_whole_at_every_place():
    """No sprite touches the edge of its patch by more than its own border: all 720 lie inside a 33x33 patch."""
    index = torch.cartesian_prod(*(torch.arange(n) for n in SIZES[:3]), torch.tensor([16]), torch.tensor([16]))
    image = render(index)[:, 0]
    outside = image.clone()
    outside[:, 16:49, 16:49] = 0
    assert not outside.any()
    assert (image.flatten(1) > 0).any(1).all()


@pytest.mark.parametrize(("shape", "period"), [("square", math.pi / 2), ("ellipse", math.pi), ("heart", 2 * math.pi)])
def test_symmetries(shape, period):
    for angle in VALUES[2]:
        a, b = silhouette(shape, 0.9, angle), silhouette(shape, 0.9, angle + period)
        assert (a != b).sum() <= 2  # rounding may flip a pixel on the very edge
        assert (a != silhouette(shape, 0.9, angle + period / 2)).sum() > 10


def test_orientation_is_anticlockwise_and_the_heart_begins_upright():
    heart = silhouette("heart", 1.0, 0.0)
    assert (heart == heart[:, ::-1]).all()
    assert heart[:16].sum(1).max() > heart[20:].sum(1).max(), "the wide part is above"
    tip = np.argwhere(silhouette("heart", 1.0, math.pi / 2))
    assert tip[:, 1].max() - 16 > 16 - tip[:, 1].min(), "a quarter turn anticlockwise points the tip to the right"


def test_first_and_last_orientation_are_one_image_as_in_dsprites():
    pair = render(torch.tensor([[2, 5, 0, 3, 4], [2, 5, 39, 3, 4]]))
    assert torch.equal(pair[0], pair[1])


def test_render_does_not_depend_on_its_neighbours():
    index = torch.stack([torch.randint(n, (200,)) for n in SIZES], 1)
    together = render(index)
    assert torch.equal(together, torch.cat([render(row[None]) for row in index]))
    assert render(index[:0]).shape == (0, 1, 64, 64)


@pytest.mark.parametrize(
    "index",
    [torch.zeros(3, 4, dtype=torch.long), torch.zeros(5, dtype=torch.long), torch.zeros(1, 5),
     torch.tensor([[3, 0, 0, 0, 0]]), torch.tensor([[0, 0, 0, 0, -1]]), torch.tensor([[0, 0, 40, 0, 0]])],
)  # fmt: skip
def test_render_refuses_what_is_off_the_grid(index):
    with pytest.raises(DataError):
        render(index)


def test_dataset_knows_its_factors(check_splits):
    data = shapes(3000, 200, 400)
    assert check_splits(data) == (3000, 200, 400)
    assert data.factor_sizes == SIZES
    assert torch.equal(render(data.test.factors), data.test.x)
    assert torch.equal(data.train.y, data.train.factors[:, 0])
    for column, size in enumerate(SIZES):
        counts = torch.bincount(data.train.factors[:, column], minlength=size)
        assert len(counts) == size
        assert counts.min() > 0.4 * 3000 / size


def test_default_sizes():
    data = load_dataset("shapes")
    assert (len(data.train), len(data.validation), len(data.test)) == (60_000, 2_000, 8_000)
    assert data.image == (1, 64, 64)
    assert len(torch.unique(torch.cat([data.train.factors, data.validation.factors, data.test.factors]), dim=0)) == 70_000


def test_more_than_the_grid_has_is_refused():
    with pytest.raises(DataError, match="cannot give"):
        shapes(737_280, 1, 1)
