"""The models by name: a paper is a row, not a class."""

from __future__ import annotations

from dataclasses import dataclass

from vae_core.config import (
    AdversarialConfig,
    CategoryField,
    ConfigError,
    DeterministicConfig,
    DiagonalGaussianConfig,
    ELBOConfig,
    FieldSpec,
    FlatConfig,
    FullGaussianConfig,
    GridConfig,
    GRUConfig,
    ImageField,
    LearnedGaussianConfig,
    LikelihoodConfig,
    MMDConfig,
    ModelConfig,
    NetConfig,
    ObjectiveConfig,
    PosteriorConfig,
    PriorConfig,
    QuantizationConfig,
    RealNVPConfig,
    ReconstructionConfig,
    StandardNormalConfig,
    StructureConfig,
    TwoLayerConfig,
    UniformCodesConfig,
    UniformSphereConfig,
    VectorQuantizedConfig,
    VonMisesFisherConfig,
)
from vae_core.config.model import DEFAULTS


@dataclass(frozen=True)
class Row:
    """A name's choice on the axes that it is about; likelihood, sizes and most nets are for the caller to choose."""

    title: str
    source: str
    change: str
    """A sentence that says what the model changes, and against which other."""
    posterior: PosteriorConfig = DiagonalGaussianConfig()
    prior: PriorConfig = StandardNormalConfig()
    objective: ObjectiveConfig = ELBOConfig()
    structure: type[StructureConfig] = FlatConfig
    given: str = ""
    """Name of the category that the model is given; empty where it is given nothing."""
    net: NetConfig | None = None
    """The net, for a model that is one by its net; else None."""


ZOO = {
    "ae": Row(
        "AE",
        "Hinton & Salakhutdinov 2006",
        "The code of an image is a point, and the loss is the reconstruction alone: images decoded between the codes may look "
        "like nothing at all.",
        posterior=DeterministicConfig(),
        objective=ReconstructionConfig(),
    ),
    "vae": Row(
        "VAE",
        "Kingma & Welling 2014",
        "The code of an image is a cloud around a point, and a rate pulls all clouds towards one normal distribution.",
    ),
    "beta-vae": Row(
        "beta-VAE",
        "Higgins et al. 2017",
        "The rate of a VAE counts beta times, which trades detail for independent dimensions.",
        objective=ELBOConfig(beta=4.0),
    ),
    "mmd-vae": Row(
        "MMD-VAE",
        "Zhao, Song & Ermon 2019",
        "In place of the rate of each image, the loss of a VAE compares all codes of a batch with draws of the prior, so that "
        "each code may store more of its image.",
        objective=MMDConfig(),
    ),
    "aae": Row(
        "AAE",
        "Makhzani et al. 2015",
        "In place of the rate of a VAE, a discriminator compares the codes of a plain autoencoder with draws of the prior.",
        posterior=DeterministicConfig(),
        objective=AdversarialConfig(),
    ),
    "full-vae": Row(
        "Full-covariance VAE",
        "Kingma & Welling 2019, section 2.5.1",
        "The cloud of codes of an image in a VAE may be an ellipse that is turned, because its dimensions may depend on one "
        "another.",
        posterior=FullGaussianConfig(),
    ),
    "realnvp-vae": Row(
        "RealNVP-VAE",
        "Dinh et al. 2017; Chen et al. 2017",
        "The prior of a VAE is a flow that is learned with it, so that the prior moves to where the codes are.",
        prior=RealNVPConfig(),
    ),
    "s-vae": Row(
        "S-VAE",
        "Davidson et al. 2018; Xu & Durrett 2018",
        "The code of an image is a direction: a point on a sphere, with a spread of fixed size and so with a constant rate.",
        posterior=VonMisesFisherConfig(),
        prior=UniformSphereConfig(),
    ),
    "cvae": Row(
        "CVAE",
        "Sohn, Lee & Yan 2015; the decoder of M2 in Kingma et al. 2014",
        "Encoder and decoder of a VAE are given the class of an image, so that the code holds what the class does not say.",
        given="label",
    ),
    "two-layer-vae": Row(
        "Two-layer VAE",
        "Sønderby et al. 2016; Kingma et al. 2016",
        "Two codes stand for an image: the top one, as in a VAE, and one of details, whose distribution depends on the top "
        "one.",
        structure=TwoLayerConfig,
    ),
    "vq-vae": Row(
        "VQ-VAE",
        "van den Oord, Vinyals & Kavukcuoglu 2017",
        "The code of an image is a grid of whole numbers, each of which names a vector of a codebook that is learned with the "
        "model.",
        posterior=VectorQuantizedConfig(),
        prior=UniformCodesConfig(),
        objective=QuantizationConfig(),
        structure=GridConfig,
    ),
    "gru-vae": Row(
        "GRU-VAE",
        "Bowman et al. 2016; free bits of Kingma et al. 2016",
        "Encoder and decoder of a VAE are recurrent: one reads a text, the other writes it token by token. Two nats of each "
        "dimension of the code cost nothing; otherwise the decoder would do without the code, which it hardly needs to spell.",
        objective=ELBOConfig(free_bits=2.0),
        net=GRUConfig(),
    ),
}


def model_config(
    name: str,
    field: FieldSpec | tuple[int, int, int],
    latent: int,
    net: NetConfig | None = None,
    likelihood: LikelihoodConfig | None = None,
    classes: int = 0,
) -> ModelConfig:
    """The configuration of a named model for a field, or for images (C, H, W), and a code of `latent` dimensions.

    A structure without vectors has no such dimensions.
    Without a likelihood, grey images get a Bernoulli and colour ones a Gaussian with a learned sigma. `classes` is the number
    of classes of the observations, which a model that is given the class has to know. Raises ConfigError on an unknown name,
    or where the parts do not go together.
    """
    if name not in ZOO:
        raise ConfigError(f"There is no model {name!r}; the zoo has {', '.join(ZOO)}.")
    row = ZOO[name]
    field = ImageField("image", *field) if isinstance(field, tuple) else field
    if likelihood is None and isinstance(field, ImageField) and field.channels > 1:
        likelihood = LearnedGaussianConfig()
    if row.net is not None and type(net or row.net) is not type(row.net):
        raise ConfigError(
            f"A {row.title} has a net of kind {row.net.kind!r}; choose another model for other nets and observations."
        )
    axes = {} if likelihood is None else {"likelihood": likelihood}
    if row.given and not classes:
        raise ConfigError(f"A {row.title} is given the class of each {field.noun}; it needs {field.noun}s with classes.")
    condition = CategoryField(row.given, classes) if row.given else None
    if row.structure.field not in ("", field.kind):
        raise ConfigError(f"A {row.title} is a model of images, and {field.name!r} is a {field.noun}; choose another model.")
    net = net or row.net or DEFAULTS[field.kind]["net"]
    parts = (net, row.posterior, row.objective, row.prior, condition)
    return ModelConfig.for_field(field, row.structure.suited(latent, field.shape, net), *parts, **axes)


def zoo_name(config: ModelConfig) -> str:
    """The name whose row a configuration agrees with; where none does, the kind of the posterior.

    A beta-VAE is one whatever its beta, as long as that is not 1, and an S-VAE whatever its concentration.
    """
    for name, row in sorted(ZOO.items(), key=lambda item: item[1].net is None):
        given = (row.given,) if row.given else ()
        parts = (type(config.structure), type(config.posterior), type(config.prior), config.given)
        wanted = (row.structure, type(row.posterior), type(row.prior), given)
        nets = (type(None), type(config.net))
        if parts == wanted and type(row.net) in nets and _same(config.objective, row.objective):
            return name
    return config.posterior.kind


def _same(found: ObjectiveConfig, wanted: ObjectiveConfig) -> bool:
    """True if two objectives are of one kind and, where they have a beta, the rate counts once in both or in neither."""
    beta, other = getattr(found, "beta", None), getattr(wanted, "beta", None)
    return type(found) is type(wanted) and (beta == other or 1.0 not in (beta, other))
