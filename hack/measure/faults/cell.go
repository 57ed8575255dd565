package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// fault is what happens while events are sent.
type fault struct {
	name string
	// run does it to a cell whose receiver runs. It returns when all senders have ended.
	run func(*cell) error
	// receiver says that it is something that the receiver does, and power that it ends the node.
	receiver, power bool
	// fsync says that it is about a queue's fsync.
	fsync bool
}

// possible says whether it can happen to the destination.
func (f *fault) possible(r *row) bool {
	return (!f.receiver || !r.file) && (!f.power || !r.udp) && (!f.fsync || !r.file)
}

var faults = []fault{
	{name: "steady", run: (*cell).steady},
	{name: "receiver restarts", run: (*cell).restarts, receiver: true},
	{name: "receiver down", run: (*cell).down, receiver: true},
	{name: "agent kill -9", run: (*cell).kills},
	{name: "power cut, fsync: true", run: func(c *cell) error { return c.powerCut(true) }, power: true, fsync: true},
	{name: "power cut", run: func(c *cell) error { return c.powerCut(false) }, power: true},
}

// cell is one destination and one fault.
type cell struct {
	*options

	row   *row
	fault *fault
	dir   string

	receiver receiver
	senders  []*sender
	next     int
	disk     *disk
	notes    []string
}

func (c *cell) do() (result, error) {
	defer c.tidy()
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return result{}, err
	}
	err := put(c.dir, filepath.Join(secretName, "token"), []byte("b6c1d2e3"))
	if err == nil {
		c.receiver, err = c.row.make(c.dir)
	}
	if err == nil {
		err = c.start()
	}
	if err != nil {
		return result{}, fmt.Errorf("its receiver: %w", err)
	}
	err = c.fault.run(c)
	for _, s := range c.senders {
		s.kill()
	}
	r := judge(c.senders, c.settled())
	c.receiver.kill()
	r.notes = c.notes
	return r, err
}

// settled is what the receiver has when that does not grow any more: it may still be reading and writing.
func (c *cell) settled() []int {
	got := c.receiver.got()
	for same := 0; same < 5; same++ {
		time.Sleep(time.Second)
		now := c.receiver.got()
		if len(now) > len(got) {
			same = 0
		}
		got = now
	}
	return got
}

// begin starts a sender. Between numbers of two senders is a hole, for what one had taken and could not say.
func (c *cell) begin(fsync bool) (*sender, error) {
	spec := c.row.spec(c.receiver)
	spec.Queue = queue(fsync)
	spec.Retry = retry()
	s, err := sending(order{Spec: spec, Dir: filepath.Join(c.dir, "agent"), Secrets: c.dir, First: c.next, Rate: c.rate, Settle: c.settle})
	if err == nil {
		c.next += 1_000_000
		c.senders = append(c.senders, s)
	}
	return s, err
}

func (c *cell) steady() error {
	s, err := c.begin(false)
	if err != nil {
		return err
	}
	time.Sleep(c.options.steady)
	return s.finish()
}

// restarts kills the receiver three times, and starts it again after two seconds.
func (c *cell) restarts() error {
	s, err := c.begin(false)
	if err != nil {
		return err
	}
	for range 3 {
		time.Sleep(c.options.steady / 4)
		c.receiver.kill()
		time.Sleep(2 * time.Second)
		if err := c.start(); err != nil {
			return err
		}
	}
	time.Sleep(c.options.steady / 4)
	return s.finish()
}

// down takes the receiver away for long.
func (c *cell) down() error {
	s, err := c.begin(false)
	if err != nil {
		return err
	}
	time.Sleep(c.options.steady / 2)
	c.receiver.kill()
	time.Sleep(c.options.down)
	if err := c.start(); err != nil {
		return err
	}
	time.Sleep(c.options.steady / 2)
	return s.finish()
}

// kills ends the agent three times.
func (c *cell) kills() error {
	for range 3 {
		s, err := c.begin(false)
		if err != nil {
			return err
		}
		time.Sleep(c.options.steady/4 + time.Duration(len(c.senders))*37*time.Millisecond)
		s.kill()
	}
	s, err := c.begin(false)
	if err != nil {
		return err
	}
	time.Sleep(c.options.steady / 4)
	return s.finish()
}

// powerCut ends the node: what its disk has by then is what the next agent finds. The receiver is away meanwhile, so that there is something to lose.
func (c *cell) powerCut(fsync bool) error {
	disk, err := newDisk(filepath.Join(c.dir, "disk"), filepath.Join(c.dir, "agent"))
	if err != nil {
		return err
	}
	c.disk = disk
	s, err := c.begin(fsync)
	if err != nil {
		return err
	}
	time.Sleep(c.options.steady / 4)
	c.receiver.kill()
	time.Sleep(c.options.steady / 4)
	s.freeze()
	if err := disk.cut(s); err != nil {
		return err
	}
	if err := c.start(); err != nil {
		return err
	}
	if s, err = c.begin(fsync); err != nil {
		return err
	}
	time.Sleep(c.options.steady / 4)
	return s.finish()
}

func (c *cell) name() string { return cmp.Or(c.row.name, "?") + "/" + c.fault.name }

// start starts the receiver. A client may still be at its port for a moment.
func (c *cell) start() (err error) {
	for range 20 {
		if err = c.receiver.start(); err == nil {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	return err
}

// tidy unmounts, and removes what a receiver leaves elsewhere.
func (c *cell) tidy() {
	if c.disk != nil {
		c.disk.end()
	}
	if left, is := c.receiver.(interface{ tidy() }); is {
		left.tidy()
	}
}
