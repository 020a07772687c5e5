import { makeRadioGroup } from "../../base/radio_group.js";
import { makeToggle } from "../../base/toggle_button.js";
import { IMAGES, PRINCIPAL, imagesOf } from "../model.js";

const WHY = `The same numbers mean different things to each model: models share neither the order nor the sign of dimensions.
If this is off, the other models show their own codes of the held-out images near the handle.`;

const TRIES = 10;

/** @type {Record<string, string[]>} */
const KINDS = {
  dimensions: ["Two dimensions", "Two dimensions of the code, most used first. The others keep their values."],
  principal: ["Principal components", "The two directions in which the codes of held-out images vary most."],
  images: ["Three images", "The plane through the codes of three held-out images, which are marked 1 to 3."],
};

// The same on a sphere, where a plane is the half of the sphere that one sees along its normal.
const KINDS_ON_SPHERE = {
  ...KINDS,
  dimensions: ["Two dimensions", "Two dimensions of the code, most used first. The others keep their proportions, so that the code stays on the sphere."],
  images: ["Three images", "The half of a sphere through the codes of three held-out images, which are marked 1 to 3."],
};

// Controls for the plane, and for how the other models follow.
export class PlaneControls {
  // pad: setPlane(kind), setPlaneThroughImages([i, j, k]) and setSameCode(same)
  /**
   * @param {HTMLElement} root
   * @param {import("../scene.js").Scene} scene
   * @param {any} pad
   */
  constructor(root, { model, models, kind, same, nearest }, pad) {
    root.replaceChildren();
    if (model.latent > 2) {
      const images = kind.startsWith(IMAGES) ? imagesOf(kind) : null;
      const now = kind === PRINCIPAL ? "principal" : images ? "images" : "dimensions";
      const pair = now === "dimensions" ? kind.split("-").map(Number) : model.order.slice(0, 2);
      /** @type {Record<string, () => void>} */
      const setPlane = {
        dimensions: () => pad.setPlane(pair.join("-")),
        principal: () => pad.setPlane(PRINCIPAL),
        images: () => {
          // If the three codes happen to lie on a line, or two are the same, others are drawn.
          for (let i = 0; i < TRIES; i++) if (pad.setPlaneThroughImages([Math.max(0, nearest.shown), ...someImages(model, 2)])) return;
        },
      };
      const count = model.codes.length / model.latent;
      const { images: ofImages, ...others } = model.space.kind === "sphere" ? KINDS_ON_SPHERE : KINDS;
      const choice = makeRadioGroup("Plane", count >= 3 ? { ...others, images: ofImages } : others, now, (name) => setPlane[name]());
      root.append(choice.element);
      if (now === "dimensions") root.append(...this.dimensions(model, pair, setPlane.dimensions));
      if (images) root.append(...this.images(images, count, pad));
    }
    if (models.length > 1) {
      const equal = models.every(({ latent }) => latent === model.latent);
      const button = makeToggle("Same z in all models", same && equal, () => pad.setSameCode(!same));
      button.disabled = !equal;
      button.title = equal ? WHY : "These models have codes of different lengths.";
      root.append(button);
    }
    root.hidden = !root.childNodes.length;
  }

  /**
   * @param {import("../model.js").Model} model
   * @param {number[]} pair
   * @param {() => void} onChange
   */
  dimensions(model, pair, onChange) {
    return pair.map((chosen, axis) => {
      const select = dimensionSelect(model, chosen, axis ? "Dimension upwards" : "Dimension across");
      select.addEventListener("change", () => {
        const wanted = Number(select.value);
        if (pair[1 - axis] === wanted) pair[1 - axis] = pair[axis];
        pair[axis] = wanted;
        onChange();
      });
      return select;
    });
  }

  /**
   * @param {number[]} images
   * @param {number} count
   * @param {any} pad
   */
  images(images, count, pad) {
    return images.map((image, i) => {
      const input = Object.assign(document.createElement("input"), { type: "number", min: "1", max: String(count), step: "1", value: String(image + 1) });
      input.setAttribute("aria-label", `Image ${i + 1} of the plane`);
      input.addEventListener("change", () => {
        const wanted = input.valueAsNumber - 1;
        const others = images.map((other, j) => (j === i ? wanted : other));
        if (!pad.setPlaneThroughImages(others)) input.value = String(image + 1);
      });
      return input;
    });
  }
}

/**
 * @param {import("../model.js").Model} model
 * @param {number} chosen
 * @param {string} label
 */
function dimensionSelect(model, chosen, label) {
  const select = document.createElement("select");
  select.setAttribute("aria-label", label);
  for (const i of model.order) select.append(new Option(model.dimensions[i], String(i), i === chosen, i === chosen));
  return select;
}

/**
 * @param {import("../model.js").Model} model
 * @param {number} count
 */
function someImages(model, count) {
  const all = model.codes.length / model.latent;
  return Array.from({ length: count }, () => Math.floor(Math.random() * all));
}
