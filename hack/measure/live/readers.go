package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// reader is a way to have events in a file.
type reader struct {
	name string
	// start writes what the reader needs into a directory of its own and returns its command, and the file that gets the events.
	start func(dir string) (command *exec.Cmd, log string, err error)
	// daemon says that it becomes the kernel's audit daemon; others read the multicast group.
	daemon bool
	// line says whether a line of the log is the event of an execution, or that of its records which stands for it.
	line func(line string) bool
}

func readers(o options) []reader {
	return []reader{
		{name: "nodeaudit agent", daemon: o.collect == "Unicast", line: markedRecord, start: func(dir string) (*exec.Cmd, string, error) {
			return startAgent(o, dir)
		}},
		{name: "auditd RAW", daemon: true, line: markedCall, start: startAuditd},
		{name: "auditd + laurel", daemon: true, line: marked, start: startLaurel},
		{name: "go-libaudit reader", daemon: true, line: marked, start: startLibaudit},
	}
}

func marked(line string) bool { return strings.Contains(line, tick) }

// markedRecord is for lines that have the records in JSON. A record that comes late is a line of its own, and no second event.
func markedRecord(line string) bool { return strings.Contains(line, `comm=\"`+tick) }

func markedCall(line string) bool {
	return strings.HasPrefix(line, "type=SYSCALL ") && strings.Contains(line, `comm="`+tick)
}

func startAgent(o options, dir string) (*exec.Cmd, string, error) {
	policy, sinks := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "sinks.yaml")
	err := write(policy, "apiVersion: nodeaudit.dev/v1alpha1\nkind: AuditPolicy\nmetadata: {name: live}\nspec:\n  collect: "+o.collect+"\n"+
		fmt.Sprintf("  kernel: {backlogLimit: %d}\n", backlog)+"  rules: |\n    "+strings.ReplaceAll(strings.TrimSpace(rules), "\n", "\n    ")+
		"\n  routes: [{name: all, sinks: [file]}]\n")
	if err == nil {
		err = write(sinks, "apiVersion: nodeaudit.dev/v1alpha1\nkind: AuditSink\nmetadata: {name: file}\nspec: "+
			"{type: file, file: {path: /var/log/nodeaudit/live.log, maxSize: 4Gi, compress: false}}\n")
	}
	c := exec.Command(o.agent, "--policy", policy, "--sinks", sinks, "--state-dir", dir+"/state", "--log-dir", dir+"/log",
		"--metrics-address", "", "--node", "live")
	return c, dir + "/log/live.log", err
}

func auditdConfig(dir, writeLogs string) error {
	for _, sub := range []string{"log", "plugins.d"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o750); err != nil {
			return err
		}
	}
	return write(filepath.Join(dir, "auditd.conf"), "local_events = yes\nwrite_logs = "+writeLogs+"\nlog_file = "+dir+"/log/audit.log\n"+
		"log_format = RAW\nflush = INCREMENTAL\nfreq = 50\nmax_log_file = 4096\nmax_log_file_action = IGNORE\nnum_logs = 2\npriority_boost = 4\n"+
		"space_left = 2\nspace_left_action = IGNORE\nadmin_space_left = 1\nadmin_space_left_action = IGNORE\ndisk_full_action = IGNORE\n"+
		"disk_error_action = IGNORE\nq_depth = 32768\noverflow_action = IGNORE\nplugin_dir = "+dir+"/plugins.d\n")
}

func startAuditd(dir string) (*exec.Cmd, string, error) {
	return exec.Command("auditd", "-n", "-s", "nochange", "-c", dir), dir + "/log/audit.log", auditdConfig(dir, "yes")
}

// startLaurel has auditd hand everything to laurel and write nothing itself.
func startLaurel(dir string) (*exec.Cmd, string, error) {
	if err := auditdConfig(dir, "no"); err != nil {
		return nil, "", err
	}
	laurel, err := exec.LookPath("laurel")
	if err != nil {
		return nil, "", err
	}
	config := filepath.Join(dir, "laurel.toml")
	err = write(config, "directory = \""+dir+"/laurel\"\nstatusreport-period = 0\n[auditlog]\nfile = \"audit.log\"\nsize = 4000000000\n"+
		"generations = 2\n[transform]\nexecve-argv = [ \"array\" ]\n[enrich]\npid = true\ncontainer = true\nscript = true\n")
	if err == nil {
		err = write(filepath.Join(dir, "plugins.d/laurel.conf"),
			"active = yes\ndirection = out\ntype = always\nformat = string\npath = "+laurel+"\nargs = --config "+config+"\n")
	}
	return exec.Command("auditd", "-n", "-s", "nochange", "-c", dir), dir + "/laurel/audit.log", err
}

func startLibaudit(dir string) (*exec.Cmd, string, error) {
	self, err := os.Executable()
	log := filepath.Join(dir, "events.json")
	return exec.Command(self, "read", log), log, err
}

func write(path, text string) error { return os.WriteFile(path, []byte(text), 0o640) }
