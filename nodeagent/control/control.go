// Package control lets people on a node ask its running agent, over a socket in the agent's state directory.
//
// One request comes in as one line of JSON, one answer goes out. There is one thing to ask for: to try a sink. Who may ask is root on the node. The package
// tries nothing itself, and knows no destination.
package control

import (
	"time"
)

// File is the socket's name in the state directory.
const File = "control.sock"

// Request is what is asked.
type Request struct {
	// TestSink is the sink to try.
	TestSink string `json:"testSink"`
	// By is who asks, in his own words.
	By string `json:"by,omitempty"`
}

// SinkTest is what became of a test event.
type SinkTest struct {
	// Sink and Node are the names, Type is the sink's.
	Sink string `json:"sink"`
	Node string `json:"node"`
	Type string `json:"type,omitempty"`
	// ID is what to look for at the receiver. Empty: nothing was sent.
	ID string `json:"id,omitempty"`
	// Delivered says that the destination has the event, as far as its protocol tells.
	Delivered bool `json:"delivered"`
	// Answer is what the receiver said, or what its silence means; Error is why it was not delivered.
	Answer string `json:"answer,omitempty"`
	Error  string `json:"error,omitempty"`
	// Address is where the connection went, File the file that was written.
	Address string `json:"address,omitempty"`
	File    string `json:"file,omitempty"`
	// TLS is what the receiver showed.
	TLS *TLS `json:"tls,omitempty"`
	// Milliseconds is how long it took.
	Milliseconds int64 `json:"milliseconds"`
	// Waiting is how many events wait in the sink's queue, which this one has not seen.
	Waiting int64 `json:"waiting,omitempty"`
}

// TLS is a receiver's certificate.
type TLS struct {
	// Version is that of TLS. Empty: the certificate was refused first.
	Version  string    `json:"version,omitempty"`
	Subject  string    `json:"subject"`
	Issuer   string    `json:"issuer"`
	Names    []string  `json:"names,omitempty"`
	NotAfter time.Time `json:"notAfter"`
}
