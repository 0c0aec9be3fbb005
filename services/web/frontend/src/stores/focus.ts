/** Where the focus goes when a form was refused. */

import { nextTick } from "vue";

/** Go to the first field that is marked as wrong, once it is marked; stay where none is. */
export async function toFirstWrong(form: HTMLFormElement | null): Promise<void> {
  await nextTick();
  form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
