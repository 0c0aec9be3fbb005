/** Pictures of a site as the API gives them, to be varied by tests. */
import type { ChargerNow, Dashboard, FusePhase } from "../src/api/types";

const none = { l1: null, l2: null, l3: null };

export const charger = (change: Partial<ChargerNow> = {}): ChargerNow => ({
  ski: "a".repeat(40),
  name: "Garage left",
  own: false,
  brand: "Volthus",
  model: "One",
  connection: "connected",
  detail: "",
  state: "charging",
  power_w: 11_000,
  current_a: { l1: 16, l2: 16, l3: 16 },
  limit_a: none,
  limited_by: null,
  communication: null,
  soc_percent: null,
  session_energy_wh: null,
  measured_age_s: 0.5,
  error_code: null,
  phases: 3,
  max_a: 16,
  ...change,
});

export const phase = (change: Partial<FusePhase> = {}): FusePhase => ({
  phase: "L1",
  fuse_a: 25,
  margin_a: 0.75,
  other_load_a: 5,
  reserved_a: 0,
  headroom_a: 10,
  grid_current_a: 15,
  charging_a: 10,
  chargers: [{ ski: "a".repeat(40), name: null, current_a: 10, limit_a: null }],
  ...change,
});

export const site = (change: Partial<Dashboard> = {}): Dashboard => ({
  site: "demo",
  name: "Green Street 4",
  at: "2026-11-22T09:00:00Z",
  age_s: 0,
  stale: false,
  version: "0.1.0",
  energy_management: { on: true, confirmed_no_other: true },
  load_management: "dynamic",
  ladder: "fresh",
  meter_age_s: 0.5,
  grid_import_w: 9000,
  grid_export_w: 0,
  charging_power_w: 6900,
  sun_w: null,
  grid_current_a: { l1: 15, l2: 23, l3: 12 },
  fuse: [phase(), phase({ phase: "L2", grid_current_a: 23 }), phase({ phase: "L3", grid_current_a: 12 })],
  chargers: [charger()],
  notices: [],
  meters: [],
  ...change,
});
