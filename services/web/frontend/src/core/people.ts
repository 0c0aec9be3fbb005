/** Users as a form shows them: which roles one may give, and what is wrong with what was typed. Pure. */

export type RoleName = "standard" | "service" | "operator";
const ROLES: readonly RoleName[] = ["standard", "service", "operator"];
const NAME = /^[\p{L}\p{N}_.@+-]{1,64}$/u;
const SHORTEST = 10;

/** Roles to choose from: none above one's own (the server decides, and says so). */
export function rolesFor(own: RoleName): readonly RoleName[] {
  return ROLES.slice(0, ROLES.indexOf(own) + 1);
}

export const isName = (name: string): boolean => NAME.test(name);

/** What is wrong with a new password typed twice: a key's last part, null = nothing. */
export function passwordFault(password: string, again: string, username: string): "rule" | "differs" | null {
  const hasName = username.length > 2 && password.toLowerCase().includes(username.toLowerCase());
  if (password.length < SHORTEST || hasName) return "rule";
  return password === again ? null : "differs";
}

/** What a browser calls itself, in two words; empty = not known. */
export function agentName(agent: string): string {
  const browser = ["Edg", "OPR", "Firefox", "Chrome", "Safari"].find((each) => agent.includes(`${each}/`));
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].find((each) => agent.includes(each));
  if (browser === undefined) return agent.split(/[ (]/)[0] ?? "";
  const name = browser === "Edg" ? "Edge" : browser === "OPR" ? "Opera" : browser;
  return system === undefined ? name : `${name}, ${system}`;
}

/** Reasons that a log-in with a company account may come back with. */
export const OIDC_PROBLEMS = [
  "oidc-provider-away",
  "oidc-provider-wrong",
  "oidc-not-begun",
  "oidc-refused",
  "oidc-code-refused",
  "oidc-token-wrong",
  "oidc-no-role",
  "oidc-user-disabled",
] as const;

/** The word for such a reason; unknown ones get a general one. */
export function oidcProblem(code: string): string {
  return (OIDC_PROBLEMS as readonly string[]).includes(code) ? code : "failed";
}
