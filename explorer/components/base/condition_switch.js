import { makeRadioGroup } from "./radio_group.js";

const ABOUT = "The class that the model is given. The code holds the rest: drag to change the style, and switch the class at the same style.";
const LABEL = "Class given to the model";
// More classes than this are a list to choose from.
const MOST_BUTTONS = 12;

// A choice of the class that models are given. onChoose(k): called with the index of the chosen class. Returns { element, use(k) }.
export function makeConditionSwitch(classes, chosen, onChoose) {
  if (classes.length > MOST_BUTTONS) return makeList(classes, chosen, onChoose);
  const choices = Object.fromEntries(classes.map((name, k) => [k, [name, ABOUT]]));
  const { element, use } = makeRadioGroup(LABEL, choices, String(chosen), (k) => onChoose(Number(k)));
  return { element, use: (k) => use(String(k)) };
}

function makeList(classes, chosen, onChoose) {
  const element = document.createElement("label");
  element.className = "condition-list";
  const select = document.createElement("select");
  select.title = ABOUT;
  classes.forEach((name, k) => select.append(new Option(name, k)));
  const use = (k) => (select.value = String(k));
  use(chosen);
  select.addEventListener("change", () => onChoose(Number(select.value)));
  element.append(`${LABEL} `, select);
  return { element, use };
}
