package chain

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Type is the type of the event that is a checkpoint.
const Type = "NODEAUDIT_CHECKPOINT"

// number is its number, of the range that the kernel leaves to user space.
const number = 2993

// Reason is why a checkpoint was written when it was.
type Reason string

const (
	// Start begins a chain: there was no key or no state of an older one. Lines before it are not covered.
	Start Reason = "start"
	// Due is that enough lines or enough time had passed.
	Due Reason = "due"
	// Rotate is the end of a file.
	Rotate Reason = "rotate"
	// Close is the end of the agent, or of the sink.
	Close Reason = "close"
	// Restart covers the lines that an agent that ended suddenly had left uncovered, as the next one found them.
	Restart Reason = "restart"
	// Torn is Restart where the last of these lines was torn, and was ended.
	Torn Reason = "torn"
)

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// String returns it in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Checkpoint says what the lines since the previous checkpoint of its log are.
type Checkpoint struct {
	// Node and File name the log: the node, and the file's name without directory and number.
	Node, File string
	// Sequence is 1 more than that of the checkpoint before.
	Sequence uint64
	// Time is when it was made, in milliseconds.
	Time time.Time
	// Reason is why.
	Reason Reason
	// Lines and Bytes are what it covers, and Content is the hash of these bytes.
	Lines, Bytes int64
	Content      Hash
	// Previous is the Hash of the checkpoint before, zero for the first.
	Previous Hash
	// Key has signed it.
	Key ed25519.PublicKey
	// Signature is over everything above.
	Signature []byte
}

// begins is how the text of each checkpoint begins. It keeps what this key signs apart from whatever else a key may sign, and has the version.
const begins = "nodeaudit-chain=1"

// Hash is that of everything that is signed.
func (c *Checkpoint) Hash() Hash { return sha256.Sum256([]byte(c.signed())) }

// signed is the text that the signature is over. No value has a space, a quote or a backslash, so that every form of an event has it as it is.
func (c *Checkpoint) signed() string {
	var b strings.Builder
	b.WriteString(begins)
	for _, f := range c.fields() {
		b.WriteString(" " + f.Name + "=" + f.Value)
	}
	return b.String()
}

const milliseconds = "2006-01-02T15:04:05.000Z"

func (c *Checkpoint) fields() event.Fields {
	return event.Fields{
		{Name: "chainNode", Value: url.QueryEscape(c.Node)},
		{Name: "chainFile", Value: url.QueryEscape(c.File)},
		{Name: "sequence", Value: strconv.FormatUint(c.Sequence, 10)},
		{Name: "time", Value: c.Time.UTC().Format(milliseconds)},
		{Name: "reason", Value: string(c.Reason)},
		{Name: "lines", Value: strconv.FormatInt(c.Lines, 10)},
		{Name: "bytes", Value: strconv.FormatInt(c.Bytes, 10)},
		{Name: "content", Value: c.Content.String()},
		{Name: "previous", Value: c.Previous.String()},
		{Name: "key", Value: base64.RawURLEncoding.EncodeToString(c.Key)},
	}
}

// Text is the whole checkpoint in one line. Parse is its inverse.
func (c *Checkpoint) Text() string {
	return c.signed() + signature + base64.RawURLEncoding.EncodeToString(c.Signature)
}

const signature = " signature="

// sign makes it complete.
func (c *Checkpoint) sign(key ed25519.PrivateKey) {
	c.Key = key.Public().(ed25519.PublicKey)
	c.Signature = ed25519.Sign(key, []byte(c.signed()))
}

// IsSigned says whether the signature is that of Key.
func (c *Checkpoint) IsSigned() bool {
	return len(c.Key) == ed25519.PublicKeySize && ed25519.Verify(c.Key, []byte(c.signed()), c.Signature)
}

// Event is the checkpoint as an event of the log, with one record in the form of the kernel's and no serial: those are the kernel's.
func (c *Checkpoint) Event() *event.Event {
	now := c.Time.UTC()
	return &event.Event{
		Time: now, Node: c.Node, Type: Type, Who: event.Who{Confidence: event.ConfidenceNone},
		Fields: append(c.fields()[2:8:8], event.Field{Name: "hash", Value: c.Hash().String()}),
		Records: []event.Record{{Type: number, TypeName: Type, Data: fmt.Sprintf(
			"audit(%d.%03d:0): %s", now.Unix(), now.Nanosecond()/int(time.Millisecond), c.Text())}},
	}
}
