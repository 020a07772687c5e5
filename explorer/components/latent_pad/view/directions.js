import { makeSwitch } from "../../base/switch.js";
import { toolButton } from "../../base/tool_button.js";
import { direction, orthogonalised } from "../arithmetic.js";
import { known, keep } from "../kept_directions.js";

const REACH = 2;
const HANDS = ["A", "B"];

// Directions between groups of images, each with a slider that adds it to whatever code the handle is at.
export class Directions {
  // groups: a Map from names to the held-out images of each. pad: seize(), code(), carry(z, happened), restSoon()
  constructor(root, model, groups, pad) {
    Object.assign(this, { model, groups, pad, hands: { A: [], B: [] }, sliding: false });
    this.list = root.querySelector(".kept");
    this.problem = root.querySelector(".said");
    const add = toolButton("Add the direction", "From the mean code of the first group to that of the second.", () => this.add());
    this.selects = ["From", "To"].map((label, i) => this.select(label, i));
    const hands = HANDS.map((hand) => toolButton(`Nearest to group ${hand}`, `Adds the held-out image nearest to the handle to group ${hand}.`, () => this.put(hand)));
    root.querySelector(".make").replaceChildren(...this.selects.map(({ label }) => label), add, ...hands);
    this.name();
    // They are directions of this model alone, and are there again with it.
    model.directions ??= known(model);
    this.show();
  }

  select(text, i) {
    const label = document.createElement("label");
    const select = document.createElement("select");
    select.setAttribute("aria-label", `${text} group`);
    for (const name of [...this.groups.keys(), ...HANDS.map((hand) => `Group ${hand}`)]) select.append(new Option(name, name));
    select.selectedIndex = Math.min(i, select.options.length - 1);
    label.append(text, select);
    return { label, select };
  }

  // The groups made by hand say how many they have.
  name() {
    for (const { select } of this.selects) {
      for (const hand of HANDS) {
        const option = [...select.options].find(({ value }) => value === `Group ${hand}`);
        option.textContent = `Group ${hand}, by hand (${this.hands[hand].length})`;
      }
    }
  }

  put(hand) {
    const nearest = this.model.neighbours.find(this.model.z);
    if (nearest >= 0 && !this.hands[hand].includes(nearest)) this.hands[hand].push(nearest);
    this.name();
  }

  of(name) {
    return this.groups.get(name) ?? this.hands[name.slice(-1)];
  }

  add() {
    const [from, to] = this.selects.map(({ select }) => select.value);
    const vector = direction(this.model, this.of(from), this.of(to));
    this.say(vector ? "" : "These two groups give no direction: put images into both, not the same ones.");
    if (!vector) return;
    this.model.directions.push({ name: `${from} to ${to}`, vector });
    this.changed();
  }

  say(text) {
    this.problem.textContent = text;
  }

  changed() {
    const { directions } = this.model;
    // What was put at right angles to the others is to be so to those that there are now.
    for (const one of directions) {
      if (!one.whole) continue;
      const others = directions.filter((other) => other !== one).map(({ vector }) => vector);
      const vector = orthogonalised(one.whole, others);
      Object.assign(one, vector ? { vector } : { vector: one.whole, whole: undefined });
      if (!vector) this.say(`Nothing is left of ${one.name} beside the others: it is whole again.`);
    }
    keep(this.model, directions);
    this.show();
  }

  // The code has come to rest: a slider tells how much of its direction was added, as long as nothing else has moved it.
  rest() {
    if (this.sliding) this.sliding = false;
    else for (const slider of this.list.querySelectorAll("input[type=range]")) slider.value = slider.before = 0;
  }

  show() {
    this.list.replaceChildren(...this.model.directions.map((one, i) => this.row(one, i)));
  }

  row(one, i) {
    const { model, pad } = this;
    const row = document.createElement("div");
    row.className = "direction";
    const name = Object.assign(document.createElement("input"), { type: "text", value: one.name, maxLength: 40 });
    name.setAttribute("aria-label", "Name of the direction");
    name.addEventListener("change", () => {
      one.name = name.value = name.value.trim() || one.name;
      slider.setAttribute("aria-label", `How much of ${one.name}`);
      keep(model, model.directions);
    });
    const slider = Object.assign(document.createElement("input"), { type: "range", min: -REACH, max: REACH, step: 0.02, value: 0 });
    slider.setAttribute("aria-label", `How much of ${one.name}`);
    slider.before = 0;
    slider.addEventListener("input", (event) => {
      const step = slider.valueAsNumber - slider.before;
      slider.before = slider.valueAsNumber;
      this.sliding = true;
      pad.seize();
      pad.carry(pad.code().map((value, k) => value + step * one.vector[k]), event.timeStamp);
      pad.restSoon();
    });
    const others = model.directions.filter((other) => other !== one).map(({ vector }) => vector);
    const apart = makeSwitch("At right angles to the others", Boolean(one.whole), () => {
      const vector = one.whole ?? orthogonalised(one.vector, others);
      this.say(vector ? "" : "Nothing of it is left: the other directions say the same.");
      if (!vector) return false;
      Object.assign(one, one.whole ? { vector, whole: undefined } : { vector, whole: one.vector });
      this.changed();
      return Boolean(one.whole);
    });
    apart.disabled = !others.length && !one.whole;
    const remove = toolButton("Remove", "Forgets this direction.", () => {
      model.directions.splice(i, 1);
      this.changed();
    });
    row.append(name, slider, apart, remove);
    return row;
  }
}
