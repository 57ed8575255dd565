package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// errNoList says that something is no list of audit events.
var errNoList = errors.New("it is no EventList of audit.k8s.io")

// ReadList reads an EventList as the webhook backend of an API server sends it, and hands on what its events tell of sessions. One event is in memory at
// a time. Events that cannot be read are counted.
func ReadList(in io.Reader, take func(*Session)) (skipped int, err error) {
	decoder := json.NewDecoder(in)
	if err := expect(decoder, '{'); err != nil {
		return 0, err
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return skipped, fmt.Errorf("%w: %w", errNoList, err)
		}
		if key != "items" {
			var passed json.RawMessage
			if err := decoder.Decode(&passed); err != nil {
				return skipped, fmt.Errorf("%w: %w", errNoList, err)
			}
			continue
		}
		unread, err := readItems(decoder, take)
		if skipped += unread; err != nil {
			return skipped, err
		}
	}
	return skipped, expect(decoder, '}')
}

func readItems(decoder *json.Decoder, take func(*Session)) (skipped int, err error) {
	if err := expect(decoder, '['); err != nil {
		return 0, err
	}
	for decoder.More() {
		var text json.RawMessage
		if err := decoder.Decode(&text); err != nil {
			return skipped, fmt.Errorf("%w: %w", errNoList, err)
		}
		var e entry
		if json.Unmarshal(text, &e) != nil {
			skipped++
		} else if s := e.session(); s != nil && e.Stage != "RequestReceived" { // when nobody knows whether it will be refused
			take(s)
		}
	}
	return skipped, expect(decoder, ']')
}

func expect(decoder *json.Decoder, wanted json.Delim) error {
	switch token, err := decoder.Token(); {
	case err != nil:
		return fmt.Errorf("%w: %w", errNoList, err)
	case token != wanted:
		return fmt.Errorf("%w: %v stands where %v should", errNoList, token, wanted)
	}
	return nil
}
