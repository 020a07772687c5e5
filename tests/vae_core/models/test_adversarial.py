"""The adversarial autoencoder: its terms against formulas, its codes, and what its checkpoint leaves out."""

from __future__ import annotations

import torch

from vae_core import TrainConfig, build_model, checkpoint, fit, load_dataset
from vae_core.batch import Batch
from vae_core.checkpoint import Checkpoint
from vae_core.config import AdversarialConfig, MLPConfig
from vae_core.zoo import model_config


def make(**changes):
    torch.manual_seed(0)
    config = model_config("aae", (1, 8, 8), 2, MLPConfig((32,)))
    return build_model(config.replace(objective=AdversarialConfig(**changes)))


def test_terms_are_cross_entropies_of_the_discriminator():
    model = make(discriminator=(8,))
    batch = Batch({"image": torch.rand(6, 1, 8, 8)})
    noise = model.draw_noise(6, torch.Generator().manual_seed(1))
    terms = model.terms(batch, noise)
    codes = model.infer(batch).codes["z"]
    of_codes, of_prior = (torch.sigmoid(model.objective.discriminator(z))[:, 0] for z in (codes, noise["objective.prior.z"]))
    torch.testing.assert_close(terms["fooling"], -torch.log(of_codes))
    torch.testing.assert_close(terms["discrimination"], -torch.log(of_prior) - torch.log(1 - of_codes))
    loss = model.objective(terms, model.objective.weights(0.5), ("distortion", "fooling"))
    torch.testing.assert_close(loss, terms["distortion"].mean() + 10 * terms["fooling"].mean())


def test_its_codes_come_to_be_distributed_as_the_prior():
    """Standard deviations of its codes come nearer to 1 than those of a plain autoencoder of the same size and steps."""
    data, spread = load_dataset("digits"), {}
    for weight in (0.0, 10.0):
        model = make(adversarial_weight=weight)
        fit(model, data, TrainConfig(steps=400, batch_size=128, threads=1, engine="eager"), subscribers=[])
        codes = model.encode(data.validation.x).mean
        spread[weight] = codes.std(0)
    assert float((spread[10.0] - 1).abs().max()) < 0.25 < 0.4 < float((spread[0.0] - 1).abs().max())
    assert float(codes.mean(0).abs().max()) < 0.25


def test_it_can_be_sampled_and_has_no_rate():
    found = make().capabilities
    assert found.prior and not found.rate and not found.density


def test_its_checkpoint_has_no_discriminator_and_trains_on_with_a_new_one(tmp_path):
    model, path = make().eval(), tmp_path / "a.safetensors"
    assert model.training_only and all(name.startswith("objective.") for name in model.training_only)
    checkpoint.save(Checkpoint(model), path)
    found, again = (checkpoint.load(path).model for _ in range(2))
    x = torch.rand(3, 1, 8, 8)
    torch.testing.assert_close(found.reconstruct(x), model.reconstruct(x))
    state, other = found.objective.state_dict(), again.objective.state_dict()
    assert state.keys() == model.objective.state_dict().keys()
    assert all(torch.equal(value, other[name]) for name, value in state.items())
    data = load_dataset("digits")
    fit(found, data, TrainConfig(steps=3, batch_size=64, engine="eager"), subscribers=[])
    assert any(not torch.equal(value, other[name]) for name, value in found.objective.state_dict().items())
