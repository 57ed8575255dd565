package chain

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// longest bounds the lines that are looked at: no form makes a checkpoint that long.
const longest = 16 << 10

// Parse finds a checkpoint in a line of any form. Whoever makes an event can put such a text into it: only the signature tells.
func Parse(line []byte) (Checkpoint, bool) {
	if len(line) > longest {
		return Checkpoint{}, false
	}
	at := bytes.Index(line, []byte(begins+" "))
	if at < 0 {
		return Checkpoint{}, false
	}
	end := bytes.IndexAny(line[at:], "\"\\)\n\r\t'")
	if end < 0 {
		end = len(line) - at
	}
	text := string(line[at : at+end])
	words := strings.Fields(text)
	var c Checkpoint
	names := c.fields()
	if len(words) < len(names)+2 {
		return Checkpoint{}, false
	}
	values := make([]string, len(names))
	for i, f := range names {
		value, ok := strings.CutPrefix(words[i+1], f.Name+"=")
		if !ok {
			return Checkpoint{}, false
		}
		values[i] = value
	}
	sum, ok := strings.CutPrefix(words[len(names)+1], strings.TrimSpace(signature))
	if !ok || !c.read(values, sum) {
		return Checkpoint{}, false
	}
	return c, strings.HasPrefix(text, c.Text()) // nothing may be written in two ways
}

// read takes the values of fields, in their order.
func (c *Checkpoint) read(values []string, sum string) bool {
	var errs [10]error
	c.Node, errs[0] = url.QueryUnescape(values[0])
	c.File, errs[1] = url.QueryUnescape(values[1])
	c.Sequence, errs[2] = strconv.ParseUint(values[2], 10, 64)
	c.Time, errs[3] = time.Parse(milliseconds, values[3])
	c.Reason = Reason(values[4])
	c.Lines, errs[4] = strconv.ParseInt(values[5], 10, 64)
	c.Bytes, errs[5] = strconv.ParseInt(values[6], 10, 64)
	var key []byte
	key, errs[6] = base64.RawURLEncoding.DecodeString(values[9])
	c.Key = ed25519.PublicKey(key)
	c.Signature, errs[7] = base64.RawURLEncoding.DecodeString(sum)
	c.Content, errs[8] = ParseHash(values[7])
	c.Previous, errs[9] = ParseHash(values[8])
	for _, err := range errs {
		if err != nil {
			return false
		}
	}
	return len(c.Key) == ed25519.PublicKeySize && len(c.Signature) == ed25519.SignatureSize
}

// ParseHash is the inverse of Hash.String.
func ParseHash(text string) (Hash, error) {
	raw, err := hex.DecodeString(text)
	if err == nil && len(raw) != len(Hash{}) {
		err = hex.ErrLength
	}
	var h Hash
	copy(h[:], raw)
	return h, err
}
