"""The fourth page: a person's own images, how each model rebuilds them, and where they fall among held-out images."""

import dataclasses

import numpy as np
import streamlit as st

from explorer.components.picture_rows import Row, rows, scale_bar
from explorer.components.pictures import png_of_rows
from explorer.components.sketch import sketch
from explorer.services import comparisons, models, sketches, uploads
from explorer.services.text import key_of, plain

NEAREST = 5
FRAME_NAMES = {"crop": "the middle", "fit": "all of it", "centre": "what is drawn"}
FRAME_HELP = (
    "The middle: the central part, as large as it can be. All of it: on a ground of its border's colour. What is drawn: the "
    "marks alone, scaled and put about their centre of mass, as MNIST's digits were."
)

current = st.session_state.view
shelf = models.shelf()
first = shelf.card(current.lead)
cards = [shelf.card(name) for name in current.models]
cards = [card for card in cards if card.config.image == first.config.image]
smooth = first.config.image[0] == 3

turn = st.session_state.setdefault("uploads-turn", 0)
left, right = st.columns([3, 2])
files = left.file_uploader(
    f"Images: PNG, JPEG, WebP, BMP or GIF, up to {uploads.MOST_MB} MB each",
    uploads.TYPES,
    accept_multiple_files=True,
    max_upload_size=uploads.MOST_MB,
    key=f"uploads-files-{turn}",
    help="They stay on this computer, are seen by this window alone, and are gone with it.",
)
with right.expander("Take a picture"):
    photo = st.camera_input("Camera", key=f"uploads-camera-{turn}", label_visibility="collapsed")
drew = "uploads-handed" in st.session_state
with st.expander("Draw one, or paste one", expanded=not uploads.held() or drew):
    sheet, not_drawn_for = sketches.sketch_of(cards)
    if not_drawn_for:
        st.caption(plain(f"A page cannot run {' and '.join(not_drawn_for)} by itself, so drawings are not shown to that."))
    handed = None if sheet is None else sketch(sheet, key=key_of("sketch", *(card.name for card in cards)))
given = [(file.name, file.getvalue()) for file in files]
if handed is not None and st.session_state.get("uploads-handed") != handed.turn:
    st.session_state["uploads-handed"] = handed.turn
    given.append((f"{handed.name} {len(uploads.held()) + 1}", handed.content))
if photo is not None:
    given.append((f"photo {len(uploads.held()) + 1}", photo.getvalue()))
if given:
    st.session_state["uploads-refused"] = uploads.add(given)
    # The uploader is for taking in: from here on each image has its own place, and its own way out.
    st.session_state["uploads-turn"] = turn + 1
    st.rerun()
if refused := st.session_state.get("uploads-refused"):
    st.warning("  \n".join(plain(f"{name} was not used: {reason}.") for name, reason in refused))

held = uploads.held()
if not held:
    channels, height, width = first.config.image
    kind = "colour" if channels == 3 else "grey"
    st.info(
        plain(
            f"Drop, paste or draw images above to see how {' and '.join(card.title for card in cards)} would rebuild them. "
            f"Whatever their size, they are brought to the {width}x{height} {kind} pixels that these models take; how is shown "
            "and can be changed."
        )
    )
    st.stop()

ready, problems = {}, {}
for key, upload in held.items():
    try:
        ready[key] = uploads.pixels(upload, first)
    except ValueError as reason:
        ready[key], problems[key] = None, str(reason)
found = {card.name: {key: uploads.outcome(card, x) for key, x in ready.items() if x is not None} for card in cards}
errors = [one.errors for outcomes in found.values() for one in outcomes.values()]
high = comparisons.error_scale(errors) if errors else 1.0
usable = [key for key, x in ready.items() if x is not None]

for key, upload in held.items():
    st.divider()
    how = uploads.preparation(upload, first)
    side, main = st.columns([1, 3], gap="medium")
    with side:
        # The number under which it is marked on pad and map.
        number = "" if ready[key] is None else f"{usable.index(key) + 1} · "
        st.markdown(f"**{number}{plain(upload.name)}**")
        st.image(uploads.thumbnail(upload), width="content")
        frame = st.radio(
            "Prepared from",
            uploads.FRAMES,
            uploads.FRAMES.index(how.frame),
            format_func=FRAME_NAMES.get,
            key=key_of("frame", key, first.name),
            help=FRAME_HELP,
        )
        about_invert = "Light becomes dark and dark light."
        invert = st.toggle("Invert", how.invert, key=key_of("invert", key, first.name), help=about_invert)
        grey = how.grey
        if first.config.image[0] == 3:
            grey = st.toggle("Grey", how.grey, key=key_of("grey", key, first.name), help="Without its colours.")
        if (frame, invert, grey) != (how.frame, how.invert, how.grey):
            uploads.prepare(upload, dataclasses.replace(how, frame=frame, invert=invert, grey=grey))
            st.rerun()
        if st.button("Remove", key=f"remove-{key}"):
            uploads.remove(key)
            st.rerun()
    if ready[key] is None:
        main.warning(plain(f"It cannot be prepared like this: {problems[key]}. Choose another part of it, at the left."))
        continue
    with main:
        pictures = [ready[key]] + [found[card.name][key].rebuilt for card in cards]
        maps = comparisons.error_maps(np.stack([found[card.name][key].errors for card in cards]), high)
        captions = ["prepared"] + [card.title for card in cards]
        mses = [""] + [f"MSE {found[card.name][key].mse:.4f}" for card in cards]
        rows(
            [
                Row("Rebuilt", pictures, captions=captions),
                Row("Where it errs", [None, *maps], captions=mses),
            ],
            smooth=smooth,
        )
        for card in cards:
            one = found[card.name][key]
            if one.above is None:
                continue
            said = f"{card.title}: the error is larger than that of {one.above:.1%} of the held-out images."
            if one.unlike:
                said += f" It is unlike the images of {card.data_title}: what the model makes of it says little."
            (st.warning if one.unlike else st.caption)(plain(said))
        lead = found[first.name][key]
        near = [uploads.held_out_image(first, i) for i in lead.nearest]
        if near:
            real = all(is_real for _, is_real in near)
            note = f"in the latent space of {first.title}" + ("" if real else ", as it draws them")
            rows([Row("Nearest held-out images", [image for image, _ in near], note)], smooth=smooth)
        # Links, because `st.switch_page` would first give this page's entry of the browser's history the other page's query.
        there = dataclasses.replace(current, z=tuple(float(value) for value in lead.code))
        arrow, links = ":material/arrow_forward:", st.container(horizontal=True)
        links.page_link("screens/latent_grid.py", label="Show on the latent grid", icon=arrow, query_params=there.query())
        links.page_link("screens/map.py", label="Show on the map", icon=arrow, query_params=current.query())

st.divider()
scale_bar("0", f"{high:.2f}", "absolute error of a pixel, on one scale for all")
if usable:
    names = [held[key].name for key in usable]
    x = np.stack([ready[key] for key in usable])
    by_model = {card.name: [found[card.name][key] for key in usable] for card in cards}
    grid = [list(x)] + [[one.rebuilt for one in outcomes] for outcomes in by_model.values()]
    columns = st.columns([1, 1, 4])
    # Without a rerun, which would replace the file while it is being fetched.
    columns[0].download_button("Download PNG", png_of_rows(grid), "reconstructions.png", "image/png", on_click="ignore")
    columns[1].download_button(
        "Download NPZ",
        uploads.as_npz(names, x, by_model),
        "reconstructions.npz",
        on_click="ignore",
        help="Images as prepared, and each model's codes, reconstructions and errors.",
    )
