package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/nodeaudit/nodeaudit/nodeagent/hole"
	"github.com/nodeaudit/nodeaudit/nodeagent/logfile"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
)

const verifyLong = `Say whether somebody has changed logs that the agent wrote (docs/tamper-evidence.md).

The agent signs what it writes: at least every 256 lines and every second a checkpoint follows, a line with the hash of the lines before it. Lines
that were changed, removed, added or moved are named with their file. Files that belong together, audit.log.2.gz, audit.log.1.gz and audit.log, are
read oldest first; of a directory all logs are read.

With --status, a file with the node's NodeAuditStatus, keys are those that the node has published, and the checkpoint that it had published last
must be there: that is what tells that the end was cut off. With --key the keys alone are known. With neither only the chain is checked:
whoever can write the log can sign it anew with a key of his own.

Serials of the kernel that are not there are compared with what the agent has said of them: that they never came, or were left out, or dropped. What
nothing explains is named.

The exit status is 1 where something was found.`

type verifyFlags struct{ key, status, output string }

func verifyCommand(name string) *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:     "verify FILE|DIR…",
		Short:   "Say whether logs of the agent were changed",
		Long:    verifyLong,
		Example: examples(name, "verify --status worker-1.yaml /var/log/nodeaudit", "verify --key worker-1.pub /var/log/nodeaudit/audit.log*"),
		Args:    atLeastOneFile,
		RunE:    f.run,
	}
	c.Flags().StringVar(&f.key, "key", "", "file with the public keys of the node, in base64, one a line")
	c.Flags().StringVar(&f.status, "status", "", "file with the NodeAuditStatus of the node, in YAML or JSON")
	c.Flags().StringVarP(&f.output, "output", "o", "text", "text or json")
	return c
}

func (f *verifyFlags) run(c *cobra.Command, args []string) error {
	if err := oneOf(f.output, "text", "json"); err != nil {
		return err
	}
	known, err := f.known()
	if err != nil {
		return err
	}
	logs, err := gather(args)
	if err != nil {
		return err
	}
	logs = known.withMissing(logs, args)
	var reports []verified
	found := 0
	for _, l := range logs {
		report := l.verify(known.of(l.base))
		found += len(report.Findings)
		reports = append(reports, report)
	}
	if err := printVerified(c.OutOrStdout(), f.output, reports); err != nil {
		return err
	}
	if found > 0 {
		return fmt.Errorf("%d %s", found, map[bool]string{true: "finding", false: "findings"}[found == 1])
	}
	return nil
}

// signedLog is the files of one log, the oldest first.
type signedLog struct {
	base  string // the current file's name
	files []string
}

// gather puts together what belongs together.
func gather(args []string) ([]signedLog, error) {
	var names []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case err != nil:
			return nil, fmt.Errorf("reading a log: %w", err)
		case !info.IsDir():
			names = append(names, arg)
		default:
			inside, err := signedIn(arg)
			if err != nil {
				return nil, err
			}
			names = append(names, inside...)
		}
	}
	var logs []signedLog
	for _, name := range oldestFirst(names) {
		base := rotatedName.FindStringSubmatch(name)[1]
		at := slices.IndexFunc(logs, func(l signedLog) bool { return l.base == base })
		if at < 0 {
			at, logs = len(logs), append(logs, signedLog{base: base})
		}
		logs[at].files = append(logs[at].files, name)
	}
	return logs, nil
}

// signedIn are the files of a directory that may be logs: those whose names the agent gives.
func signedIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading logs: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if entry.Type().IsRegular() && isLogName(entry.Name()) {
			names = append(names, filepath.Join(dir, entry.Name()))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no log: a log's name ends in .log, .log.N or .log.N.gz", dir)
	}
	return names, nil
}

func isLogName(name string) bool {
	base := rotatedName.FindStringSubmatch(name)[1]
	return name[0] != '.' && filepath.Ext(base) == ".log"
}

// verify reads the files of the log.
func (l signedLog) verify(expected chain.Expected) verified {
	v := chain.NewVerifier(expected)
	holes := hole.NewLog()
	var failed error
	for _, name := range l.files {
		failed = errors.Join(failed, readSigned(v, holes, name))
	}
	report := verified{Log: l.base, Files: l.files, Report: v.End()}
	report.Holes = holes.Report()
	report.Findings = append(report.Findings, findingsOf(report.Holes)...)
	if failed != nil {
		report.Findings = append(report.Findings, chain.Finding{Message: failed.Error()})
	}
	return report
}

func readSigned(v *chain.Verifier, holes *hole.Log, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	holes.Begin(name)
	in, err := logfile.Unpacked(file)
	if err == nil {
		err = v.File(name, io.TeeReader(in, holes))
	}
	if err != nil {
		return fmt.Errorf("%s cannot be read to its end: %w", name, err)
	}
	return nil
}

func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(n, 10) + " " + many
}
