// Sets the class that a network is given, as a one-hot input that stays until it is set again. A network without such an input,
// and a condition of null, are left as they are.
/**
 * @param {Network} network
 * @param {number | null} condition
 */
export function setCondition({ inputs }, condition) {
  if (!inputs.condition || condition === null) return;
  inputs.condition.fill(0);
  inputs.condition[condition] = 1;
}
