//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

const (
	actorSpace = "e2e-actor"
	actorUser  = 64999 // of the pod's processes: rules that name it record nothing else of this machine
	alice      = "system:serviceaccount:" + actorSpace + ":alice"
	bob        = "bob"
	byBob      = "bob (admin)"
)

// Real: the API server with the webhook, the kubelet, the runtime, the kernel, and kubectl of two users. Alice has a token of her own; the administrator acts for Bob.
func TestWhoOpenedASessionIsNamedInTheEventsOfItsProcesses(t *testing.T) {
	apiServerTells(t)
	makeActorSpace(t)
	ready(t, create(t, "actor", fmt.Sprintf("-a always,exit -F arch=b64 -S execve -F uid=%d -k actor\n", actorUser)))
	shellPod(t)
	users := map[string][]string{alice: {"--kubeconfig", kubeconfigOf(t, "alice")}, bob: {"--as=" + bob}}
	search := searcher(t)
	session := func(t *testing.T, user string, words ...string) io.Writer {
		return kubectlSession(t, append(slices.Clone(users[user]), append([]string{"-n", actorSpace}, words...)...)...)
	}

	t.Run("a shell that one user alone has opened", func(t *testing.T) {
		shell := session(t, alice, "exec", "-i", "web", "--", "sh")
		await(t, written, is("", alice+" high exec"))
		fmt.Fprintln(shell, "uname -s")
		await(t, written, is("uname -s", alice+" high exec"))
		await(t, search("--actor", "*:alice"), is("sh", alice+" high exec")) // what was before the session was known
		await(t, search("--actor", "*:alice"), is("uname -s", alice+" high exec"))
		if lines, err := search("--actor", bob)(); err == nil || len(lines) > 0 {
			t.Errorf("Bob, who has done nothing yet, is found: %v, %v", lines, err)
		}
	})
	t.Run("two users who run different commands at the same time", func(t *testing.T) {
		hers := session(t, alice, "exec", "-i", "web", "--", "sh", "-c", "read go; uname -n")
		his := session(t, bob, "exec", "-i", "web", "--", "sh", "-c", "read go; uname -r")
		await(t, search("--actor", "*:alice"), is("sh -c read go; uname -n", alice+" high exec"))
		await(t, search("--actor", bob), is("sh -c read go; uname -r", byBob+" high exec"))
		fmt.Fprintln(hers)
		fmt.Fprintln(his)
		await(t, written, is("uname -n", alice+" high exec"))
		await(t, written, is("uname -r", byBob+" high exec"))
		lines, err := search("--actor", "*:alice")()
		if err != nil || slices.ContainsFunc(lines, func(l line) bool { return strings.HasSuffix(l.command(), "uname -r") }) {
			t.Errorf("what Bob did is taken for hers: %v, %v", lines, err)
		}
	})
	t.Run("two users who run the same command", func(t *testing.T) {
		session(t, alice, "exec", "-i", "web", "--", "sh", "-s")
		await(t, written, func(l line) bool { return l.command() == "sh -s" })
		his := session(t, bob, "exec", "-i", "web", "--", "sh", "-s")
		await(t, search("--actor", bob), is("sh -s", "low: "+byBob+" exec, "+alice+" exec"))
		fmt.Fprintln(his, "uname -v")
		await(t, written, is("uname -v", "low: "+byBob+" exec, "+alice+" exec"))
		lines, err := written()
		of := uint32(0) // the later shell's process, which is his
		for _, l := range lines {
			if l.command() == "sh -s" {
				of = l.PID
			}
		}
		if err != nil || slices.ContainsFunc(lines, func(l line) bool { return l.PID == of && l.Who.Actor.String() == alice+" high exec" }) {
			t.Errorf("his shell, process %d, was taken for hers before his session was known: %v", of, err)
		}
	})
	t.Run("a container that was added by kubectl debug", func(t *testing.T) {
		mounts := filepath.Join(t.TempDir(), "container.json")
		text, err := json.Marshal(corev1.Container{VolumeMounts: programs()})
		if err == nil {
			err = os.WriteFile(mounts, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		session(t, bob, "debug", "web", "--image=localhost/nodeaudit/demo:dev", "-c=added", "--custom="+mounts, "--", "sh", "-c", "while sleep 1; do uname -m; done")
		await(t, written, is("uname -m", byBob+" high debug"))
	})
	t.Run("a user who types to what runs already", func(t *testing.T) {
		typed := session(t, alice, "attach", "-i", "web")
		await(t, func() ([]line, error) {
			fmt.Fprintln(typed, "uname -o")
			return written()
		}, is("uname -o", alice+" low attach"))
	})
}
