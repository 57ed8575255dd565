// Package arch holds no code, only tests of the manners of this repository: which package may import which, and that every package and
// every exported name says what it is.
//
// The source tree comes in, complaints with file and line go out. It never runs the code that it reads.
package arch
