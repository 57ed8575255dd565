package sessions

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/netutil"

	"github.com/nodeaudit/nodeaudit/api/session"
)

const (
	// maxBody is how long a list may be. API servers send 400 events at once, of which few have a body.
	maxBody = 16 << 20
	// maxRequests are read at a time, and maxConnections open.
	maxRequests    = 2
	maxConnections = 64
)

// server takes what API servers send.
type server struct {
	options     Options
	credentials *keeper
	waiting     *pending
}

// NeedLeaderElection says that every replica answers.
func (*server) NeedLeaderElection() bool { return false }

// Start serves until ctx ends.
func (s *server) Start(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", ":"+strconv.Itoa(s.options.Port))
	if err != nil {
		return fmt.Errorf("listening for audit events: %w", err)
	}
	secured := tls.NewListener(netutil.LimitListener(listener, maxConnections), &tls.Config{
		GetCertificate: s.credentials.get, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"},
	})
	web := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 40 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if web.Shutdown(late) != nil {
			web.Close()
		}
	})
	defer stop()
	if err := web.Serve(secured); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving audit events: %w", err)
	}
	return nil
}

// handler answers. Who calls is looked at before anything of the body is.
func (s *server) handler() http.Handler {
	slots := make(chan struct{}, maxRequests)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path, func(w http.ResponseWriter, r *http.Request) {
		token, is := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !is || !s.credentials.knows(token) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			s.answer(w, http.StatusUnauthorized, "unauthorized")
			return
		}
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			s.later(w)
			return
		}
		s.take(w, r)
	})
	return mux
}

func (s *server) take(w http.ResponseWriter, r *http.Request) {
	now, full := s.options.Now(), false
	skipped, err := session.ReadList(http.MaxBytesReader(w, r.Body, maxBody), func(told *session.Session) {
		switch {
		case told.Refused: // which starts nothing
		case !told.Fits(now):
			s.options.Metrics.sessions.WithLabelValues("unfit").Inc()
			if !told.Over(now) {
				s.waiting.miss(earlier(told.Begin, now))
			}
		case !s.waiting.add(told):
			full = true
		}
	})
	var tooLong *http.MaxBytesError
	switch {
	case full: // what was taken already may come again
		s.later(w)
	case errors.As(err, &tooLong):
		s.answer(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the list has more than %d bytes: lower --audit-webhook-batch-max-size", maxBody))
	case err != nil:
		s.answer(w, http.StatusBadRequest, "it is no EventList of audit.k8s.io/v1")
	default:
		s.options.Metrics.skipped.Add(float64(skipped))
		s.answer(w, http.StatusOK, "")
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// later has the API server send the list again.
func (s *server) later(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	s.answer(w, http.StatusTooManyRequests, "too much at once")
}

func (s *server) answer(w http.ResponseWriter, code int, words string) {
	s.options.Metrics.requests.WithLabelValues(strconv.Itoa(code)).Inc()
	if code == http.StatusOK {
		w.WriteHeader(code)
		return
	}
	http.Error(w, words, code)
}
