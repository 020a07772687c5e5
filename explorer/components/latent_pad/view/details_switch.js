import { makeRadioGroup } from "../../base/radio_group.js";
import { toolButton } from "../../base/tool_button.js";

const LABEL = "Details below the top code";

// The choice between the mean details of each code and one draw of them, which stays while the code moves. titles: of the
// models that have details. onChoose("mean" or "drawn"): called at each choice, and with "drawn" for another draw. Returns
// the elements of the switch.
/**
 * @param {string[]} titles
 * @param {(kind: string) => void} onChoose
 */
export function makeDetailsSwitch(titles, onChoose) {
  const have = `${titles.join(" and ")} ${titles.length > 1 ? "have" : "has"} a second code, of details, which depends on the code that you drag.`;
  const again = toolButton("Draw again", "Draws other details", () => onChoose("drawn"));
  again.hidden = true;
  /** @type {Record<string, string[]>} */
  const choices = {
    mean: ["Mean details", `${have} It is at its mean.`],
    drawn: ["Drawn details", `${have} It is one draw, which stays while you drag.`],
  };
  const { element } = makeRadioGroup(LABEL, choices, "mean", (kind) => {
    again.hidden = kind === "mean";
    onChoose(kind);
  });
  return [element, again];
}
