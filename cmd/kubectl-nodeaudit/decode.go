package main

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/nodeaudit/nodeaudit/nodeagent/decode"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/form"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/logfile"
	"github.com/nodeaudit/nodeaudit/nodeagent/reassemble"
)

const decodeLong = `Print the events of audit logs, one a line (docs/events.md). Without a file, or for -, standard input is read.

Read are files of auditd, RAW and ENRICHED, also with node=; what a plugin of auditd sent to syslog; the kernel's own log; "journalctl -o json"; and
files of nodeaudit itself. They may be compressed with gzip, zstd or xz. Rotated files that belong together are read oldest first, audit.log.2 before
audit.log.1 before audit.log, whatever their order on the command line; an event may begin in one and end in the next.

Nothing is lost: a line that is no record is an event of type UNREADABLE, and is named on standard error with its file and line. The exit
status tells only whether all files could be read.

Names of users and groups are those that the log itself has (log_format = ENRICHED); with --root those of a host are used where it has none.`

// gcPercent lets garbage grow to some 16 MiB before it is collected: of a log nearly everything is, and little is kept.
const gcPercent = 400

type decodeFlags struct{ root, output string }

func decodeCommand(name string) *cobra.Command {
	var f decodeFlags
	c := &cobra.Command{
		Use:   "decode [FILE…]",
		Short: "Print the events of audit logs",
		Long:  decodeLong,
		Example: examples(name, "decode /var/log/audit/audit.log", "decode -o text --root / /var/log/audit/audit.log*",
			"decode < audit.log | jq -r .type | sort | uniq -c"),
		RunE: f.run,
	}
	c.Flags().StringVar(&f.root, "root", "", "root directory of the host whose users and groups the log has; without it only names in the log are used")
	c.Flags().StringVarP(&f.output, "output", "o", "json", formHelp())
	return c
}

func (f *decodeFlags) run(c *cobra.Command, args []string) error {
	write, err := formOf(f.output)
	if err != nil {
		return err
	}
	debug.SetGCPercent(gcPercent)
	d := newDecoding(c.OutOrStdout(), c.ErrOrStderr(), write)
	if f.root != "" {
		if err := isRoot(f.root); err != nil {
			return err
		}
		d.decoder.Names = host.NewNames(f.root)
	}
	if len(args) == 0 {
		args = []string{"-"}
	}
	return d.files(oldestFirst(args), c.InOrStdin())
}

// decoding is the road of a log: from its lines to those that are printed.
type decoding struct {
	decoder  decode.Decoder
	nodes    map[string]*reassemble.Reassembler
	node     string // whose records came last
	last     *reassemble.Reassembler
	form     form.Form
	keep     func(e *event.Event) bool // says what is printed; nil is everything
	out      io.Writer
	lines    []byte // on their way out
	err      error  // of out
	words    *complaints
	progress *progress
}

func newDecoding(out, words io.Writer, write form.Form) *decoding {
	return &decoding{
		nodes: map[string]*reassemble.Reassembler{}, form: write, out: out,
		words: &complaints{out: words}, progress: newProgress(words),
	}
}

// files decodes logs one after the other. A file that cannot be read does not keep the others from being read.
func (d *decoding) files(names []string, stdin io.Reader) error {
	var failed error
	for _, name := range names {
		if err := d.file(name, stdin); err != nil {
			failed = err
			d.words.say(fileName(name) + ": " + err.Error())
		}
	}
	for _, r := range d.nodes {
		r.Close()
	}
	d.progress.end()
	d.words.end()
	d.flush()
	if d.err != nil {
		return fmt.Errorf("printing events: %w", d.err)
	}
	if failed != nil {
		return fmt.Errorf("%d of %d logs could not be read whole", d.words.files, len(names))
	}
	return nil
}

// log decodes one log.
func (d *decoding) log(name string, in io.Reader) error {
	reader, err := logfile.NewReader(in)
	if err != nil {
		return err
	}
	var line logfile.Line
	for d.err == nil && reader.Next(&line) {
		if line.Err != nil {
			d.words.line(fileName(name), line.Number, line.Err)
		}
		if line.Event != nil {
			d.print(line.Event)
			continue
		}
		if line.Node != d.node || d.last == nil {
			d.turn(line.Node)
		}
		d.last.Push(line.Record)
		d.progress.step()
	}
	return reader.Err()
}

// turn takes the reassembler of another node.
func (d *decoding) turn(node string) {
	r := d.nodes[node]
	if r == nil {
		r = reassemble.NewLog(func(group event.Group) {
			e := d.decoder.Read(group)
			e.Node = node
			e.Who.Confidence = event.ConfidenceNone
			d.print(e)
		})
		d.nodes[node] = r
	}
	d.node, d.last = node, r
}

// together is how much is written at once.
const together = 256 << 10

// print writes an event, unless something could not be written before.
func (d *decoding) print(e *event.Event) {
	if d.err != nil || d.keep != nil && !d.keep(e) {
		return
	}
	if d.lines, d.err = d.form.AppendLine(d.lines, e); d.err == nil && len(d.lines) >= together {
		d.flush()
	}
}

func (d *decoding) flush() {
	if d.err == nil {
		_, d.err = d.out.Write(d.lines)
		d.lines = d.lines[:0]
	}
}
