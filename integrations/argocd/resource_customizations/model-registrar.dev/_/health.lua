-- The conditions follow kstatus: Ready is always present, Reconciling and Stalled only while True. A waiting resource is
-- Progressing and never Degraded, because one Degraded resource fails a whole sync. Argo CD itself reports deletions.
local hs = { status = "Progressing", message = "Waiting for Model Registrar" }

if obj.status == nil or obj.status.conditions == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return hs
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions) do
  conditions[condition.type] = condition
end

local ready = conditions["Ready"]
if ready == nil then
  return hs
end

hs.message = ready.message
if ready.reason == "Paused" then
  hs.status = "Suspended"
elseif conditions["Stalled"] ~= nil and conditions["Stalled"].status == "True" then
  hs.status = "Degraded"
elseif ready.status == "True" then
  hs.status = "Healthy"
  if conditions["AliasesResolved"] ~= nil and conditions["AliasesResolved"].status == "False" then
    hs.message = conditions["AliasesResolved"].message
  end
  if conditions["Drifted"] ~= nil and conditions["Drifted"].status == "True" then
    hs.message = conditions["Drifted"].message
  end
end
return hs
