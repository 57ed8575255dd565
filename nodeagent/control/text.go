package control

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Print says what became of the test, in lines for people. Texts of receivers cannot steer the terminal.
func (t SinkTest) Print(out io.Writer, now time.Time) error {
	var text strings.Builder
	if t.Delivered {
		fmt.Fprintf(&text, "%s has the test event of %s, after %d ms\n", t.Sink, t.Node, t.Milliseconds)
	} else {
		fmt.Fprintf(&text, "%s does NOT have the test event of %s, after %d ms\n", t.Sink, t.Node, t.Milliseconds)
	}
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&text, "  %-9s%s\n", name, plain(value))
		}
	}
	line("error", t.Error)
	line("answer", t.Answer)
	line("address", t.Address)
	line("file", t.File)
	line("tls", t.TLS.words(now))
	if t.ID != "" {
		line("event", event.TypeTest+" "+t.ID)
	}
	if t.Waiting > 0 {
		line("queue", fmt.Sprintf("%d events wait in it", t.Waiting))
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func (t *TLS) words(now time.Time) string {
	if t == nil {
		return ""
	}
	version := t.Version
	if version == "" {
		version = "refused"
	}
	left := fmt.Sprintf("%.0f days left", t.NotAfter.Sub(now).Hours()/24)
	if now.After(t.NotAfter) {
		left = "OUT OF DATE"
	}
	text := fmt.Sprintf("%s, certificate %q by %q until %s, %s", version, t.Subject, t.Issuer, t.NotAfter.UTC().Format(time.DateOnly), left)
	if len(t.Names) > 0 {
		text += ", for " + strings.Join(t.Names, ", ")
	}
	return text
}

// plain has no control characters.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x202e {
			return '�'
		}
		return r
	}, text)
}
