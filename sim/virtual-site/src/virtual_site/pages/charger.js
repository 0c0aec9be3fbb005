// The virtual charger's page: shows api/state once a second and sends what is pressed.

const POLL_MS = 1000;
const STATES = {
  connected: ["on", "connected"],
  connecting: ["wait", "connecting"],
  waiting_for_peer: ["wait", "waiting for the other side to confirm"],
  request_received: ["wait", "asks to be paired"],
  not_connected: ["", "not connected"],
  denied: ["", "refused by the other side"],
  error: ["", "error"],
};
const by = (id) => document.getElementById(id);

function show(id, text) {
  const element = by(id);
  if (element.textContent !== text) element.textContent = text;
}

function amperes(values) {
  if (!values) return "–";
  return values.map((a) => (a === null ? "–" : a.toFixed(1))).join(" · ") + " A";
}

function grouped(ski) {
  return ski.match(/.{1,4}/g).join(" ");
}

function sentence(state) {
  if (!state.car.plugged) return "No car. Plug one in on the page “Car”.";
  const drawn = Math.max(...state.current_a);
  if (state.car.finished) return "The car is full.";
  if (drawn > 0.3) return `Charging with ${drawn.toFixed(1)} A on ${state.car.phases} phase(s).`;
  if (state.offer_a === 0) return "Paused: the energy manager allows less than the car needs.";
  return "The car may charge and has not begun yet.";
}

function limitText(state) {
  if (!state.car.plugged) return "–";
  if (state.failsafe) return `${state.failsafe_a.toFixed(1)} A (no energy manager's limit)`;
  if (state.limit_a.every((a) => a === null)) return "none";
  return amperes(state.limit_a);
}

function showStatus(state) {
  show("name", state.name);
  show("amps", state.current_a ? Math.max(...state.current_a).toFixed(1) : "–");
  show("sentence", sentence(state));
  show("current", amperes(state.current_a));
  show("limit", limitText(state));
  const lost = state.car.session_lost ? " (ISO session lost, plug again)" : "";
  show("standard", state.car.plugged ? state.car.standard + lost : "none");
  show("soc", state.car.soc_percent === null ? "–" : `${state.car.soc_percent.toFixed(0)} %`);
  show("energy", state.car.plugged ? `${(state.car.delivered_wh / 1000).toFixed(2)} kWh` : "–");
}

function showConnections(state) {
  const [dot, word] = STATES[state.peer.state] ?? ["", state.peer.state];
  by("dot").className = `dot ${dot}`;
  show("peer", state.peer.ski ? `${grouped(state.peer.ski)}: ${word}` : "not paired");
  show("detail", state.peer.ski ? state.peer.detail : "");
  by("unpair").hidden = !state.peer.ski;
  show("ski", grouped(state.ski));
  show("ship", `${state.brand} ${state.model}, SHIP ID ${state.ship_id}, port ${state.ship_port}`);
  showFound(state);
}

function showFound(state) {
  const shown = JSON.stringify([state.found, state.peer.ski]);
  const list = by("found");
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  list.replaceChildren(...state.found.map((device) => foundLine(device, state.peer.ski)));
  if (state.found.length === 0) list.append("No energy manager in sight.");
}

function foundLine(device, pairedSki) {
  const line = document.createElement("li");
  const label = document.createElement("span");
  const asking = device.asking ? " – asks to be paired" : "";
  label.textContent = `${device.brand ?? "Unknown"} ${device.model ?? ""}${asking}`;
  const ski = document.createElement("span");
  ski.className = "ski";
  ski.textContent = grouped(device.ski);
  label.append(ski);
  line.append(label);
  if (device.ski !== pairedSki) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Pair";
    button.addEventListener("click", () => send("pair", { ski: device.ski }));
    line.append(button);
  }
  return line;
}

function showService(state) {
  by("plc").setAttribute("aria-checked", String(state.plc));
  const { ability, phases, switching } = state.relay;
  by("relay").hidden = ability !== "local-api";
  if (document.activeElement !== by("ability")) by("ability").value = ability;
  show("phases", switching ? "The relay is switching." : `The relay connects ${phases} phase(s).`);
  const failsafe = by("failsafe").elements.current_a;
  if (document.activeElement !== failsafe) failsafe.value = state.failsafe_a;
  show("cable", state.car.plugged ? "A car is plugged in." : "No car is plugged in.");
  by("unplug").disabled = !state.car.plugged;
  const active = state.faults.map((f) => `${f.kind} for ${f.seconds.toFixed(0)} s`);
  show("faults", active.length ? `Now: ${active.join(", ")}` : "Everything works.");
}

let latest = null;
function render(state) {
  latest = state;
  showStatus(state);
  showConnections(state);
  showService(state);
}

function complain(text) {
  by("message").hidden = !text;
  show("message", text);
}

async function ask(path, options) {
  const answer = await fetch(`api/${path}`, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body;
}

async function send(path, body = {}) {
  try {
    render(
      await ask(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    );
    complain("");
  } catch (error) {
    complain(error.message);
  }
}

async function poll() {
  try {
    render(await ask("state"));
    if (by("message").textContent === "The charger does not answer.") complain("");
  } catch {
    complain("The charger does not answer.");
  }
  setTimeout(poll, POLL_MS);
}

for (const tab of document.querySelectorAll("[data-tab]")) {
  tab.addEventListener("click", () => {
    for (const other of document.querySelectorAll("[data-tab]")) {
      const chosen = other === tab;
      other.setAttribute("aria-pressed", String(chosen));
      by(other.dataset.tab).hidden = !chosen;
    }
  });
}
by("plug").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  send("plug", {
    standard: form.get("standard"),
    phases: Number(form.get("phases")),
    max_a: Number(form.get("max_a")),
    energy_wh: Number(form.get("energy_kwh")) * 1000,
  });
});
by("failsafe").addEventListener("submit", (event) => {
  event.preventDefault();
  send("failsafe", { current_a: Number(new FormData(event.target).get("current_a")) });
  document.activeElement.blur();
});
by("unplug").addEventListener("click", () => send("unplug"));
by("unpair").addEventListener("click", () => send("unpair", { ski: latest.peer.ski }));
by("plc").addEventListener("click", () => send("plc", { on: !latest.plc }));
by("reset").addEventListener("click", () => {
  if (confirm("Forget the pairing and all settings of this charger?")) send("factory-reset");
});
for (const button of document.querySelectorAll("[data-fault]")) {
  button.addEventListener("click", () =>
    send("fault", { kind: button.dataset.fault, seconds: Number(button.dataset.seconds ?? 60) }),
  );
}
by("ability").addEventListener("change", (event) => {
  send("phase-switching", { ability: event.target.value });
  event.target.blur();
});
for (const button of document.querySelectorAll("[data-phases]")) {
  button.addEventListener("click", () => send("phases", { phases: Number(button.dataset.phases) }));
}
poll();
