package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Bits of audit_status.mask and the size of the fields up to backlog, which every kernel answers: include/uapi/linux/audit.h.
const (
	maskEnabled      = 0x01
	maskFailure      = 0x02
	maskRateLimit    = 0x08
	maskBacklogLimit = 0x10
	statusSize       = 8 * 4
)

// Client is a connection to the kernel's audit system. It is safe for concurrent use; requests wait for each other. It is no audit daemon:
// it gets no records.
type Client struct {
	mu     sync.Mutex
	socket *socket
}

// Open connects to the audit system of the running kernel. Where there is none, or the process may not use it, the first request or Open
// itself returns an *UnsupportedError.
func Open() (*Client, error) {
	socket, err := dial()
	if err != nil {
		return nil, unsupported(err)
	}
	return &Client{socket: socket}, nil
}

// Close ends the connection. Rules and settings stay.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.socket.close()
}

// Status reads the kernel's status.
func (c *Client) Status() (Status, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status()
}

func (c *Client) status() (Status, error) {
	var status Status
	var short error
	err := c.socket.exchange(unix.AUDIT_GET, nil, func(kind uint16, data []byte) bool {
		if kind != unix.AUDIT_GET {
			return false
		}
		if len(data) < statusSize {
			short = fmt.Errorf("a status of %d bytes: %w", len(data), unix.EBADMSG)
			return true
		}
		status = parseStatus(data)
		return true
	})
	if err = errors.Join(err, short); err != nil {
		return Status{}, fmt.Errorf("reading the audit status: %w", unsupported(err))
	}
	return status, nil
}

func parseStatus(data []byte) Status {
	word := func(i int) uint32 { return binary.NativeEndian.Uint32(data[4*i:]) }
	return Status{
		Enabled: word(1), Failure: word(2), PID: word(3), RateLimit: word(4), BacklogLimit: word(5), Lost: word(6), Backlog: word(7),
	}
}

// Set sets what is given. The errors are ErrLocked, ErrNotPermitted and ErrUnsupported.
func (c *Client) Set(settings Settings) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, payload := range encodeSettings(settings) {
		if err := c.socket.request(unix.AUDIT_SET, payload); err != nil {
			return fmt.Errorf("changing audit settings: %w", c.explain(err))
		}
	}
	return nil
}

// encodeSettings returns one audit_status for everything but enabled, and one for enabled.
func encodeSettings(settings Settings) [][]byte {
	limits, enabled := make([]byte, statusSize), make([]byte, statusSize)
	put := func(status []byte, mask uint32, word int, value *uint32) {
		if value != nil {
			binary.NativeEndian.PutUint32(status, binary.NativeEndian.Uint32(status)|mask)
			binary.NativeEndian.PutUint32(status[4*word:], *value)
		}
	}
	put(limits, maskFailure, 2, settings.Failure)
	put(limits, maskRateLimit, 4, settings.RateLimit)
	put(limits, maskBacklogLimit, 5, settings.BacklogLimit)
	put(enabled, maskEnabled, 1, settings.Enabled)
	var payloads [][]byte
	for _, status := range [][]byte{limits, enabled} {
		if binary.NativeEndian.Uint32(status) != 0 {
			payloads = append(payloads, status)
		}
	}
	return payloads
}

// attempts bounds how often a listing is asked for that did not fit into the socket.
const attempts = 10

// List returns the rules in the kernel as it lists them: by filter list, and within a list in the order in which they are tried.
//
// A long listing does not fit into the socket's buffer, and the kernel waits for a reader for a tenth of a second only (sk_sndtimeo of
// audit_net_init in kernel/audit.c) before it drops the rest. On a node without a free processor that happens, so the listing is asked for again.
func (c *Client) List() ([]rule.Wire, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rules, err := c.list()
	for again := 1; errors.Is(err, unix.ENOBUFS) && again < attempts; again++ {
		rules, err = c.list()
	}
	if err != nil {
		return nil, fmt.Errorf("listing audit rules: %w", unsupported(err))
	}
	return rules, nil
}

func (c *Client) list() ([]rule.Wire, error) {
	var rules []rule.Wire
	err := c.socket.exchange(unix.AUDIT_LIST_RULES, nil, func(kind uint16, data []byte) bool {
		if kind == unix.AUDIT_LIST_RULES {
			rules = append(rules, rule.Wire(data))
		}
		return kind == unix.NLMSG_DONE
	})
	return rules, err
}

// Add adds a rule, as seen from the root directory of this process. Besides the errors of Set it returns ErrExists, ErrNotFound where the
// rule's path or the directory that it is in does not exist, and the kernel's errno where it does not take such a rule.
func (c *Client) Add(w rule.Wire) error { return c.Do(Change{Op: Add, Rule: w}) }

// Delete deletes a rule. Besides the errors of Set it returns ErrNotFound.
func (c *Client) Delete(w rule.Wire) error { return c.Do(Change{Op: Delete, Rule: w}) }

// Do makes one change, as seen from the root directory of this process. Its errors are those of Add and Delete.
func (c *Client) Do(change Change) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.change(change); err != nil {
		return fmt.Errorf("%s: %w", change.Op, c.explain(err))
	}
	return nil
}

// change returns the bare errno, which also crosses the pipe between Apply and its child.
func (c *Client) change(change Change) error {
	kind := uint16(unix.AUDIT_ADD_RULE)
	if change.Op == Delete {
		kind = unix.AUDIT_DEL_RULE
	}
	return c.socket.request(kind, []byte(change.Rule))
}

// explain turns an errno into an error of this package. EPERM has several causes, which the status tells apart.
func (c *Client) explain(err error) error {
	switch {
	case errors.Is(err, unix.EEXIST):
		return ErrExists
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		return ErrNotFound
	case !errors.Is(err, unix.EPERM):
		return unsupported(err)
	}
	status, failed := c.status()
	switch {
	case failed != nil:
		return failed
	case status.Enabled == Locked:
		return ErrLocked
	default:
		return ErrNotPermitted
	}
}
