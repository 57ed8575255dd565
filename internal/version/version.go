// Package version says which release a program is.
//
// The linker sets it (-X github.com/nodeaudit/nodeaudit/internal/version.Version=v0.1.0); nothing is read at run time.
package version

// Version is the release, for example v0.1.0, or `dev` where the linker did not set it.
var Version = "dev"
