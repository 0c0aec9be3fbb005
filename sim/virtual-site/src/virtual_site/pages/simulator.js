// The simulator's control page: shows api/state once a second and sends what is pressed.

const POLL_MS = 1000;
const PHASES = ["l1", "l2", "l3"];
const by = (id) => document.getElementById(id);

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== null) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function show(id, text) {
  if (by(id).textContent !== text) by(id).textContent = text;
}

function phaseLine(state, phase) {
  const fuse = state.fuse_a[phase];
  const scale = 100 / (fuse * 1.3);
  const total = state.current_a[phase];
  const house = Math.max(0, state.net_a[phase]);
  const line = element("div", null, { class: "phase" });
  const bar = element("div", null, { class: "bar" });
  const cars = element("i", null, { class: "cars" });
  cars.style.width = `${Math.min(100, Math.max(0, total) * scale)}%`;
  const base = element("i", null);
  base.style.width = `${Math.min(100, Math.min(house, Math.max(0, total)) * scale)}%`;
  const mark = element("b", null, { title: `fuse ${fuse} A` });
  mark.style.left = `${fuse * scale}%`;
  bar.append(cars, base, mark);
  const over = total > fuse ? " over!" : "";
  line.append(element("span", phase.toUpperCase()), bar);
  line.append(element("span", `${total.toFixed(1)} of ${fuse} A${over}`));
  return line;
}

function chargerLine(charger) {
  const line = element("tr", null);
  const name = element("td", null);
  name.append(element("a", `${charger.number} ${charger.name}`, { href: `/charger/${charger.number}/` }));
  const car = charger.car.plugged
    ? `${charger.car.phases} ph, ${charger.car.standard}, ${charger.car.soc_percent.toFixed(0)} %`
    : "none";
  const currents = PHASES.map((p) => charger.current_a[p].toFixed(1)).join(" / ");
  const limits = charger.limit_a?.map((a) => a?.toFixed(1) ?? "–").join(" / ") ?? "–";
  const limit = charger.failsafe ? `${limits} failsafe` : limits;
  const cells = [car, currents, limit, charger.peer.state].map((text) => element("td", text));
  line.append(name, ...cells);
  return line;
}

function showAppliances(state) {
  const buttons = Object.entries(state.appliances).map(([name, on]) => {
    const button = element("button", name.replace("_", " "), { type: "button", "aria-pressed": on });
    button.addEventListener("click", () => send(`appliances/${name}`, { on: !on }));
    return button;
  });
  const shown = JSON.stringify(state.appliances);
  if (by("appliances").dataset.shown !== shown) by("appliances").replaceChildren(...buttons);
  by("appliances").dataset.shown = shown;
}

function render(state) {
  const { title, t_s: t, duration_s: duration, ended, speed } = state.scenario;
  const clock = `${Math.floor(t / 3600)} h ${Math.floor((t % 3600) / 60)} min ${Math.floor(t % 60)} s`;
  const end = ended ? "over, idling" : `of ${(duration / 3600).toFixed(1)} h`;
  show("scenario", `${title}. ${clock} ${end}, speed ${speed}.`);
  by("phases").replaceChildren(...PHASES.map((phase) => phaseLine(state, phase)));
  showAppliances(state);
  const house = PHASES.map((p) => `${p.toUpperCase()} ${state.household_w[p].toFixed(0)} W`).join(", ");
  show("house", `Household now: ${house}. Sun: ${state.sun_w.toFixed(0)} W.`);
  by("chargers").replaceChildren(...state.chargers.map(chargerLine));
  const faults = state.faults.map((f) => `${f.kind} (${f.target}) for ${f.seconds.toFixed(0)} s`);
  show("faults", faults.length ? `Now: ${faults.join(", ")}` : "Everything works.");
  const links = Object.entries(state.partners);
  if (by("partners").childElementCount !== links.length) {
    by("partners").replaceChildren(...links.map(([name, href]) => element("a", name, { href })));
  }
  const { model, host, port, unit_id: unit } = state.meter;
  show("meter", `Meter ${model}: Modbus TCP ${host}:${port}, unit ${unit}.`);
}

function complain(text) {
  by("message").hidden = !text;
  show("message", text);
}

async function ask(path, options) {
  const answer = await fetch(`/api/${path}`, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body;
}

async function send(path, body, method = "POST") {
  try {
    const headers = { "content-type": "application/json" };
    render(await ask(path, { method, headers, body: JSON.stringify(body) }));
    complain("");
  } catch (error) {
    complain(error.message);
  }
}

async function poll() {
  try {
    render(await ask("state"));
    if (by("message").textContent === "The site does not answer.") complain("");
  } catch {
    complain("The site does not answer.");
  }
  setTimeout(poll, POLL_MS);
}

function filled(form) {
  const entries = [...new FormData(form)].filter(([, value]) => value !== "");
  return Object.fromEntries(entries.map(([key, value]) => [key, Number(value)]));
}

for (const id of ["household", "sun"]) {
  by(id).addEventListener("submit", (event) => {
    event.preventDefault();
    send(id, filled(event.target));
  });
  by(`${id}-clear`).addEventListener("click", () => {
    by(id).reset();
    send(id, {}, "DELETE");
  });
}
for (const button of document.querySelectorAll("[data-fault]")) {
  button.addEventListener("click", () =>
    send("fault", { kind: button.dataset.fault, seconds: Number(button.dataset.seconds ?? 30) }),
  );
}
by("heal").addEventListener("click", () => send("fault", {}, "DELETE"));
poll();
