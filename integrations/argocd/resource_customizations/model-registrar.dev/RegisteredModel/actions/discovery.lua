local annotations = obj.metadata.annotations or {}
local value = annotations["model-registrar.dev/paused"] or ""
-- Argo CD gives actions no string library, so each spelling of "false" is listed: the operator ignores case.
local spellings = { "" }
for _, letters in ipairs({ { "f", "F" }, { "a", "A" }, { "l", "L" }, { "s", "S" }, { "e", "E" } }) do
  local longer = {}
  for _, start in ipairs(spellings) do
    for _, letter in ipairs(letters) do
      longer[#longer + 1] = start .. letter
    end
  end
  spellings = longer
end
local running = { [""] = true }
for _, spelling in ipairs(spellings) do
  running[spelling] = true
end
local paused = not running[value]

local actions = {}
actions["reconcile"] = {
  ["displayName"] = "Reconcile", ["iconClass"] = "fa fa-fw fa-sync", ["disabled"] = paused,
}
actions["pause"] = { ["displayName"] = "Pause", ["iconClass"] = "fa fa-fw fa-pause", ["disabled"] = paused }
actions["resume"] = { ["displayName"] = "Resume", ["iconClass"] = "fa fa-fw fa-play", ["disabled"] = not paused }
return actions
