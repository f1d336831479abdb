# SPDX-License-Identifier: Apache-2.0
# errors($schema): what in a value does not fit a JSON Schema, as texts, each with its
# place. Only what the schemas that rtclab prints use; another keyword is an error itself.
def kind: if type == "number" and . == floor then "integer" else type end;

def errors($root; $s; $at):
    . as $value
    | ($s | keys[] | select(IN("$schema", "title", "description", "$defs", "$ref", "type",
        "const", "enum", "anyOf", "oneOf", "properties", "required", "items",
        "additionalProperties") | not) | "\($at): the schema has the unknown \(.)"),
      if $s["$ref"] then
          errors($root; $root["$defs"][$s["$ref"] | ltrimstr("#/$defs/")]; $at)
      elif $s.anyOf or $s.oneOf then
          select(all(($s.anyOf // $s.oneOf)[]; . as $one
                     | [$value | errors($root; $one; $at)] | length > 0))
          | "\($at): fits none, is \($value | tojson)"
      elif $s | has("const") then
          select($value != $s.const) | "\($at): must be \($s.const), is \($value | tojson)"
      elif $s.enum then
          select(IN($s.enum[]) | not) | "\($at): must be one of \($s.enum), is \($value)"
      elif $s.type == "number" and type == "number" then empty
      elif $s.type != kind then "\($at): must be \($s.type), is \($value | tojson)"
      elif $s.type == "array" then
          range(length) as $i | .[$i] | errors($root; $s.items; "\($at)/\($i)")
      elif $s.type == "object" then
          ($s.required // [] | .[] | select(. as $key | $value | has($key) | not)
              | "\($at)/\(.): must be there"),
          (to_entries[] | .key as $key | .value
              | if ($s.properties // {}) | has($key) then
                    errors($root; $s.properties[$key]; "\($at)/\($key)")
                elif $s.additionalProperties == false then "\($at)/\($key): is unknown"
                elif $s.additionalProperties then
                    errors($root; $s.additionalProperties; "\($at)/\($key)")
                else empty end)
      else empty end;

def errors($schema): errors($schema; $schema; "");
