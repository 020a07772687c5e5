"""The page Your images: the user's own images, their reconstructions, and their errors compared with held-out images."""

import dataclasses

import numpy as np
import streamlit as st

from explorer.components.image_rows import ImageRow, image_rows, scale_bar
from explorer.components.sketch import sketch
from explorer.panels.condition_switch import condition_switch
from explorer.panels.your_texts import your_texts
from explorer.payloads.sketch import sketch_payload
from explorer.presenters.error_maps import error_maps, error_scale, viridis
from explorer.presenters.image_files import png_grid
from explorer.presenters.thumbnails import thumbnail
from explorer.services import models, uploads
from explorer.services.metrics import labelled
from explorer.services.text import escaped, widget_key

FRAME_NAMES = {"crop": "the middle", "fit": "all of it", "centre": "what is drawn"}
FRAME_HELP = (
    "The middle: the largest central part. All of it: the whole picture, padded with the colour of its border. What is drawn: "
    "only the strokes, scaled and centred on their centre of mass, as MNIST's digits are."
)

current = st.session_state.view
registry = models.registry()
first = registry.card(current.lead)
cards = [registry.card(name) for name in current.models]
if not first.shows_images:
    your_texts([card for card in cards if card.config.modelled == first.config.modelled], current)
    st.stop()
cards = [card for card in cards if card.config.modelled == first.config.modelled]
smooth = first.config.image[0] == 3

current, condition = condition_switch(
    cards, current, "Conditional models are told the class of an image. Give the class of your images, or another one to see "
    "what the model makes of them."
)  # fmt: skip
turn = st.session_state.setdefault("uploads-turn", 0)
left, right = st.columns([3, 2])
files = left.file_uploader(
    f"Images: PNG, JPEG, WebP, BMP or GIF, up to {uploads.MAX_MB} MB each",
    uploads.TYPES,
    accept_multiple_files=True,
    max_upload_size=uploads.MAX_MB,
    key=f"uploads-files-{turn}",
    help="They stay on this computer. Only this window shows them, and closing it deletes them.",
)
with right.expander("Take a picture"):
    photo = st.camera_input("Camera", key=f"uploads-camera-{turn}", label_visibility="collapsed")
has_drawn = "uploads-submitted" in st.session_state
with st.expander("Draw one, or paste one", expanded=not uploads.session_uploads() or has_drawn):
    payload, left_out = sketch_payload(cards, condition)
    if left_out:
        st.caption(escaped(f"A page cannot run {' and '.join(left_out)} by itself, so drawings are not shown for it."))
    submitted = None if payload is None else sketch(payload, key=widget_key("sketch", *(card.name for card in cards)))
added = [(file.name, file.getvalue()) for file in files]
if submitted is not None and st.session_state.get("uploads-submitted") != submitted.submission:
    st.session_state["uploads-submitted"] = submitted.submission
    added.append((f"{submitted.name} {len(uploads.session_uploads()) + 1}", submitted.content))
if photo is not None:
    added.append((f"photo {len(uploads.session_uploads()) + 1}", photo.getvalue()))
if added:
    st.session_state["uploads-refused"] = uploads.add(added)
    # A new key empties the uploader: each image has its own place on the page now, and its own button to remove it.
    st.session_state["uploads-turn"] = turn + 1
    st.rerun()
if refused := st.session_state.get("uploads-refused"):
    st.warning("  \n".join(escaped(f"{name} was not used: {reason}.") for name, reason in refused))

pictures = uploads.session_uploads()
if not pictures:
    channels, height, width = first.config.image
    kind = "colour" if channels == 3 else "grey"
    st.info(
        escaped(
            f"Drop, paste or draw images above to see how {' and '.join(card.title for card in cards)} would rebuild them. "
            f"Images of any size are converted to the {width}x{height} {kind} pixels that these models take. The page "
            "shows how, and you can change it."
        )
    )
    st.stop()

prepared, problems = {}, {}
for key, upload in pictures.items():
    try:
        prepared[key] = uploads.prepared_image(upload, first)
    except ValueError as reason:
        prepared[key], problems[key] = None, str(reason)
results = {
    card.name: {key: uploads.evaluate(card, x, condition) for key, x in prepared.items() if x is not None} for card in cards
}
errors = [result.errors for by_key in results.values() for result in by_key.values()]
high = error_scale(errors) if errors else 1.0
usable = [key for key, x in prepared.items() if x is not None]

for key, upload in pictures.items():
    st.divider()
    preparation = uploads.preparation(upload, first)
    side, main = st.columns([1, 3], gap="medium")
    with side:
        # The number that marks the image on the pad and the map.
        number = "" if prepared[key] is None else f"{usable.index(key) + 1} · "
        st.markdown(f"**{number}{escaped(upload.name)}**")
        st.image(thumbnail(upload.picture), width="content")
        frame = st.radio(
            "Prepared from",
            uploads.FRAMES,
            uploads.FRAMES.index(preparation.frame),
            format_func=FRAME_NAMES.get,
            key=widget_key("frame", key, first.name),
            help=FRAME_HELP,
        )
        about_invert = "Swap light and dark."
        invert = st.toggle("Invert", preparation.invert, key=widget_key("invert", key, first.name), help=about_invert)
        grey = preparation.grey
        if first.config.image[0] == 3:
            grey = st.toggle("Grey", preparation.grey, key=widget_key("grey", key, first.name), help="Remove the colours.")
        if (frame, invert, grey) != (preparation.frame, preparation.invert, preparation.grey):
            uploads.set_preparation(upload, dataclasses.replace(preparation, frame=frame, invert=invert, grey=grey))
            st.rerun()
        if st.button("Remove", key=f"remove-{key}"):
            uploads.remove(key)
            st.rerun()
    if prepared[key] is None:
        main.warning(escaped(f"It cannot be prepared like this: {problems[key]}. Choose another part of it on the left."))
        continue
    with main:
        images = [prepared[key]] + [results[card.name][key].reconstruction for card in cards]
        maps = error_maps(np.stack([results[card.name][key].errors for card in cards]), high)
        captions = ["prepared"] + [card.title for card in cards]
        mses = [""] + [labelled("mse", {"mse": results[card.name][key].mse}) for card in cards]
        rows = [
            ImageRow("Reconstruction", images, captions=captions),
            ImageRow("Error", [None, *maps], captions=mses),
        ]
        counts = [models.code_count(card) for card in cards]
        if any(counts):
            grids = [
                None if count is None else viridis(results[card.name][key].code / (count - 1))
                for card, count in zip(cards, counts, strict=True)
            ]
            rows.append(ImageRow("Codes", [None, *grids], "each number of the codebook as a colour"))
        image_rows(rows, smooth=smooth)
        for card in cards:
            result = results[card.name][key]
            if result.error_rank is None:
                continue
            message = f"{card.title}: the error is larger than that of {result.error_rank:.1%} of the held-out images."
            if result.is_outlier:
                message += f" This image is unlike the images of {card.data_title}, so its reconstruction says little."
            (st.warning if result.is_outlier else st.caption)(escaped(message))
        lead = results[first.name][key]
        nearest = [uploads.held_out_image(first, i) for i in lead.nearest]
        if nearest:
            real = all(is_original for _, is_original in nearest)
            note = f"in the latent space of {first.title}" + ("" if real else ", decoded from their codes")
            image_rows([ImageRow("Nearest held-out images", [image for image, _ in nearest], note)], smooth=smooth)
        # Links, because `st.switch_page` would first give this page's entry of the browser's history the other page's query.
        arrow, links = ":material/arrow_forward:", st.container(horizontal=True)
        if models.has_plane(first):
            target = dataclasses.replace(current, z=tuple(float(value) for value in lead.code)).query()
            links.page_link("screens/latent_grid.py", label="Show on the latent grid", icon=arrow, query_params=target)
        links.page_link("screens/map.py", label="Show on the map", icon=arrow, query_params=current.query())

st.divider()
scale_bar("0", f"{high:.2f}", "absolute error of a pixel, on one scale for all")
if usable:
    names = [pictures[key].name for key in usable]
    x = np.stack([prepared[key] for key in usable])
    by_model = {card.name: [results[card.name][key] for key in usable] for card in cards}
    grid = [list(x)] + [[result.reconstruction for result in evaluations] for evaluations in by_model.values()]
    columns = st.columns([1, 1, 4])
    # A rerun would replace the file while the browser downloads it.
    columns[0].download_button("Download PNG", png_grid(grid), "reconstructions.png", "image/png", on_click="ignore")
    columns[1].download_button(
        "Download NPZ",
        uploads.npz(names, x, by_model),
        "reconstructions.npz",
        on_click="ignore",
        help="Prepared images, and each model's codes, reconstructions and errors.",
    )
