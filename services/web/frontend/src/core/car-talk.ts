/** How charger and car talk (A15); what a car does badly is recognised by the service. */

import type { ChargerNow } from "../api/types";

export const isPlc = (charger: ChargerNow): boolean => charger.communication?.startsWith("iso15118") ?? false;
