/** Settings that a site file manages, by the JSON pointers it set. */

/** Whether a pointer is managed itself, or anything below it. */
export const isManaged = (pointers: readonly string[], at: string): boolean =>
  pointers.some((pointer) => pointer === at || pointer.startsWith(`${at}/`));
