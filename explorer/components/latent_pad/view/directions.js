import { makeToggle } from "../../base/toggle_button.js";
import { toolButton } from "../../base/tool_button.js";
import { direction, orthogonalised } from "../arithmetic.js";
import { loadDirections, saveDirections } from "../direction_storage.js";

const REACH = 2;
const CUSTOM_GROUPS = ["A", "B"];

// Directions between groups of images. Each has a slider that adds it to the code at the handle.
export class Directions {
  // groups: a Map from a name to the held-out images of a group. pad: stopPlayback(), code(), moveCode(z, happened),
  // commitSoon()
  /**
   * @param {Root} root
   * @param {import("../model.js").Model} model
   * @param {Map<string, number[]>} groups
   * @param {any} pad
   */
  constructor(root, model, groups, pad) {
    this.model = model;
    this.groups = groups;
    this.pad = pad;
    /** @type {Record<string, number[]>} */
    this.customGroups = { A: [], B: [] };
    this.sliding = false;
    this.list = root.querySelector(".saved");
    this.message = root.querySelector(".status");
    const add = toolButton("Add the direction", "Adds the direction from the mean code of the first group to that of the second.", () => this.add());
    this.selects = ["From", "To"].map((label, i) => this.select(label, i));
    const customButtons = CUSTOM_GROUPS.map((group) => toolButton(`Nearest to group ${group}`, `Adds the held-out image nearest to the handle to group ${group}.`, () => this.put(group)));
    root.querySelector(".new-direction").replaceChildren(...this.selects.map(({ label }) => label), add, ...customButtons);
    this.showCounts();
    // Directions belong to one model, and are loaded again with it.
    this.saved = model.directions ??= loadDirections(model);
    this.show();
  }

  /**
   * @param {string} text
   * @param {number} i
   */
  select(text, i) {
    const label = document.createElement("label");
    const select = document.createElement("select");
    select.setAttribute("aria-label", `${text} group`);
    for (const name of [...this.groups.keys(), ...CUSTOM_GROUPS.map((group) => `Group ${group}`)]) select.append(new Option(name, name));
    select.selectedIndex = Math.min(i, select.options.length - 1);
    label.append(text, select);
    return { label, select };
  }

  // Shows how many images the user has put into each custom group.
  showCounts() {
    for (const { select } of this.selects) {
      for (const group of CUSTOM_GROUPS) {
        const option = [...select.options].find(({ value }) => value === `Group ${group}`);
        if (option) option.textContent = `Group ${group}, by hand (${this.customGroups[group].length})`;
      }
    }
  }

  /** @param {string} group */
  put(group) {
    const nearest = this.model.neighbours.find(this.model.z);
    if (nearest >= 0 && !this.customGroups[group].includes(nearest)) this.customGroups[group].push(nearest);
    this.showCounts();
  }

  /**
   * @param {string} name
   * @returns {number[]}
   */
  imagesOf(name) {
    return this.groups.get(name) ?? this.customGroups[name.slice(-1)];
  }

  add() {
    const [from, to] = this.selects.map(({ select }) => select.value);
    const vector = direction(this.model, this.imagesOf(from), this.imagesOf(to));
    this.showMessage(vector ? "" : "These two groups give no direction: put different images into both.");
    if (!vector) return;
    this.saved.push({ name: `${from} to ${to}`, vector });
    this.changed();
  }

  /** @param {string} text */
  showMessage(text) {
    this.message.textContent = text;
  }

  changed() {
    const directions = this.saved;
    // Directions that are orthogonal to the others are computed again for the current ones.
    for (const one of directions) {
      if (!one.original) continue;
      const others = directions.filter((other) => other !== one).map(({ vector }) => vector);
      const vector = orthogonalised(one.original, others);
      Object.assign(one, vector ? { vector } : { vector: one.original, original: undefined });
      if (!vector) this.showMessage(`${one.name} depends on the others only, so it is no longer made orthogonal.`);
    }
    saveDirections(this.model, directions);
    this.show();
  }

  // When the user pauses, a slider keeps showing how much of its direction was added, as long as nothing else has moved the
  // code.
  settle() {
    if (this.sliding) this.sliding = false;
    else for (const slider of this.list.querySelectorAll("input[type=range]")) slider.value = slider.added = 0;
  }

  show() {
    this.list.replaceChildren(...this.saved.map((one, i) => this.row(one, i)));
  }

  /**
   * @param {Direction} one
   * @param {number} i
   */
  row(one, i) {
    const { model, pad } = this;
    const row = document.createElement("div");
    row.className = "direction";
    const name = Object.assign(document.createElement("input"), { type: "text", value: one.name, maxLength: 40 });
    name.setAttribute("aria-label", "Name of the direction");
    name.addEventListener("change", () => {
      one.name = name.value = name.value.trim() || one.name;
      slider.setAttribute("aria-label", `How much of ${one.name}`);
      saveDirections(model, this.saved);
    });
    const slider = Object.assign(document.createElement("input"), { type: "range", min: -REACH, max: REACH, step: 0.02, value: 0, added: 0 });
    slider.setAttribute("aria-label", `How much of ${one.name}`);
    slider.addEventListener("input", (event) => {
      const step = slider.valueAsNumber - slider.added;
      slider.added = slider.valueAsNumber;
      this.sliding = true;
      pad.stopPlayback();
      pad.moveCode(model.space.project(pad.code().map((/** @type {number} */ value, /** @type {number} */ k) => value + step * one.vector[k])), event.timeStamp);
      pad.commitSoon();
    });
    const others = this.saved.filter((other) => other !== one).map(({ vector }) => vector);
    const orthogonal = makeToggle("Orthogonal to the others", Boolean(one.original), () => {
      const vector = one.original ?? orthogonalised(one.vector, others);
      this.showMessage(vector ? "" : "Nothing is left of it: it depends on the other directions only.");
      if (!vector) return false;
      Object.assign(one, one.original ? { vector, original: undefined } : { vector, original: one.vector });
      this.changed();
      return Boolean(one.original);
    });
    orthogonal.disabled = !others.length && !one.original;
    const remove = toolButton("Remove", "Deletes this direction.", () => {
      this.saved.splice(i, 1);
      this.changed();
    });
    row.append(name, slider, orthogonal, remove);
    return row;
  }
}
