import { makeSwitch } from "../../base/switch.js";
import { PRINCIPAL } from "../model.js";

const WHY = `The same numbers mean different things to each model: models share neither the order nor the sign of dimensions.
Switched off, the other models go where they put the held-out images that are near the handle.`;

// How the plane lies (two dimensions in the order of their use, or the principal components), and how models follow.
export class Choices {
  // pad: lay(kind) and share(same)
  constructor(root, { model, models, kind, same }, pad) {
    root.replaceChildren();
    if (model.latent > 2) {
      const principal = kind === PRINCIPAL;
      const pair = principal ? model.order.slice(0, 2) : kind.split("-").map(Number);
      const selects = pair.map((chosen, axis) => {
        const select = dimensionSelect(model, chosen, axis ? "Dimension upwards" : "Dimension across");
        select.disabled = principal;
        select.addEventListener("change", () => {
          const wanted = Number(select.value);
          if (pair[1 - axis] === wanted) pair[1 - axis] = pair[axis];
          pair[axis] = wanted;
          pad.lay(pair.join("-"));
        });
        return select;
      });
      root.append("Plane of", ...selects);
      root.append(makeSwitch("Principal components", principal, () => pad.lay(principal ? pair.join("-") : PRINCIPAL)));
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
}

function dimensionSelect(model, chosen, label) {
  const select = document.createElement("select");
  select.setAttribute("aria-label", label);
  for (const i of model.order) select.append(new Option(model.dimensions[i], i, i === chosen, i === chosen));
  return select;
}
