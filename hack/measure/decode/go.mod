// The measurement is a module of its own: what go-libaudit's coalescer needs is no dependency of nodeaudit.
module github.com/nodeaudit/nodeaudit/hack/measure/decode

go 1.26.8

require (
	github.com/elastic/go-libaudit/v2 v2.6.2
	github.com/nodeaudit/nodeaudit v0.0.0
	golang.org/x/sys v0.49.0
)

require (
	github.com/cyphar/filepath-securejoin v0.7.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/ulikunitz/xz v0.5.17 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)

replace github.com/nodeaudit/nodeaudit => ../../..
