// KServe's published manifests: `make e2e-kind` installs them, and tests check the examples with their definitions.
// Nothing of it is built.
module model-registrar.dev/devcluster/kserve

go 1.25.0

require github.com/kserve/kserve v0.19.0
