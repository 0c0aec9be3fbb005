/** The one way from the page to the API: typed by the OpenAPI document, problems thrown. */

import createClient, { type Middleware } from "openapi-fetch";
import { ApiProblem, asProblem } from "./problem";
import type { paths } from "./schema";

let csrfToken: string | null = null;
let onLoggedOut: () => void = () => undefined;

/** Send this token with every write from now on (null: none). */
export function useCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Call this when the API says that nobody is logged in any more. */
export function whenLoggedOut(act: () => void): void {
  onLoggedOut = act;
}

const guard: Middleware = {
  onRequest({ request }) {
    if (csrfToken && request.method !== "GET") request.headers.set("X-CSRF-Token", csrfToken);
    return request;
  },
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && !schemaPath.startsWith("/api/v1/auth/")) onLoggedOut();
  },
  onError() {
    return new ApiProblem({ status: 0, code: "unreachable" });
  },
};

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });
api.use(guard);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Return the answer's data, or throw the {@link ApiProblem} it told. */
export async function answered<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked;
  if (!response.ok) throw asProblem(error, response.status);
  return data as T;
}

/** The header that lets a write pass only if nobody else wrote since. */
export const ifMatch = (revision: number): { "if-match": string } => ({
  "if-match": `"${revision}"`,
});
