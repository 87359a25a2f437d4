module sekisho.dev/toolchain/definitions

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.79.2
