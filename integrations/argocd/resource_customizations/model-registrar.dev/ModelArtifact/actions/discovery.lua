local annotations = obj.metadata.annotations or {}
local value = string.lower(annotations["model-registrar.dev/paused"] or "")
local paused = value ~= "" and value ~= "false"

local actions = {}
actions["reconcile"] = {
  ["displayName"] = "Reconcile", ["iconClass"] = "fa fa-fw fa-sync", ["disabled"] = paused,
}
actions["pause"] = { ["displayName"] = "Pause", ["iconClass"] = "fa fa-fw fa-pause", ["disabled"] = paused }
actions["resume"] = { ["displayName"] = "Resume", ["iconClass"] = "fa fa-fw fa-play", ["disabled"] = not paused }
return actions
