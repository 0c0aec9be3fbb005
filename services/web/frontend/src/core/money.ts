/** Money in the words of a language: amounts, and what a kWh costs. */

const MINOR: Readonly<Record<string, string>> = {
  EUR: "ct",
  CHF: "Rp.",
  GBP: "p",
  USD: "¢",
  SEK: "öre",
  NOK: "øre",
  DKK: "øre",
};
const NBSP = "\u00a0";

/** Whether an amount rounds to nothing: it is neither saved nor lost, and has no sign. */
export const isNothing = (amount: number): boolean => Math.abs(amount) < 0.005;

/** Say an amount of money; a dash while it is not known. */
export function money(cost: { amount: number; currency: string } | null, language: string): string {
  if (cost === null) return "–";
  const amount = isNothing(cost.amount) ? 0 : cost.amount;
  return new Intl.NumberFormat(language, { style: "currency", currency: cost.currency }).format(amount);
}

/** Say what a kWh costs as people read it on their bill: "19.3 ct"; a dash while it is not known. */
export function unitPrice(perKwh: number | null, currency: string | null, language: string): string {
  if (perKwh === null || !Number.isFinite(perKwh)) return "–";
  const minor = currency === null ? undefined : MINOR[currency];
  const digits = { minimumFractionDigits: minor ? 1 : 2, maximumFractionDigits: minor ? 1 : 2 };
  const value = minor ? perKwh * 100 : perKwh;
  // Half a tenth below nothing is nothing, not minus nothing.
  const shown = Math.abs(value) < 0.05 / (minor ? 1 : 10) ? 0 : value;
  return `${new Intl.NumberFormat(language, digits).format(shown)}${NBSP}${minor ?? currency ?? ""}`.trim();
}
