/** @type {FurtherInputs} */
export const NO_FURTHER_INPUTS = { condition: null, details: null };

// Sets the inputs of a decoder or an encoder beside its code or image: the class that it is given, as a one-hot input, and the
// details below the top code. They stay until they are set again. A network without such an input is left as it is, and so is the
// class where `condition` is null. Details of null are zeros, which stand for the means of their priors.
/**
 * @param {Network} network
 * @param {FurtherInputs} further
 */
export function setFurtherInputs({ inputs }, { condition, details }) {
  if (inputs.condition && condition !== null) {
    inputs.condition.fill(0);
    inputs.condition[condition] = 1;
  }
  if (!inputs.details) return;
  if (details) inputs.details.set(details);
  else inputs.details.fill(0);
}
