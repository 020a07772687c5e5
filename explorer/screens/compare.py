"""The third page: what models make of the same images, side by side, and what it costs them."""

import dataclasses

import streamlit as st

from explorer.components.figure_table import Column, Line, figure_table
from explorer.components.picture_rows import MARKS, Row, rows, scale_bar
from explorer.components.rate_distortion import Spot, rate_distortion
from explorer.services import comparisons, held_out, models, view
from explorer.services.text import plain

IMAGES, STEPS, SAMPLES = 8, 9, 8

current = st.session_state.view
shelf = models.shelf()
cards = [shelf.card(name) for name in current.models]
fits = [card for card in cards if card.config.image == cards[0].config.image]
if len(fits) < len(cards):
    names = ", ".join(card.title for card in cards if card not in fits)
    st.info(plain(f"Not compared: {names}. They take images of another size than {cards[0].title}."))
cards = fits
smooth = cards[0].config.image[0] == 3
images = held_out.images_for(cards[0])
count = len(images.x)


def row_of(card: models.Card, pictures, note: str = "", **more) -> Row:
    style = models.style_of(card)
    return Row(card.title, pictures, note, style["colour"], style["marker"], **more)


st.subheader("Reconstructions", anchor="reconstructions")
left, right = st.columns([3, 1], vertical_alignment="bottom")
left.caption(plain(images.about))
row = current.row % max(1, count)
if right.button("Other images", key="compare-next", width="stretch"):
    row = (row + IMAGES) % count
    current = dataclasses.replace(current, row=row)
    view.show(current)
some = [(row + i) % count for i in range(min(IMAGES, count))]
x = images.x[some]
rebuilt = {card.name: comparisons.reconstructions(card, x) for card in cards}
errors = {name: abs(x / 255 - pictures).mean(1) for name, pictures in rebuilt.items()}
high = comparisons.error_scale(errors.values())
given = [Row("Held-out images" if images.real else "Drawn from codes", list(x), captions=[images.names[i] for i in some])]
for card in cards:
    mse = ((x / 255 - rebuilt[card.name]) ** 2).mean((1, 2, 3))
    given.append(row_of(card, list(rebuilt[card.name]), "rebuilt", captions=[f"{value:.4f}" for value in mse]))
    given.append(Row(card.title, comparisons.error_maps(errors[card.name], high), "where it errs", quiet=True))
rows(given, smooth=smooth)
scale_bar("0", f"{high:.2f}", "absolute error of a pixel, on one scale for all; the figures are the MSE of each image")

st.subheader("New images", anchor="samples")
given = []
for card in cards:
    prior = row_of(card, list(comparisons.samples(card, SAMPLES, "prior", current.seed)), "z drawn from N(0, I)")
    given.append(prior)
    if comparisons.has_fitted_codes(card):
        fitted = comparisons.samples(card, SAMPLES, "codes", current.seed)
        given.append(row_of(card, list(fitted), "z drawn from a Gaussian fitted to its codes"))
rows(given, smooth=smooth)
left, right = st.columns([3, 1], vertical_alignment="top")
if not all(comparisons.has_prior(card) for card in cards):
    left.caption(
        "A plain AE was never asked to put its codes anywhere: N(0, I) need not be where they are, and even a Gaussian with "
        "their mean and covariance reaches into the holes between them. A VAE was trained to decode N(0, I)."
    )
else:
    left.caption("Decoded from codes that are drawn from the prior, which these models were trained to decode.")
if right.button("Draw again", key="compare-draw", width="stretch"):
    view.show(dataclasses.replace(current, seed=(current.seed + 1) % view.MOST_SEEDS))
    st.rerun()

st.subheader("From one image to another", anchor="interpolation")
ends = st.columns([2, 2, 2], vertical_alignment="bottom")
a = ends[0].number_input("From image", 1, count, min(current.ends[0] % count, count - 1) + 1, key="compare-a") - 1
b = ends[1].number_input("to image", 1, count, min(current.ends[1] % count, count - 1) + 1, key="compare-b") - 1
path = ends[2].segmented_control(
    "along a", ["linear", "spherical"], default=current.path, required=True, key="compare-path",
    format_func=lambda kind: {"linear": "straight line", "spherical": "great circle"}[kind],
)  # fmt: skip
if ((a, b), path) != (current.ends, current.path):
    current = dataclasses.replace(current, ends=(a, b), path=path)
    view.show(current)
given = [Row("Cross-fade", list(comparisons.cross_fade(images.x[a], images.x[b], STEPS)), "pixels, no model")]
for card in cards:
    given.append(row_of(card, list(comparisons.way(card, images.x[a], images.x[b], STEPS, path)), "decoded on the way"))
rows(given, smooth=smooth)
st.caption(
    "A cross-fade shows both images at once; a model with a good latent space shows one image that changes into the other."
)

st.subheader("Figures on held-out images", anchor="figures")
columns = [Column(figure.title, comparisons.unit(figure), figure.about) for figure in comparisons.FIGURES]
lines = []
for card in cards:
    style = models.style_of(card)
    cells = [comparisons.shown(card.metrics, figure) for figure in comparisons.FIGURES]
    best = [card.name in comparisons.best(cards, figure) for figure in comparisons.FIGURES]
    lines.append(Line(card.title, MARKS[style["marker"]], style["colour"], cells, best))
figure_table(columns, lines)
scales = sorted({card.config.likelihood.scale for card in cards})
st.caption(
    plain(f"Nats are of: {'; '.join(scales)}. ")
    + ("Figures in nats under different likelihoods are not compared. " if len(scales) > 1 else "")
    + ("Figures on different held-out images are not compared. " if len({card.fingerprint for card in cards}) > 1 else "")
    + "A dash: not defined, since a deterministic autoencoder has no rate and no ELBO. A mark: the better value."
)

st.subheader("Rate against distortion", anchor="rate-distortion")
alike = comparisons.alike(shelf, cards[0])
if len(alike) < 2:
    title = cards[0].data_title
    st.caption(plain(f"Fewer than two models of {title} share a likelihood and have a rate: there is no trade to show."))
else:
    spots = []
    for card in alike:
        style = models.style_of(card)
        values = card.metrics["rate"], card.metrics["distortion"]
        spots.append(Spot(card.title, *values, style["colour"], style["marker"], card in cards))
    rate_distortion(spots, key="compare-rate")
    st.caption(
        plain(f"All models of {cards[0].data_title} under a {scales[0]}, those being compared filled. ")
        + "Down and to the left is better; along a dotted line the negative ELBO is the same. A larger beta moves a model "
        "to the left and up: its codes tell less, and it rebuilds less well."
    )
