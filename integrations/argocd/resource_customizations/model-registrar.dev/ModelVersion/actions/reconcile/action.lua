-- Any new value makes the operator read the entry from the registry now.
local os = require("os")

if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["model-registrar.dev/reconcile-requested-at"] = os.date("!%Y-%m-%dT%XZ")
return obj
