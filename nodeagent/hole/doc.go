// Package hole finds out whether what is missing of a log is explained.
//
// Lines of the native form come in, out come the stretches of serials of which something is missing, and what explains it: the agent's accounts
// (event.TypeAccount) say what it received and left out, its losses (event.TypeLost) what never came or was dropped. The package trusts the
// lines; whether somebody has changed them says nodeagent/sink/chain.
package hole
