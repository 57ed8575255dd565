package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ticks is USER_HZ: the times of /proc/PID/stat count so many a second.
const ticks = 100

// family is the reader and its children.
func (p *process) family() []int {
	pid := p.command.Process.Pid
	all := []int{pid}
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for field := range strings.FieldsSeq(string(text)) {
		if child, err := strconv.Atoi(field); err == nil {
			all = append(all, child)
		}
	}
	return all
}

// cpu is the time that the reader and its children have used, in seconds.
func (p *process) cpu() float64 {
	sum := 0.0
	for _, pid := range p.family() {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		for _, i := range []int{11, 12} {
			n, _ := strconv.ParseFloat(string(fields[i]), 64)
			sum += n / ticks
		}
	}
	return sum
}

// rss is the resident memory of both at its highest, in KiB.
func (p *process) rss() int {
	sum := 0
	for _, pid := range p.family() {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		for line := range strings.Lines(string(text)) {
			if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
				n, _ := strconv.Atoi(strings.Fields(rest)[0])
				sum += n
			}
		}
	}
	return sum
}
