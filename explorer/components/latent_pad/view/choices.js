import { makeChoice } from "../../base/choice.js";
import { makeSwitch } from "../../base/switch.js";
import { IMAGES, PRINCIPAL, imagesOf } from "../model.js";

const WHY = `The same numbers mean different things to each model: models share neither the order nor the sign of dimensions.
Switched off, the other models go where they put the held-out images that are near the handle.`;

const TRIES = 10;

const KINDS = {
  dimensions: ["Two dimensions", "Two dimensions of the code, in the order of their use; the others stay as they are."],
  principal: ["Principal components", "The two directions in which the codes of held-out images vary most."],
  images: ["Three images", "The plane through the codes of three held-out images, marked 1 to 3."],
};

// How the plane lies, and how models follow.
export class Choices {
  // pad: lay(kind), layThroughImages([i, j, k]) and share(same)
  constructor(root, { model, models, kind, same, nearest }, pad) {
    root.replaceChildren();
    if (model.latent > 2) {
      const images = kind.startsWith(IMAGES) ? imagesOf(kind) : null;
      const now = kind === PRINCIPAL ? "principal" : images ? "images" : "dimensions";
      const pair = now === "dimensions" ? kind.split("-").map(Number) : model.order.slice(0, 2);
      const lay = {
        dimensions: () => pad.lay(pair.join("-")),
        principal: () => pad.lay(PRINCIPAL),
        images: () => {
          // Three that happen to lie on a line, or twice the same, are drawn again.
          for (let i = 0; i < TRIES; i++) if (pad.layThroughImages([Math.max(0, nearest.shown), ...someImages(model, 2)])) return;
        },
      };
      const count = model.codes.length / model.latent;
      const { images: ofImages, ...others } = KINDS;
      const choice = makeChoice("Plane", count >= 3 ? { ...others, images: ofImages } : others, now, (name) => lay[name]());
      root.append(choice.element);
      if (now === "dimensions") root.append(...this.dimensions(model, pair, lay.dimensions));
      if (images) root.append(...this.images(images, count, pad));
    }
    if (models.length > 1) {
      const equal = models.every(({ latent }) => latent === model.latent);
      const button = makeSwitch("Same z in all models", same && equal, () => pad.share(!same));
      button.disabled = !equal;
      button.title = equal ? WHY : "These models have codes of different lengths.";
      root.append(button);
    }
    root.hidden = !root.childNodes.length;
  }

  dimensions(model, pair, lay) {
    return pair.map((chosen, axis) => {
      const select = dimensionSelect(model, chosen, axis ? "Dimension upwards" : "Dimension across");
      select.addEventListener("change", () => {
        const wanted = Number(select.value);
        if (pair[1 - axis] === wanted) pair[1 - axis] = pair[axis];
        pair[axis] = wanted;
        lay();
      });
      return select;
    });
  }

  images(images, count, pad) {
    return images.map((image, i) => {
      const input = Object.assign(document.createElement("input"), { type: "number", min: 1, max: count, step: 1, value: image + 1 });
      input.setAttribute("aria-label", `Image ${i + 1} of the plane`);
      input.addEventListener("change", () => {
        const wanted = input.valueAsNumber - 1;
        const others = images.map((other, j) => (j === i ? wanted : other));
        if (!pad.layThroughImages(others)) input.value = image + 1;
      });
      return input;
    });
  }
}

function dimensionSelect(model, chosen, label) {
  const select = document.createElement("select");
  select.setAttribute("aria-label", label);
  for (const i of model.order) select.append(new Option(model.dimensions[i], i, i === chosen, i === chosen));
  return select;
}

function someImages(model, count) {
  const all = model.codes.length / model.latent;
  return Array.from({ length: count }, () => Math.floor(Math.random() * all));
}
