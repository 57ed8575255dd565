// Package lint finds rules that load but do not do what their author probably meant, and says what a set of rules costs.
//
// Rules and what is known of the nodes that they are for come in, problems go out, each with the name of its check, the line of its rule and
// what to do. The package is pure: what is on a node's disk comes in through Files, if it comes in at all.
package lint
