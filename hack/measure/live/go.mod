// The measurement is a module of its own: go-libaudit's coalescer is no dependency of nodeaudit.
module github.com/nodeaudit/nodeaudit/hack/measure/live

go 1.26.8

require (
	github.com/elastic/go-libaudit/v2 v2.6.2
	github.com/nodeaudit/nodeaudit v0.0.0
	golang.org/x/sys v0.49.0
)

require (
	github.com/cyphar/filepath-securejoin v0.7.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)

replace github.com/nodeaudit/nodeaudit => ../../..
