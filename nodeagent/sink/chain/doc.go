// Package chain makes a log of lines tell whether somebody has changed it.
//
// Lines come in as they are written; now and then a checkpoint goes out, which is a line itself: it has the hash of the lines since the
// checkpoint before it, the hash of that one, and a signature. Verifier is the other half: it reads the lines again and says where they are
// not those that were signed. The package writes no log. It keeps a key and the latest checkpoint of each log in the agent's state directory.
package chain
