// Package recording holds no code, only a test of what this machine's kernel records under rules as they were written, and under those that the
// optimiser makes of them.
//
// It changes the kernel's rules under the lock of the kernel tests, and leaves them as they were.
package recording
