/** The meter form as typed, what a model brings along, what is wrong, what goes to the API. */

import type { Meter, MeterModel, MeterRole, MeterSettings, TransportKind } from "../api/types";
import { parseNumber } from "./format";
import { wrongHost, wrongNumber, type Wrong } from "./validation";

export const ROLES: readonly MeterRole[] = ["grid", "pv", "battery", "sub", "charger"];
export const BAUDS = ["1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200"] as const;
export const PARITIES = ["N", "E", "O"] as const;

const TCP_PORT = "502";

export interface MeterForm {
  model: string;
  name: string;
  role: MeterRole;
  kind: TransportKind;
  host: string;
  port: string;
  unit_id: string;
  device: string;
  baud: string;
  parity: "N" | "E" | "O";
  stop_bits: "1" | "2";
  rotation: MeterSettings["rotation"];
  invert: boolean;
  /** Empty: not asked. */
  phase: "" | "L1" | "L2" | "L3";
}

export const emptyForm = (): MeterForm => ({
  model: "",
  name: "",
  role: "grid",
  kind: "tcp",
  host: "",
  port: TCP_PORT,
  unit_id: "1",
  device: "",
  baud: "9600",
  parity: "N",
  stop_bits: "1",
  rotation: "RST",
  invert: false,
  phase: "",
});

/** Return the form of a meter that is set up. */
export function formOf(meter: Meter): MeterForm {
  const { transport } = meter;
  const empty = emptyForm();
  return {
    model: meter.model,
    name: meter.name ?? "",
    role: meter.role,
    // A meter of EEBUS comes with its pairing; it has no form.
    kind: transport.kind === "eebus" ? "tcp" : transport.kind,
    host: transport.host ?? "",
    port: transport.port === null ? TCP_PORT : String(transport.port),
    unit_id: String(transport.unit_id),
    device: transport.device ?? "",
    baud: transport.baud === null ? empty.baud : String(transport.baud),
    parity: PARITIES.find((each) => each === transport.parity) ?? "N",
    stop_bits: transport.stop_bits === 2 ? "2" : "1",
    rotation: meter.rotation as MeterForm["rotation"],
    invert: meter.invert,
    phase: meter.phase ?? "",
  };
}

/** Return the form after a model was chosen: what a known meter brings along is filled in. */
export function withModel(form: MeterForm, model: MeterModel): MeterForm {
  const { defaults } = model;
  const kinds = lines(model);
  const kind = kinds.includes(form.kind) ? form.kind : (kinds[0] ?? "tcp");
  return {
    ...form,
    model: model.id,
    kind,
    port: String(defaults.port ?? TCP_PORT),
    unit_id: String(defaults.unit_id ?? form.unit_id),
    baud: String(defaults.baud ?? form.baud),
    parity: PARITIES.find((each) => each === defaults.parity) ?? form.parity,
    stop_bits: defaults.stop_bits === 2 ? "2" : defaults.stop_bits === 1 ? "1" : form.stop_bits,
  };
}

/** The ways a model can be reached by a line of our own. */
export const lines = (model: MeterModel): TransportKind[] =>
  model.transports.filter((kind) => kind !== "eebus");

export const isSerial = (kind: TransportKind): boolean => kind === "rtu";

/** Whether the house phase must be told: one conductor stands for one phase. */
export function asksPhase(form: MeterForm, model: MeterModel | undefined, sitePhases: number): boolean {
  if (!model) return false;
  return model.phases === 1 ? sitePhases === 3 && form.role !== "grid" : sitePhases === 1;
}

/** Whether the meter's phases can sit in another order than the house's. */
export const asksRotation = (model: MeterModel | undefined): boolean => (model?.phases ?? 3) > 1;

type Found = [keyof MeterForm, Wrong | null];
export type MeterErrors = Partial<Record<keyof MeterForm, Wrong>>;

/** Return what is wrong with the form, by field. */
export function wrongFields(
  form: MeterForm,
  model: MeterModel | undefined,
  sitePhases: number,
): MeterErrors {
  const line: Found[] = isSerial(form.kind)
    ? [["device", form.device.trim() ? null : { key: "invalid.empty" }]]
    : [
        ["host", wrongHost(form.host)],
        ["port", wrongNumber(form.port, { min: 1, max: 65_535, whole: true })],
      ];
  const found: Found[] = [
    ["model", model ? null : { key: "invalid.model" }],
    ["unit_id", wrongNumber(form.unit_id, { min: 0, max: 255, whole: true })],
    ...line,
    ["phase", asksPhase(form, model, sitePhases) && !form.phase ? { key: "invalid.phase" } : null],
  ];
  return Object.fromEntries(found.filter(([, wrong]) => wrong !== null));
}

/** Return what goes to the API. Only for a form without wrong fields. */
export function settingsOf(
  form: MeterForm,
  model: MeterModel | undefined,
  sitePhases: number,
): MeterSettings {
  const line = isSerial(form.kind)
    ? {
        host: null,
        port: null,
        device: form.device.trim(),
        baud: Number(form.baud),
        parity: form.parity,
        stop_bits: form.stop_bits === "2" ? (2 as const) : (1 as const),
      }
    : {
        host: form.host.trim(),
        port: parseNumber(form.port),
        device: null,
        baud: null,
        parity: null,
        stop_bits: null,
      };
  return {
    model: form.model,
    name: form.name.trim() || null,
    role: form.role,
    transport: { kind: form.kind, unit_id: parseNumber(form.unit_id), ...line },
    rotation: form.rotation,
    invert: form.invert,
    phase: asksPhase(form, model, sitePhases) && form.phase ? form.phase : null,
  };
}

/** Return the way to what may be a meter; null while its address is wrong. */
export function placeOf(form: MeterForm, wrong: MeterErrors): MeterSettings["transport"] | null {
  const needed = isSerial(form.kind) ? (["device"] as const) : (["host", "port"] as const);
  if (needed.some((field) => wrong[field])) return null;
  // Unit id, baud rate and parity are tried as usual: whoever searches does not know them.
  return isSerial(form.kind)
    ? { kind: form.kind, device: form.device.trim() }
    : { kind: form.kind, host: form.host.trim(), port: parseNumber(form.port) };
}

/** Return the form with the way on which something answered. */
export function withPlace(form: MeterForm, found: Meter["transport"]): MeterForm {
  const kind = found.kind === "eebus" ? form.kind : found.kind;
  return {
    ...form,
    kind,
    host: found.host ?? form.host,
    port: found.port === null ? form.port : String(found.port),
    unit_id: String(found.unit_id),
    device: found.device ?? form.device,
    baud: found.baud === null ? form.baud : String(found.baud),
    parity: PARITIES.find((each) => each === found.parity) ?? form.parity,
    stop_bits: found.stop_bits === 2 ? "2" : found.stop_bits === 1 ? "1" : form.stop_bits,
  };
}

/** The field of the form that a JSON pointer of the API speaks of. */
export function fieldAt(pointer: string): keyof MeterForm | null {
  const last = pointer.split("/").at(-1) ?? "";
  return last in emptyForm() ? (last as keyof MeterForm) : null;
}
