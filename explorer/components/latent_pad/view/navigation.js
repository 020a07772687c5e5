import { toolButton } from "../../base/tool_button.js";

// Buttons that move the handle: to the start, to a draw from the prior, to a held-out image by its number.
export class Navigation {
  // pad: reset(), commit(), goToImage({ image }), goToCode(z)
  /**
   * @param {HTMLElement} root
   * @param {import("../model.js").Model} model
   * @param {number} count
   * @param {string} noun
   * @param {any} pad
   */
  constructor(root, model, count, noun, pad) {
    const draw = toolButton("Random draw", aboutDraws(model), () => pad.goToCode(model.sample()));
    const reset = toolButton("Reset", "Moves the handle back to the start (Escape).", () => {
      pad.reset();
      pad.commit();
    });
    root.replaceChildren(...(model.prior || model.fitted.length ? [draw] : []));
    if (count) root.append(this.image(count, noun, pad));
    root.append(reset);
  }

  /**
   * @param {number} count
   * @param {string} noun
   * @param {any} pad
   */
  image(count, noun, pad) {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "number", min: 1, max: count, step: 1, placeholder: `1 to ${count}` });
    input.addEventListener("change", () => {
      const image = input.valueAsNumber - 1;
      if (Number.isInteger(image) && image >= 0 && image < count) pad.goToImage({ image });
      // The field is cleared so that the same number can be entered again.
      input.value = "";
    });
    label.append(`Held-out ${noun}`, input);
    return label;
  }
}

/** @param {import("../model.js").Model} model */
function aboutDraws({ fitted, priorTitle }) {
  if (fitted.length) return "A code drawn from a Gaussian fitted to this model's codes, because it was trained without a prior.";
  return `A code drawn from the prior, ${priorTitle}.`;
}
