# SPDX-License-Identifier: Apache-2.0
# What is wrong in a trace by the rules of the Trace Event Format, a line each.
def wrong(what): "\(what): \(tojson | .[:200])";
def fields:
    . as $e
    | (if (["M", "X", "i", "s", "t", "f"] | index($e.ph)) then empty else wrong("phase") end),
      (if ($e.name | type) == "string" and $e.name != "" then empty else wrong("name") end),
      (if ([$e.ts, $e.pid, $e.tid] | all(type == "number" and . >= 0)) then empty else wrong("numbers") end),
      (if $e.ph != "X" or $e.dur > 0 then empty else wrong("dur") end),
      (if $e.ph != "i" or $e.s == "t" then empty else wrong("scope") end),
      (if ($e.ph | test("[stf]")) and ($e.id | type) != "string" then wrong("id") else empty end);

# Slices of a thread: each within the one that is open, or after it.
def nesting:
    reduce .[] as $e ({open: [], wrong: []};
        .open |= map(select(. > $e.ts))
        | (if (.open | length) > 0 and $e.ts + $e.dur > .open[-1]
           then .wrong += [$e | wrong("does not nest")] else . end)
        | .open += [$e.ts + $e.dur])
    | .wrong[];

def flows:
    if (map(.ph) | .[0] == "s" and .[-1] == "f" and (.[1:-1] | all(. == "t"))) then empty
    else (.[0] | wrong("flow")) end;

.traceEvents as $all
| ($all[] | fields),
  ([range(1; $all | length) | select($all[.].ts < $all[. - 1].ts) | $all[.]] | .[] | wrong("order")),
  ($all | map(select(.ph == "X")) | group_by([.pid, .tid])[] | nesting),
  ($all | map(select(.ph | test("[stf]"))) | group_by(.id)[] | flows),
  (($all | map(select(.name == "thread_name") | [.pid, .tid])) as $named
   | $all | map(select(.ph != "M") | [.pid, .tid]) | unique | . - $named | .[] | wrong("no name"))
