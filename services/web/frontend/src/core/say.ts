/** How cores speak: they name a message and its values; the shell knows the language. */

/** Say a message: its key, its values by name, and the count that picks singular or plural. */
export type Say = (key: string, values?: Record<string, string | number>, count?: number) => string;
