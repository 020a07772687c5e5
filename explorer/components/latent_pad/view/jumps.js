import { toolButton } from "../../base/tool_button.js";

// Ways to get somewhere at once: back to the start, to a draw from the prior, to a held-out image by its number.
export class Jumps {
  // pad: reset(), rest(), visit({ image }), goToCode(z)
  constructor(root, model, count, pad) {
    const draw = toolButton("Random draw", model.fitted.length ? WHY_FITTED : "A code drawn from the prior N(0, I).", () => pad.goToCode(model.draw()));
    const reset = toolButton("Reset", "Back to where it started (Escape).", () => {
      pad.reset();
      pad.rest();
    });
    root.replaceChildren(...(model.prior || model.fitted.length ? [draw] : []));
    if (count) root.append(this.image(count, pad));
    root.append(reset);
  }

  image(count, pad) {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "number", min: 1, max: count, step: 1, placeholder: `1 to ${count}` });
    input.addEventListener("change", () => {
      const image = input.valueAsNumber - 1;
      if (Number.isInteger(image) && image >= 0 && image < count) pad.visit({ image });
      // Empty, so that the same number can be given again.
      input.value = "";
    });
    label.append("Held-out image", input);
    return label;
  }
}

const WHY_FITTED = "A code drawn from a Gaussian fitted to this model's codes: it was never asked to keep them near N(0, I).";
