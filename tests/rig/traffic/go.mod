module tidegate.dev/rig/traffic

go 1.26
