import { makeRadioGroup } from "./radio_group.js";

const LABEL = "Class given to the model";
// More classes than this are a list to choose from.
const MOST_BUTTONS = 12;

// A choice of the class that models are given. titles: of these models. onChoose(k): called with the index of the chosen class.
// Returns { element, use(k) }.
/**
 * @param {string[]} classes
 * @param {string[]} titles
 * @param {number} chosen
 * @param {(k: number) => void} onChoose
 */
export function makeConditionSwitch(classes, titles, chosen, onChoose) {
  const given = `The class that ${titles.join(" and ")} ${titles.length > 1 ? "are" : "is"} given.`;
  const about = `${given} The code holds the rest: drag to change the style, and switch the class at the same style.`;
  if (classes.length > MOST_BUTTONS) return makeList(classes, about, chosen, onChoose);
  const choices = Object.fromEntries(classes.map((name, k) => [k, [name, about]]));
  const { element, use } = makeRadioGroup(LABEL, choices, String(chosen), (k) => onChoose(Number(k)));
  return { element, use: (/** @type {number} */ k) => use(String(k)) };
}

/**
 * @param {string[]} classes
 * @param {string} about
 * @param {number} chosen
 * @param {(k: number) => void} onChoose
 */
function makeList(classes, about, chosen, onChoose) {
  const element = document.createElement("label");
  element.className = "condition-list";
  const select = document.createElement("select");
  select.title = about;
  classes.forEach((name, k) => select.append(new Option(name, String(k))));
  /** @param {number} k */
  const use = (k) => (select.value = String(k));
  use(chosen);
  select.addEventListener("change", () => onChoose(Number(select.value)));
  element.append(`${LABEL} `, select);
  return { element, use };
}
