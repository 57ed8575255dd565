package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/nodeaudit/nodeaudit/nodeagent/apiaudit"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/form"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
)

// logDirectory is where the agent keeps its files.
const logDirectory = "/var/log/nodeaudit"

const searchLong = `Search the events of audit logs, with the options of ausearch(8) and by pod (docs/search.md). Each option must hold.

Read are the files that "nodeaudit decode" reads; of a directory those with names as audit.log and audit.log.1.gz. Without a file it is
/var/log/nodeaudit, for - standard input. Beside packed files of the agent there is an index; what it rules out is not read.

Times are recent (10 minutes ago), today, yesterday, this-week, week-ago, this-month, this-year, boot, now; 15:04 or 15:04:05; 01/02/2006, also with
a time behind it; 2006-01-02, 2006-01-02T15:04:05, also with Z or +02:00. Without one they are of this machine's time zone.

The exit status is 1 when nothing is found.`

// errNothing is the end of a search that found nothing.
var errNothing = errors.New("no event matches")

type searchFlags struct {
	filter                       filterFlags
	root, output                 string
	input, apiAudit              []string
	actor                        string
	interpret, count, raw, first bool
	noIndex                      bool
	join                         *apiaudit.Joiner
	told                         *apiaudit.Told
}

func searchCommand(name string) *cobra.Command {
	var f searchFlags
	c := &cobra.Command{
		Use:   "search [FILE|DIRECTORY…]",
		Short: "Search the events of audit logs, with the options of ausearch",
		Long:  searchLong,
		Example: examples(name, "search -k passwd_changes -ts today", "search -m USER_LOGIN -sv no -o text /var/log/audit/audit.log*",
			"search --namespace shop --pod 'cart-*' -sc execve -ts recent", "search -ua 1000 -x /usr/bin/curl --count"),
		DisableFlagParsing: true, // -ua and the like are no options of one letter; arguments looks at them first
		RunE:               f.parse,
	}
	flags := c.Flags()
	f.filter.add(flags)
	flags.StringArrayVar(&f.input, "input", nil, "(-if) file or directory, as an argument")
	flags.StringArrayVar(&f.apiAudit, "api-audit", nil, "audit log of an API server, packed or not: who had processes started by kubectl exec and debug is joined in as who.actor (may be repeated)")
	flags.StringVar(&f.actor, "actor", "", "user at the API server who had it started by kubectl exec or debug, or may have, as the events say or --api-audit; * and ? stand for others")
	flags.BoolVarP(&f.interpret, "interpret", "i", false, "names of this machine for users and groups that the log does not name; all else is in words anyway")
	flags.StringVar(&f.root, "root", "", "as -i, with the names of the host with this root directory")
	flags.StringVarP(&f.output, "output", "o", "json", formHelp())
	flags.BoolVarP(&f.raw, "raw", "r", false, "as -o raw")
	flags.BoolVar(&f.count, "count", false, "print only how many events match")
	flags.BoolVar(&f.first, "just-one", false, "end with the first event")
	flags.BoolVar(&f.noIndex, "no-index", false, "read the files whole")
	return c
}

// parse reads the command line and searches.
func (f *searchFlags) parse(c *cobra.Command, args []string) error {
	args, err := arguments(c.Flags(), args)
	if err != nil {
		return err
	}
	if err := c.Flags().Parse(args); err != nil {
		return err
	}
	if asked, _ := c.Flags().GetBool("help"); asked {
		return c.Help()
	}
	f.input = append(f.input, c.Flags().Args()...)
	return f.run(c)
}

func (f *searchFlags) run(c *cobra.Command) error {
	if f.raw {
		f.output = "raw"
	}
	write, err := formOf(f.output)
	if err != nil {
		return err
	}
	s, err := newSearch(c, f, write)
	if err != nil {
		return err
	}
	if len(f.input) == 0 {
		f.input = []string{logDirectory}
	}
	debug.SetGCPercent(gcPercent)
	if f.actor != "" {
		f.toldActors(write)
	}
	if err := s.all(f.input, c.InOrStdin()); err != nil {
		return err
	}
	if f.count {
		s.road.lines = append(strconv.AppendInt(s.road.lines, s.found, 10), '\n')
	}
	if s.road.flush(); s.road.err != nil && !errors.Is(s.road.err, errEnough) {
		return fmt.Errorf("printing events: %w", s.road.err)
	}
	if s.found == 0 {
		return errNothing
	}
	return nil
}

// newSearch puts a search together.
func newSearch(c *cobra.Command, f *searchFlags, write form.Form) (*search, error) {
	wanted, err := f.filter.compile(time.Now())
	if err != nil {
		return nil, err
	}
	if err := f.actors(wanted, c.ErrOrStderr()); err != nil {
		return nil, err
	}
	s := &search{road: newDecoding(c.OutOrStdout(), c.ErrOrStderr(), write), filter: wanted, words: c.ErrOrStderr(), noIndex: f.noIndex}
	s.road.words.lines = inFull // lines that are no records are not what somebody searches for
	if f.interpret && f.root == "" {
		f.root = "/"
	}
	if f.root != "" {
		if err := isRoot(f.root); err != nil {
			return nil, err
		}
		s.road.decoder.Names = host.NewNames(f.root)
	}
	s.road.keep = func(e *event.Event) bool {
		if f.told != nil {
			f.told.Join(e)
		}
		if f.join != nil {
			f.join.Join(e)
		}
		if !wanted.matches(e) || f.first && s.found > 0 {
			return false
		}
		s.found++
		if f.first {
			s.enough = true
		}
		return !f.count
	}
	return s, nil
}
