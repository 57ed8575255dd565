// Package session says who, at the API server, asked for a process in a container: sessions of kubectl exec, attach and debug.
//
// Audit events of API servers (audit.k8s.io/v1) come in, sessions go out, and documents of them from the controller to the agents. It is pure, and keeps
// nothing of a request but what tells whose session it is and which process can have been started by it. Of a command it keeps the program's name and a
// digest: arguments may be secrets.
package session

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"path"
	"strings"
	"time"
)

// The ways in which a request has something run in a container, or speaks with what runs there.
const (
	// Exec starts a process in a container.
	Exec = "exec"
	// Debug adds a container to a running pod.
	Debug = "debug"
	// Attach speaks with what runs already.
	Attach = "attach"
)

// Session is what the stages of one request tell.
type Session struct {
	// AuditID is the request's name in the API server's audit log.
	AuditID string `json:"auditID"`
	// Via is Exec, Debug or Attach.
	Via string `json:"via"`
	// User is the user of the request. With ImpersonatedBy that user asked in the name of User.
	User           string `json:"user"`
	ImpersonatedBy string `json:"impersonatedBy,omitempty"`
	// Namespace and Pod are where.
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	// Containers are those that it is about. None is not known.
	Containers []string `json:"containers,omitempty"`
	// Comm is the name that the kernel gives to a process that runs the command, and Command a digest of the command. Both are empty where none was asked for.
	Comm    string `json:"comm,omitempty"`
	Command string `json:"command,omitempty"`
	// Typed says whether what somebody types is sent there.
	Typed bool `json:"typed,omitempty"`
	// Begin and End are the API server's times. End is zero while it is not known.
	Begin time.Time `json:"begin"`
	End   time.Time `json:"end,omitzero"`

	// Groups, SourceIPs and UserAgent are the request's. Documents do not have them.
	Groups    []string `json:"-"`
	SourceIPs []string `json:"-"`
	UserAgent string   `json:"-"`
	// Refused says that the API server or the kubelet refused it.
	Refused bool `json:"-"`
}

// Learn adds what another stage of the same request tells.
func (s *Session) Learn(stage *Session) {
	s.Refused = s.Refused || stage.Refused
	if s.End.IsZero() {
		s.End = stage.End
	}
	if len(s.Containers) == 0 {
		s.Containers = stage.Containers
	}
}

// Command stands for the program and the arguments of a command.
type Command [sha256.Size]byte

// CommandOf returns what stands for a command.
func CommandOf(args []string) Command {
	hash := sha256.New()
	for _, text := range args {
		_ = binary.Write(hash, binary.BigEndian, uint64(len(text))) // it never fails
		_, _ = hash.Write([]byte(text))
	}
	return Command(hash.Sum(nil))
}

// Ran says whether a process that ran this command ran what the session asked for.
func (s *Session) Ran(c Command) bool { return s.Command == c.In(s.AuditID) }

// In is what a session with this AuditID has of it: another text in each, so that nobody sees by it that two ran the same.
func (c Command) In(id string) string {
	sum := sha256.Sum256(append(c[:], id...))
	return hex.EncodeToString(sum[:16])
}

// commOf is the name that the kernel gives to a process that runs a program.
func commOf(program string) string {
	name := path.Base(program)
	return strings.ToValidUTF8(name[:min(len(name), 15)], "")
}
