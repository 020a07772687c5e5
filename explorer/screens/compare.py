"""The page Compare: reconstructions, samples and interpolations of several models, and their metrics."""

import dataclasses

import streamlit as st

from explorer.components.image_rows import MARKER_SYMBOLS, ImageRow, image_rows, scale_bar
from explorer.components.metric_table import MetricRow, metric_table
from explorer.components.rate_distortion import PlottedModel, rate_distortion
from explorer.panels.condition_switch import condition_switch
from explorer.presenters.error_maps import error_maps, error_scale
from explorer.services import comparisons, held_out, models, observations, view
from explorer.services.metrics import mse_captions
from explorer.services.text import escaped

IMAGES, STEPS, SAMPLES = 8, 9, 8

current = st.session_state.view
registry = models.registry()
cards = [registry.card(name) for name in current.models]
compatible = [card for card in cards if card.config.modelled == cards[0].config.modelled]
if len(compatible) < len(cards):
    names = ", ".join(card.title for card in cards if card not in compatible)
    st.info(escaped(f"Not compared: {names}. They are of observations of another size or kind than {cards[0].title}."))
cards = compatible


def given(card: models.ModelCard) -> str:
    """The class that the model is given, for the end of a note; empty for a model that is given none."""
    return f", as {models.conditions(card)[condition]}" if card in conditional else ""


of_images, noun = cards[0].shows_images, cards[0].config.modelled.noun
smooth = observations.is_smooth(cards[0])
images = held_out.images_for(cards[0])
count = len(images.x)


def model_row(card: models.ModelCard, images, note: str = "", **more) -> ImageRow:
    """A row of images of one model, with its marker."""
    style = models.style_of(card)
    return ImageRow(card.title, images, note, style["colour"], style["marker"], **more)


current, condition = condition_switch(
    cards, current, f"The class with which conditional models decode. Held-out {noun}s are encoded with their own class."
)
conditional = [card for card in cards if models.conditions(card)]

st.subheader("Reconstructions", anchor="reconstructions")
left, right = st.columns([3, 1], vertical_alignment="bottom")
left.caption(escaped(images.about))
row = current.row % max(1, count)
if right.button(f"Other {noun}s", key="compare-next", width="stretch"):
    row = (row + IMAGES) % count
    current = dataclasses.replace(current, row=row)
    view.show(current)
indices = [(row + i) % count for i in range(min(IMAGES, count))]
x = images.x[indices]
classes = condition if images.labels is None else images.labels[indices]
reconstructions = {card.name: comparisons.reconstructions(card, x, classes) for card in cards}
errors = {name: abs(x / 255 - pictures).mean(1) for name, pictures in reconstructions.items()} if of_images else {}
high = error_scale(errors.values()) if errors else 0
title = f"Held-out {noun}s" if images.real else "Decoded from codes"
originals = observations.shown(cards[0], x)
rows = [ImageRow(title, originals, captions=[images.names[i] for i in indices])]
for card in cards:
    rebuilt = observations.shown(card, reconstructions[card.name])
    same = mse_captions(x / 255, reconstructions[card.name]) if of_images else observations.hits(rebuilt, originals)
    rows.append(model_row(card, rebuilt, "reconstruction", captions=same))
    if of_images:
        rows.append(ImageRow(card.title, error_maps(errors[card.name], high), "error", subordinate=True))
    if card in conditional:
        switched = comparisons.as_class(card, x, classes, condition)
        rows.append(ImageRow(card.title, switched, f"the same codes{given(card)}", subordinate=True))
image_rows(rows, smooth=smooth)
if of_images:
    scale_bar("0", f"{high:.2f}", "absolute error of a pixel, on one scale for all models; numbers are the MSE of each image")
else:
    st.caption("Below each reconstruction is the number of letters that it has at the same place as the text.")

st.subheader(f"New {noun}s", anchor="samples")
rows = []
for card in cards:
    drawn = comparisons.samples(card, SAMPLES, "prior", current.seed, condition)
    rows.append(model_row(card, drawn, f"z drawn from {card.config.prior.title}{given(card)}"))
    if comparisons.has_fitted_codes(card):
        fitted = comparisons.samples(card, SAMPLES, "codes", current.seed, condition)
        rows.append(model_row(card, fitted, f"z drawn from a Gaussian fitted to its codes{given(card)}"))
image_rows(rows, smooth=smooth)
left, right = st.columns([3, 1], vertical_alignment="top")
points = [card for card in cards if models.has_plane(card)]
if len(points) < len(cards):
    left.caption(
        "A model with a codebook was not trained to decode codes that are drawn one by one, each as probable as the others. "
        "New images of it need a further model, which is trained on its codes."
    )
if not all(models.has_prior(card) for card in points):
    left.caption(
        "A plain AE is free to put its codes anywhere: N(0, I) may miss them, and even a Gaussian with their mean and "
        "covariance reaches into the holes between them. A VAE is trained to decode draws from its prior."
    )
elif points:
    left.caption("Decoded from draws of the prior, which these models were trained to decode.")
if right.button("Draw again", key="compare-draw", width="stretch"):
    view.show(dataclasses.replace(current, seed=(current.seed + 1) % view.MAX_SEEDS))
    st.rerun()

st.subheader(f"From one {noun} to another", anchor="interpolation")
ends = st.columns([2, 2, 2], vertical_alignment="bottom")
a = ends[0].number_input(f"From {noun}", 1, count, min(current.ends[0] % count, count - 1) + 1, key="compare-a") - 1
b = ends[1].number_input(f"to {noun}", 1, count, min(current.ends[1] % count, count - 1) + 1, key="compare-b") - 1
chosen = ends[2].segmented_control(
    "along a", view.PATHS, default=current.path, required=True, key="compare-path",
    format_func=lambda kind: {"linear": "straight line", "spherical": "great circle"}[kind],
)  # fmt: skip
path = view.PATHS[view.PATHS.index(chosen)]
if ((a, b), path) != (current.ends, current.path):
    current = dataclasses.replace(current, ends=(a, b), path=path)
    view.show(current)
rows = []
if of_images:
    rows.append(ImageRow("Cross-fade", list(comparisons.cross_fade(images.x[a], images.x[b], STEPS)), "pixels, no model"))
classes = condition if images.labels is None else images.labels[[a, b]]
for card in points:
    decoded = comparisons.interpolation(card, images.x[a], images.x[b], STEPS, path, classes, condition)
    on_sphere = card.config.posterior.space == "sphere"
    note = "decoded along the great circle, the straight path on its sphere" if on_sphere else "decoded along the path"
    rows.append(model_row(card, decoded, f"{note}{given(card)}"))
if rows:
    image_rows(rows, smooth=smooth)
for card in cards:
    if card not in points:
        why = "its codes are whole numbers with nothing between them, so that no path joins two of them"
        st.caption(escaped(f"{card.title} has no row: {why}."))
fade = "A cross-fade shows both images at once. " if of_images else ""
st.caption(f"{fade}In a good latent space, one {noun} changes into the other.")

st.subheader(f"Metrics on held-out {noun}s", anchor="metrics")
metrics = comparisons.metrics_shown(of_images)
rows = []
for card in cards:
    style = models.style_of(card)
    cells = [comparisons.formatted(card.metrics, metric) for metric in metrics]
    best = [card.name in comparisons.best_names(cards, metric) for metric in metrics]
    rows.append(MetricRow(card.title, MARKER_SYMBOLS[style["marker"]], style["colour"], cells, best))
metric_table(metrics, rows)
scales = sorted({card.config.likelihood.scale for card in cards})
st.caption(
    escaped(f"Nats measure: {'; '.join(scales)}. ")
    + ("Values in nats under different likelihoods are not compared. " if len(scales) > 1 else "")
    + (f"Values on different held-out {noun}s are not compared. " if len({card.fingerprint for card in cards}) > 1 else "")
    + "A dash means not defined: a deterministic autoencoder has no rate and no ELBO, and codes on a sphere or of a codebook "
    "have no dimensions that are active by themselves. A tick marks the better value."
)

st.subheader("Rate against distortion", anchor="rate-distortion")
comparable = comparisons.comparable(registry, cards[0])
if len(comparable) < 2:
    title = cards[0].data_title
    st.caption(escaped(f"Fewer than two models of {title} have a rate and the same likelihood: there is no plot."))
else:
    plotted = []
    for card in comparable:
        style = models.style_of(card)
        values = card.metrics["rate"], card.metrics["distortion"]
        plotted.append(PlottedModel(card.title, *values, style["colour"], style["marker"], card in cards))
    rate_distortion(plotted, comparisons.RATE_DISTORTION, key="compare-rate")
    st.caption(
        escaped(f"All models of {cards[0].data_title} under a {scales[0]}; those being compared are filled. ")
        + "Down and to the left is better; along a dotted line the negative ELBO is the same. A larger beta moves a model "
        "to the left and up: its codes say less about an observation, and its reconstructions are less accurate."
    )
