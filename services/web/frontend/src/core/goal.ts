/** Goals: what a session is to reach and by when, as typed, as sent, and in words. */

import type { Goal, GoalWanted } from "../api/types";
import { parseNumber, type Formats } from "./format";
import { iso, moment, weekdayName } from "./moments";
import type { Say } from "./say";
import { wrongNumber, type Wrong } from "./validation";

export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const;
export const PERCENTS = [60, 80, 100] as const;
export const KILOWATT_HOURS = [10, 20, 40] as const;
const DEFAULT_TIME = "07:00";

export type Aim = "percent" | "energy";

export interface GoalForm {
  aim: Aim;
  value: string;
  /** "07:00", local time. */
  time: string;
  /** Weekdays it comes back on; none: only the next time. */
  days: number[];
  car: string;
}

/** Return the form of a goal, or of a new one; a car that tells its charge is asked in percent. */
export function formOf(goal: Goal | null, tellsCharge: boolean): GoalForm {
  if (!goal) {
    return tellsCharge
      ? { aim: "percent", value: "80", time: DEFAULT_TIME, days: [], car: "" }
      : { aim: "energy", value: "20", time: DEFAULT_TIME, days: [], car: "" };
  }
  const aim: Aim = goal.soc_percent === null ? "energy" : "percent";
  const value = aim === "percent" ? goal.soc_percent : (goal.energy_wh ?? 0) / 1000;
  return {
    aim,
    value: String(value),
    time: goal.weekly[0]?.time ?? (goal.departure ? clockOf(Date.parse(goal.departure)) : DEFAULT_TIME),
    days: goal.weekly.map(({ weekday }) => weekday),
    car: goal.car ?? "",
  };
}

export type GoalErrors = Partial<Record<"value" | "time", Wrong>>;

/** Return what is wrong with the form, by field. */
export function wrongGoal(form: GoalForm): GoalErrors {
  const bounds = form.aim === "percent" ? { min: 1, max: 100 } : { min: 0.1, max: 1000 };
  const value = wrongNumber(form.value, bounds);
  const time = /^\d{2}:\d{2}$/.test(form.time) ? null : ({ key: "invalid.empty" } as const);
  return { ...(value ? { value } : {}), ...(time ? { time } : {}) };
}

/** Return what goes to the API. Only for a form without wrong fields. */
export function goalOf(form: GoalForm, now_ms: number): GoalWanted {
  const value = parseNumber(form.value);
  const weekly = WEEKDAYS.filter((weekday) => form.days.includes(weekday)).map((weekday) => ({
    weekday,
    time: form.time,
  }));
  return {
    soc_percent: form.aim === "percent" ? value : null,
    energy_wh: form.aim === "energy" ? value * 1000 : null,
    departure: weekly.length > 0 ? null : iso(nextAt(form.time, now_ms)),
    weekly,
    car: form.car || null,
  };
}

/** Return the next time a clock of this device shows `time`, in ms. */
export function nextAt(time: string, now_ms: number): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  const now = new Date(now_ms);
  const on = (day: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + day, hours, minutes).getTime();
  return on(0) > now_ms ? on(0) : on(1);
}

/**
 * Say a goal: "80 % by Mon 07:00", "20 kWh by 07:00 on Mon, Tue". A weekly one is meant by the
 * clock of the site: `place` names it where this device's shows another time.
 */
export function goalText(
  goal: Goal,
  say: Say,
  formats: Formats,
  language: string,
  now_ms: number,
  place: string | null = null,
): string {
  const aim =
    goal.soc_percent === null ? formats.energy(goal.energy_wh) : formats.percent(goal.soc_percent / 100);
  if (goal.departure) {
    return say("goal.by", { aim, when: moment(Date.parse(goal.departure), now_ms, language) });
  }
  const days = goal.weekly.map(({ weekday }) => weekdayName(weekday, language));
  const clock = goal.weekly[0]?.time ?? "";
  const time = place ? say("goal.clock-of", { time: clock, place }) : clock;
  return days.length === WEEKDAYS.length
    ? say("goal.daily", { aim, time })
    : say("goal.weekly", { aim, time, days: days.join(", ") });
}

function clockOf(at_ms: number): string {
  const at = new Date(at_ms);
  return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}
