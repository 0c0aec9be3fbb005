// The page of the virtual HEMS, control box and heat pump: shows api/state, sends what is pressed.

const POLL_MS = 1000;
const DOTS = { connected: "on", connecting: "wait", waiting_for_peer: "wait", request_received: "wait" };
const by = (id) => document.getElementById(id);
let state = null;

function show(id, text) {
  const element = by(id);
  if (element.textContent !== text) element.textContent = text;
}

function grouped(ski) {
  return ski.match(/.{1,4}/g).join(" ");
}

function watts(power) {
  return power === null || power === undefined ? "–" : `${Math.round(power)} W`;
}

function held(limit) {
  if (!limit) return "–";
  if (!limit.active) return "no limit";
  return watts(limit.power_w) + (limit.duration_s === null ? "" : `, ${Math.round(limit.duration_s)} s`);
}

function showConnection() {
  const peer = state.peer;
  by("dot").className = `dot ${peer ? (DOTS[peer.state] ?? "") : ""}`;
  show("peer", peer ? `${grouped(peer.ski)}: ${peer.state.replaceAll("_", " ")}` : "not paired");
  show("detail", peer ? peer.detail : "");
  by("unpair").hidden = !peer;
  const shown = JSON.stringify([state.found, peer?.ski]);
  const list = by("found");
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  list.replaceChildren(...state.found.filter((each) => each.ski !== peer?.ski).map(foundItem));
}

function foundItem(device) {
  const item = document.createElement("li");
  const words = document.createElement("span");
  words.textContent = device.name || "A device";
  const ski = document.createElement("span");
  ski.className = "ski";
  ski.textContent = grouped(device.ski);
  words.append(ski);
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = device.requests_pairing ? "Confirm" : "Pair";
  button.addEventListener("click", () => send("pair", { ski: device.ski }));
  item.append(words, button);
  return item;
}

function showHems() {
  show("power", watts(state.power_w));
  show("current", state.current_a.map((a) => (a === null ? "–" : a.toFixed(1))).join(" · ") + " A");
  for (const button of by("telling").children) {
    button.setAttribute("aria-pressed", String(button.dataset.telling === state.telling));
  }
}

function showBox() {
  show("lpc", held(state.held.lpc));
  show("lpp", held(state.held.lpp));
  show("safe", state.failsafe ? `${watts(state.failsafe.lpc_w)}, ${state.failsafe.duration_s} s` : "–");
  const answer = state.answer;
  show("answer", answerText(answer));
  by("heartbeat").setAttribute("aria-checked", String(state.heartbeat));
}

function showPump() {
  show("drawn", `${watts(state.power_w)} of ${watts(state.asked_w)}`);
  const left = state.remaining_s === null ? "" : `, ${Math.round(state.remaining_s)} s`;
  show("allowed", `${state.limit_w === null ? "no limit" : watts(state.limit_w)} (${state.limit_state ?? "no network"})${left}`);
  show("own-safe", watts(state.failsafe_w));
}

function answerText(answer) {
  if (!answer) return "–";
  if (!answer.order) return answer.text;
  return `${answer.order}: ${answer.ok ? "accepted" : answer.text} (${Math.round(answer.ms)} ms)`;
}

function showAll(told) {
  state = told;
  show("brand", state.brand.toUpperCase());
  show("name", state.model);
  document.title = `${state.brand} ${state.model}`;
  show("ski", grouped(state.ski));
  show("ship", `SHIP ID ${state.ship_id}, port ${state.ship_port}`);
  by("network").setAttribute("aria-checked", String(state.network));
  by("hems").hidden = state.kind !== "hems";
  by("control-box").hidden = state.kind !== "control-box";
  by("heat-pump").hidden = state.kind !== "heat-pump";
  showConnection();
  ({ hems: showHems, "control-box": showBox, "heat-pump": showPump })[state.kind]();
}

function say(text) {
  show("message", text);
  by("message").hidden = !text;
}

async function call(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`api/${path}`, options);
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail);
  showAll(told);
}

async function send(path, body) {
  try {
    await call(path, body);
    say("");
  } catch (error) {
    say(error.message);
  }
}

function number(form, name) {
  const text = form.elements[name].value;
  return text === "" ? null : Number(text);
}

by("unpair").addEventListener("click", () => send("unpair", {}));
by("network").addEventListener("click", () => send("network", { on: !state.network }));
by("heartbeat").addEventListener("click", () => send("heartbeat", { on: !state.heartbeat }));
by("telling").addEventListener("click", (event) => {
  if (event.target.dataset.telling) send("telling", { telling: event.target.dataset.telling });
});
by("limit").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  send("limit", { kind: form.elements.kind.value, power_w: number(form, "power_w"), duration_s: number(form, "duration_s") });
});
by("lift").addEventListener("click", () => send("limit", { kind: by("limit").elements.kind.value, power_w: null }));
by("failsafe").addEventListener("submit", (event) => {
  event.preventDefault();
  send("failsafe", { power_w: number(event.target, "power_w") });
});

by("demand").addEventListener("submit", (event) => {
  event.preventDefault();
  send("demand", { power_w: number(event.target, "power_w") ?? 0, stubborn: event.target.elements.stubborn.checked });
});

async function poll() {
  await send("state");
  setTimeout(poll, POLL_MS);
}

poll();
