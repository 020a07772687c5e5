"""The real sets, where the environment variable VAE_DATA says where they are; each test is skipped where it does not."""

import pytest

from vae_core.data import available, load_dataset

SIZES = {
    "mnist": (53_000, 2_000, 10_000),
    "fashion_mnist": (58_000, 2_000, 10_000),
    "cifar10": (48_000, 2_000, 10_000),
}


@pytest.fixture
def ready(real_data, request):
    name = request.node.callspec.params["name"]
    state = {n: how for n, _, how, _ in available()}[name]
    if state != "ready":
        pytest.skip(f"{name} is not under VAE_DATA, so it is not tested")
    return name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_real_splits_are_disjoint_and_of_their_sizes(name, ready, check_splits):
    data = load_dataset(name)
    assert check_splits(data) == SIZES[name]
    for split in (data.train, data.validation, data.test):
        assert set(split.y.tolist()) == set(range(10))
        counts = split.y[:1000].bincount(minlength=10)
        assert counts.min() > 60, "a prefix should be a fair sample"


@pytest.mark.parametrize("name", ["mnist"])
def test_real_mnist_holds_out_mnist5k(name, ready):
    small = load_dataset("mnist5k")
    held_out = {image.tobytes() for s in (small.train, small.validation, small.test) for image in s.x.numpy()}
    data = load_dataset(name)
    assert data.fingerprint.startswith("d00788d42f3a1005")
    for split in (data.train, data.validation, data.test):
        assert not any(image.tobytes() in held_out for image in split.x.numpy())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["celeba"])
def test_real_celeba(name, ready, check_splits):
    data = load_dataset(name)
    sizes = check_splits(data)
    assert data.image == (3, 64, 64)
    assert len(data.attribute_names) == data.test.attributes.shape[1] == 40
    if sum(sizes) == 10_000:
        assert sizes == (8_500, 500, 1_000)
        smiling = data.test.attributes[:, data.attribute_names.index("Smiling")].double().mean()
        assert 0.44 < smiling < 0.52  # 48.2 % of the 10,000
    else:
        assert sizes == (162_770, 19_867, 19_962)
