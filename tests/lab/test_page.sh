#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The page of `rtclab signaling`, used in headless Chromium as a person would: two tabs call
# each other, and a tab calls webrtcbin. PAGE_PICTURES=FOLDER keeps pictures of it.
source "$(dirname "$0")/lib.sh"

programs=$(dirname "$RTCLAB")
[ -x "$programs/page_driver" ] || skip "page_driver was not built"
command -v chromium >/dev/null || skip "chromium is not installed"
pictures=${PAGE_PICTURES:-$work}

# In a host of a lab, so that nothing is seen of the machine's network: starts the server,
# puts its URL for URL in the script, and has it driven.
cat >"$work/inside.sh" <<'S'
work=$1 pictures=$2 name=$3
shift 3
"$RTCLAB" signaling --listen 127.0.0.1:0 "$@" >"$work/server.out" 2>&1 &
server=$!
trap 'kill $server' EXIT
for _ in $(seq 100); do
    url=$(grep -om1 'http://127.0.0.1:[0-9]*/' "$work/server.out") && break
    sleep 0.1
done
sed "s|URL|$url|" "$work/$name" >"$work/$name.script"
"$(dirname "$RTCLAB")/page_driver" "$pictures" "$work/$name.script"
S
drive() {
    RTCLAB_TEST_MARK=$mark timeout 150 "$RTCLAB" exec interop/open offerer -- \
        env RTCLAB="$RTCLAB" RTCLAB_TEST_MARK="$mark" bash "$work/inside.sh" "$work" "$pictures" "$@"
}

# What each sees: that it is connected, what the other says, and the other's picture.
sees='document.getElementById("remote").videoWidth > 0 \&\& /[1-9]\\d* frames/.test(document.body.dataset.received)'
cat >"$work/two-tabs" <<'S'
open alice URL#room=test&media=camera
await alice document.getElementById('room').value === 'test'
press alice join
await alice document.body.dataset.websocket === 'open'
open bob URL#room=test&media=canvas
await bob document.getElementById('room').value === 'test'
press bob join
await alice document.body.dataset.connection === 'connected'
await bob document.body.dataset.connection === 'connected'
type alice text <b>hello</b> & "ünïcode"
press alice send
await bob document.getElementById('messages').textContent.includes('<b>hello</b> & "ünïcode"')
await bob document.getElementById('messages').querySelectorAll('li b').length === 1
type bob text hello yourself
press bob send
await alice document.getElementById('messages').textContent.includes('The other:hello yourself')
await alice SEES
await bob SEES
picture alice page-alice.png
picture bob page-bob.png
open carol URL#room=test&media=none&join
await carol document.getElementById('problem').textContent.includes('room is full')
picture carol page-full.png
await carol document.getElementById('join').disabled === false
await alice (tab.socket.close(), true)
await bob document.getElementById('status').textContent.includes('The other has left')
await bob document.body.dataset.connection === 'connected'
await alice document.body.dataset.channel === 'open'
press bob leave
await alice document.getElementById('status').textContent.includes('The other has left')
press bob join
await alice document.body.dataset.connection === 'connected'
close bob
await alice document.getElementById('status').textContent.includes('The other has left')
open dave URL#room=test&media=canvas
await dave (globalThis.AudioContext = undefined, document.getElementById('room').value === 'test')
press dave join
await dave document.getElementById('problem').textContent.includes('That did not work')
await dave document.getElementById('join').disabled === false
S
cat >"$work/with-gst" <<'S'
open alice URL#room=rtclab&media=camera
await alice document.getElementById('room').value === 'rtclab'
press alice join
await alice document.body.dataset.connection === 'connected'
await alice document.body.dataset.channel === 'open'
await alice SEES
type alice text hello
press alice send
await alice document.getElementById('messages').textContent.includes('The other:hello')
await alice (call.channel.send(new Uint8Array(3)), true)
await alice document.getElementById('messages').textContent.includes('The other:(3 bytes)')
picture alice page-gst.png
S
sed -i "s|SEES|$sees|" "$work/two-tabs" "$work/with-gst"

claim "two tabs call, chat, see each other, lose the server, leave and call again; a third finds the room full" \
    drive two-tabs
for picture in alice bob full; do
    claim "a picture of it ($picture) was taken" test -s "$pictures/page-$picture.png"
done
if [ -x "$programs/rtclab-peer-gst" ]; then
    claim "a tab calls webrtcbin and sees its picture" drive with-gst --peer gst
else
    echo "left out: rtclab-peer-gst was not built"
fi
claim "nothing is left" nothing_is_left
finish
