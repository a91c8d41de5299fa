// Pins the module whose folder holds the Gateway API's CRDs; nothing of it is compiled.
module tidegate.dev/rig/crds

go 1.26

require sigs.k8s.io/gateway-api v1.6.1
