// SPDX-License-Identifier: Apache-2.0
//
// The smallest complete WebRTC client: signalling over a WebSocket, offer and answer,
// trickle ICE with its end of candidates, a data channel, camera and microphone or a
// canvas.
//
// Who comes into a room where somebody is already makes the offer; whoever is there answers.
// When one of them leaves, the other waits with a new connection.
//
// In the URL: #room=NAME, media=camera|canvas|none, join (joins at once).
"use strict";

const $ = (id) => document.getElementById(id);

const options = new URLSearchParams(location.hash.slice(1) || location.search);
const tab = { member: memberId(), room: "", stream: null, socket: null, retries: 0, retry: 0, leaving: false };
let call = null; // { connection, channel, candidates, timer }
let work = Promise.resolve(); // messages are handled one after the other

// ---- what is shown ----

const words = {
  full: "This room is full: two are in it already. Choose another room.",
  replaced: "This tab was replaced: the same page has joined again in another one.",
  lost: "The connection to the signalling server was lost.",
  insecure: "Browsers give camera and microphone only to pages over HTTPS or from localhost. A drawn picture is sent instead.",
  denied: "The browser did not allow camera and microphone. A drawn picture is sent instead.",
  absent: "There is no camera or microphone that can be used. A drawn picture is sent instead.",
  failed: "The two found no way to each other: no pair of their addresses works. Behind some NATs that takes a TURN server.",
};

function say(text) { $("status").textContent = text; note(text); }

function complain(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
  if (text) note(text);
}

function note(text) {
  const item = document.createElement("li");
  item.textContent = `${(performance.now() / 1000).toFixed(2)} s  ${text}`;
  $("events").append(item);
}

function show(what, state) {
  const place = $(`state-${what}`);
  if (place.textContent === state) return;
  place.textContent = state;
  document.body.dataset[what] = state;
  if (what !== "received") note(`${what}: ${state}`);
}

function showMessage(who, text) {
  const item = document.createElement("li");
  const name = document.createElement("b");
  name.textContent = who;
  item.append(name, text);
  $("messages").append(item);
  item.scrollIntoView({ block: "nearest" });
}

function showControls() {
  const isIn = tab.socket !== null;
  $("join").disabled = $("room").disabled = $("media").disabled = isIn;
  $("leave").disabled = !isIn;
  $("invitation").hidden = !isIn;
}

// ---- what is sent ----

function drawnStream() {
  const canvas = document.createElement("canvas");
  canvas.width = 320;
  canvas.height = 240;
  const pen = canvas.getContext("2d");
  const hue = Math.floor(Math.random() * 360);
  const draw = () => {
    const now = Date.now() / 1000;
    pen.fillStyle = `hsl(${hue} 45% 25%)`;
    pen.fillRect(0, 0, 320, 240);
    pen.fillStyle = `hsl(${hue} 80% 70%)`;
    pen.beginPath();
    pen.arc(160 + 100 * Math.cos(now), 120 + 70 * Math.sin(now), 24, 0, 2 * Math.PI);
    pen.fill();
    pen.font = "24px system-ui, sans-serif";
    pen.fillText(new Date().toLocaleTimeString(), 12, 228);
  };
  draw();
  const timer = setInterval(draw, 50);
  const audio = new AudioContext();
  const tone = new OscillatorNode(audio, { frequency: 330 });
  const volume = new GainNode(audio, { gain: 0.02 });
  const out = audio.createMediaStreamDestination();
  tone.connect(volume).connect(out);
  tone.start();
  const stream = canvas.captureStream(20);
  stream.addTrack(out.stream.getAudioTracks()[0]);
  stream.end = () => { clearInterval(timer); audio.close(); };
  return stream;
}

async function makeStream(media) {
  if (media === "none") return new MediaStream();
  if (media === "canvas") return drawnStream();
  if (!navigator.mediaDevices) {
    complain(words.insecure);
    return drawnStream();
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } });
  } catch (error) {
    complain(error.name === "NotAllowedError" ? words.denied : `${words.absent} (${error.message})`);
    return drawnStream();
  }
}

function endStream() {
  if (!tab.stream) return;
  tab.stream.getTracks().forEach((track) => track.stop());
  tab.stream.end?.();
  tab.stream = null;
  $("local").srcObject = null;
}

// ---- the call ----

function endCall() {
  if (!call) return;
  clearInterval(call.timer);
  call.connection.close();
  call = null;
  $("remote").srcObject = null;
  $("text").disabled = $("send").disabled = true;
  $("text").placeholder = "Opens with the call";
  for (const what of ["signaling", "gathering", "ice", "connection", "channel", "pair", "received"]) show(what, "–");
}

function newCall() {
  endCall();
  const connection = new RTCPeerConnection();
  const own = { connection, channel: null, candidates: [], timer: 0 };
  call = own;
  const follow = () => {
    if (call !== own) return;
    show("signaling", connection.signalingState);
    show("gathering", connection.iceGatheringState);
    show("ice", connection.iceConnectionState);
    show("connection", connection.connectionState);
  };
  for (const event of ["signalingstatechange", "icegatheringstatechange", "iceconnectionstatechange", "connectionstatechange"])
    connection.addEventListener(event, follow);
  connection.addEventListener("connectionstatechange", () => takeConnectionState(connection.connectionState));
  connection.onicecandidate = ({ candidate }) => {
    if (call === own) send({ "new-ice-candidate": candidate ?? { candidate: "" } });
  };
  connection.ontrack = ({ track }) => {
    const stream = $("remote").srcObject ?? new MediaStream();
    stream.addTrack(track);
    $("remote").srcObject = stream;
  };
  connection.ondatachannel = ({ channel }) => useChannel(own, channel);
  tab.stream.getTracks().forEach((track) => connection.addTrack(track, tab.stream));
  own.timer = setInterval(() => showStatistics(own), 1000);
  follow();
  return own;
}

function takeConnectionState(state) {
  if (state === "connected") {
    complain("");
    say("Connected.");
  } else if (state === "disconnected") {
    say("The other cannot be reached just now.");
  } else if (state === "failed") {
    say("Not connected.");
    complain(words.failed);
  }
}

function useChannel(own, channel) {
  own.channel = channel;
  show("channel", channel.readyState);
  channel.onopen = () => {
    if (call !== own) return;
    show("channel", "open");
    $("text").disabled = $("send").disabled = false;
    $("text").placeholder = "";
  };
  channel.onclose = () => { if (call === own) show("channel", "closed"); };
  channel.onmessage = ({ data }) => showMessage("The other:", typeof data === "string" ? data : `(${data.byteLength ?? data.size} bytes)`);
}

async function offer() {
  const { connection } = newCall();
  useChannel(call, connection.createDataChannel("rtclab"));
  if (tab.stream.getTracks().length === 0) { // still take what the other sends
    connection.addTransceiver("audio", { direction: "recvonly" });
    connection.addTransceiver("video", { direction: "recvonly" });
  }
  await connection.setLocalDescription();
  send({ offer: connection.localDescription });
  say("Calling …");
}

async function takeOffer(description) {
  const own = call && call.connection.signalingState === "stable" && call.connection.remoteDescription ? call : newCall();
  await own.connection.setRemoteDescription(description);
  await addKeptCandidates(own);
  await own.connection.setLocalDescription();
  send({ answer: own.connection.localDescription });
}

async function takeAnswer(description) {
  if (!call) return;
  await call.connection.setRemoteDescription(description);
  await addKeptCandidates(call);
}

async function takeCandidate(candidate) {
  if (!call) return;
  if (!call.connection.remoteDescription) {
    call.candidates.push(candidate);
    return;
  }
  try {
    if (candidate?.candidate) await call.connection.addIceCandidate(candidate);
    else await call.connection.addIceCandidate(); // end of candidates
  } catch (error) {
    note(`a candidate was refused: ${error.message}`);
  }
}

async function addKeptCandidates(own) {
  for (const candidate of own.candidates.splice(0)) await takeCandidate(candidate);
}

function describeCandidate(candidate) {
  const address = candidate.address ? ` ${candidate.address}:${candidate.port}` : "";
  return `${candidate.candidateType} ${candidate.protocol}${address}`;
}

async function showStatistics(own) {
  const stats = await own.connection.getStats();
  if (call !== own) return;
  const received = [];
  for (const entry of stats.values()) {
    const pair = entry.type === "transport" && stats.get(entry.selectedCandidatePairId);
    if (pair) {
      const local = stats.get(pair.localCandidateId);
      const remote = stats.get(pair.remoteCandidateId);
      if (local && remote) show("pair", `${describeCandidate(local)} ~ ${describeCandidate(remote)}`);
    }
    if (entry.type === "inbound-rtp")
      received.push(entry.kind === "video" ? `${entry.framesDecoded ?? 0} frames` : `${entry.packetsReceived} audio packets`);
  }
  show("received", received.join(", ") || "–");
}

// ---- signalling ----

function send(message) {
  if (tab.socket?.readyState === WebSocket.OPEN) tab.socket.send(JSON.stringify(message));
}

async function take(message) {
  if (message.joined) {
    tab.retries = 0;
    say(message.joined.peer ? "Somebody is here." : "Waiting for somebody to join.");
    if (message.joined.peer) await offer();
  } else if (message["peer-joined"]) {
    endCall();
    say("Somebody has joined.");
  } else if (message["peer-left"]) {
    endCall();
    say("The other has left. Waiting for somebody to join.");
  } else if (message.offer) {
    await takeOffer(message.offer);
  } else if (message.answer) {
    await takeAnswer(message.answer);
  } else if ("new-ice-candidate" in message) {
    await takeCandidate(message["new-ice-candidate"]);
  } else if (message.error) {
    complain(`The signalling server: ${message.error}`);
  }
}

function openSocket() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/rooms/${tab.room}?member=${tab.member}`);
  tab.socket = socket;
  show("websocket", "connecting");
  socket.onopen = () => show("websocket", "open");
  socket.onmessage = ({ data }) => {
    work = work.then(() => tab.socket === socket && take(JSON.parse(data)))
      .catch((error) => { if (tab.socket === socket) complain(`That did not work: ${error.message}`); });
  };
  socket.onclose = ({ code, reason }) => {
    if (tab.socket === socket) takeClose(code, reason);
  };
}

function takeClose(code, reason) {
  show("websocket", "closed");
  const isFinal = { 4001: words.full, 4002: words.replaced }[code];
  if (isFinal || tab.leaving || tab.retries >= 5) {
    if (code === 4002) tab.member = memberId(true);
    if (!tab.leaving) complain(isFinal ?? (reason ? `${words.lost} It said: ${reason}` : words.lost));
    leave();
    return;
  }
  // What is connected stays so: the call does not go through the server.
  say(`${words.lost} Trying again …`);
  tab.retry = setTimeout(openSocket, 1000 * 2 ** tab.retries++);
}

function memberId(isNew = false) {
  let id = isNew ? null : sessionStorage.getItem("member");
  if (!id) {
    id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    sessionStorage.setItem("member", id);
  }
  return id;
}

// ---- the controls ----

async function join() {
  complain("");
  tab.room = $("room").value;
  tab.leaving = false;
  tab.retries = 0;
  $("join").disabled = true;
  const media = document.querySelector("input[name=media]:checked").value;
  tab.stream = await makeStream(media);
  $("local").srcObject = tab.stream;
  $("link").href = $("link").textContent = `${location.origin}/#room=${tab.room}`;
  openSocket();
  showControls();
}

function leave() {
  const socket = tab.socket;
  clearTimeout(tab.retry);
  tab.leaving = true;
  tab.socket = null;
  socket?.close(1000);
  endCall();
  endStream();
  show("websocket", "closed");
  say("Not in a room.");
  showControls();
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  join().catch((error) => {
    leave();
    complain(`That did not work: ${error.message}`);
  });
});
$("leave").addEventListener("click", leave);
$("chat").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value;
  if (!text || call?.channel?.readyState !== "open") return;
  call.channel.send(text);
  showMessage("You:", text);
  $("text").value = "";
});

$("room").value = options.get("room") || `room-${Math.random().toString(36).slice(2, 8)}`;
const wanted = $(`media-${options.get("media")}`);
if (wanted) wanted.checked = true;
if (!window.RTCPeerConnection) complain("This browser has no WebRTC.");
else if (options.has("join")) $("form").requestSubmit();
