/** Short names for the shapes of the API the page works with. */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Me = Schemas["Me"];
export type Role = Me["role"];
export type Site = Schemas["Site"];
export type Dashboard = Schemas["Dashboard"];
export type FusePhase = Schemas["FusePhase"];
export type Notice = Schemas["Notice"];
export type ChargerNow = Schemas["ChargerNow"];
export type ChargerStateName = ChargerNow["state"];
export type LimitedBy = Schemas["LimitedBy"];
export type Connection = ChargerNow["connection"];
export type Charger = Schemas["Charger"];
export type ChargerSettings = Schemas["ChargerSettings"];
export type GridConnection = Schemas["GridConnection"];
export type GridConnectionSettings = Schemas["GridConnectionSettings"];
export type EnergyManagement = Schemas["EnergyManagement"];
export type Meter = Schemas["Meter"];
export type MeterSettings = Schemas["MeterSettings"];
export type MeterModel = Schemas["MeterModel"];
export type MeterTest = Schemas["MeterTest"];
export type MeterRole = Meter["role"];
export type TransportKind = Meter["transport"]["kind"];
export type EebusIdentity = Schemas["EebusIdentity"];
export type EebusPicture = Schemas["EebusPicture"];
export type DiscoveredDevice = Schemas["DiscoveredDevice"];
export type PairedDevice = Schemas["PairedDevice"];
export type ProblemDocument = Schemas["Problem"];
