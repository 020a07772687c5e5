import subprocess
import sys

import pytest

from vae_core import torchvision_shim


@pytest.mark.slow
def test_torchvision_works_and_is_not_imported_by_the_data_package():
    """In a process of its own: what is imported stays imported."""
    code = """
import sys, vae_core.data, vae_core.data.sources
assert "torchvision" not in sys.modules and "sklearn" not in sys.modules
from vae_core.torchvision_shim import import_torchvision
tv = import_torchvision()
assert import_torchvision() is tv
import torch
from torchvision.transforms import v2
assert v2.Resize(8)(torch.zeros(3, 16, 16)).shape == (3, 8, 8)
assert tv.models.resnet18().fc.out_features == 1000 and tv.utils.make_grid(torch.zeros(2, 3, 4, 4)).ndim == 3
from vae_core.data.download import _SETS
files = {name: [(r.urls[-1], r.path, r.md5) for r in remotes()] for name, (remotes, _) in _SETS.items()}
assert [len(files[n]) for n in ("mnist", "fashion_mnist", "cifar10", "celeba")] == [4, 4, 1, 3], files
assert all(url.startswith("http") and len(md5) == 32 for part in files.values() for url, _, md5 in part), files
assert files["cifar10"][0][0].endswith("/cifar-10-binary.tar.gz"), files
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_another_failure_is_not_hidden(monkeypatch):
    def fail(name):
        raise RuntimeError("something else is wrong")

    monkeypatch.setattr(torchvision_shim.importlib, "import_module", fail)
    with pytest.raises(RuntimeError, match="something else"):
        torchvision_shim.import_torchvision()


def test_a_missing_torchvision_is_an_import_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(ImportError):
        torchvision_shim.import_torchvision()
