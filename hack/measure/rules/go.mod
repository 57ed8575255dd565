// The measurement is a module of its own: what go-libaudit's compiler of rules needs is no dependency of nodeaudit.
module github.com/nodeaudit/nodeaudit/hack/measure/rules

go 1.26.8

require (
	github.com/elastic/go-libaudit/v2 v2.6.2
	github.com/nodeaudit/nodeaudit v0.0.0
)

require (
	github.com/elastic/go-licenser v0.4.1 // indirect
	github.com/kballard/go-shellquote v0.0.0-20180428030007-95032a82bc51 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/nodeaudit/nodeaudit => ../../..
