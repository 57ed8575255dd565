// Package googlecloud sends events to Google Cloud Logging.
//
// A batch of records comes in and goes out as calls of entries.write over REST. Each entry has an id made of node, time and number: what is sent twice is shown
// once. The token is golang.org/x/oauth2's. Google's own logging client is left out: it has a queue of its own, in memory, where the agent has one on disk.
// https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/write
package googlecloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"golang.org/x/oauth2/jwt"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
)

// scope is the right to write logs, and nothing else.
const scope = "https://www.googleapis.com/auth/logging.write"

// Options are where to write.
type Options struct {
	// Project and Log are the names of the project and of the log.
	Project, Log string
	// Location and Cluster are labels of the resource that an entry speaks of.
	Location, Cluster string
	// Endpoint is the service's address. Empty: Google's.
	Endpoint string
	// Credentials is the JSON file of a service account. Empty: what the surroundings give.
	Credentials []byte
	// Web is how to speak with the service, Identity how to speak with what gives tokens.
	Web, Identity web.Options
}

// New checks the options. It asks nobody for a token yet.
func New(options Options) (export.Destination, error) {
	if options.Endpoint == "" {
		options.Endpoint = "https://logging.googleapis.com"
	}
	base, err := url.Parse(options.Endpoint)
	if err != nil || base.Host == "" {
		return nil, errors.New("googleCloud.endpoint is no URL: correct it")
	}
	client, err := web.New(options.Web)
	if err != nil {
		return nil, err
	}
	identity, err := web.New(options.Identity)
	if err != nil {
		return nil, err
	}
	l := &log{options: options, client: client, identity: identity, url: base.JoinPath("v2/entries:write").String()}
	if len(options.Credentials) > 0 {
		if l.account, err = google.JWTConfigFromJSON(options.Credentials, scope); err != nil { // the error could quote it
			return nil, errors.New("googleCloud.credentialsSecretRef is no JSON file of a service account: give the file that Google's console makes")
		}
	}
	return l, nil
}

type log struct {
	options          Options
	client, identity *web.Client
	url              string
	account          *jwt.Config        // nil: what the surroundings give
	tokens           oauth2.TokenSource // nil before the first push, and after a token was not taken
}

// patience is how long a token may take. The library does not ask for a context each time.
const patience = 5 * time.Second

// surroundings are what tokens are fetched with. They outlive a push.
func (l *log) surroundings() context.Context {
	client := *l.identity.HTTP()
	client.Timeout = patience
	return context.WithValue(context.Background(), oauth2.HTTPClient, &client)
}

// Push is export.Destination.Push.
func (l *log) Push(ctx context.Context, logs plog.Logs) error {
	token, err := l.token()
	if err != nil {
		return err
	}
	body, err := l.body(export.Records(logs))
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("googleCloud.endpoint is no URL: correct it")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "nodeaudit")
	request.Header.Set("Authorization", "Bearer "+token)
	if _, err = l.client.Do(request); err != nil {
		var status *web.StatusError
		if errors.As(err, &status) && status.Code == http.StatusUnauthorized {
			l.tokens = nil // the next push asks for another one
		}
		return fmt.Errorf("writing to log %s of project %s: %w", l.options.Log, l.options.Project, judge(err, token, logs.LogRecordCount()))
	}
	return nil
}

func (l *log) token() (string, error) {
	switch {
	case l.tokens != nil:
	case l.account != nil:
		l.tokens = l.account.TokenSource(l.surroundings())
	default:
		found, err := google.FindDefaultCredentials(l.surroundings(), scope)
		if err != nil {
			return "", fmt.Errorf("the surroundings give no identity: give a service account as googleCloud.credentialsSecretRef: %w", err)
		}
		l.tokens = found.TokenSource
	}
	token, err := l.tokens.Token()
	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) && answer.Response != nil {
		return "", fmt.Errorf("asking for a token: %s answers %s %s: see whether the service account is there, and its key not revoked",
			answer.Response.Request.URL.Host, answer.Response.Status, answer.ErrorCode)
	}
	if err != nil {
		return "", fmt.Errorf("asking for a token: %w", err)
	}
	return token.AccessToken, nil
}

// judge knows that entries that are valid were written where others are not, and which those are.
func judge(err error, token string, count int) error {
	var status *web.StatusError
	if !errors.As(err, &status) {
		return err
	}
	answer := status.Answer
	status.Answer = []byte(strings.ReplaceAll(string(answer), token, "[secret]"))
	var reply struct {
		Error struct {
			Message string `json:"message"`
			Details []struct {
				Entries map[string]struct {
					Code    int    `json:"code"`
					Message string `json:"message"`
				} `json:"logEntryErrors"`
			} `json:"details"`
		} `json:"error"`
	}
	if json.Unmarshal(answer, &reply) == nil && reply.Error.Message != "" {
		status.Answer = []byte(strings.ReplaceAll(reply.Error.Message, token, "[secret]"))
	}
	const invalidArgument = 3
	var places []int
	var why error
	for _, detail := range reply.Error.Details {
		for place, each := range detail.Entries {
			at, err := strconv.Atoi(place)
			if err != nil || at < 0 || at >= count || each.Code != invalidArgument {
				return web.Wait(status) // rights or quotas: they are not the entry's fault
			}
			places, why = append(places, at), fmt.Errorf("the service refuses an entry: %s", each.Message)
		}
	}
	switch {
	case len(places) > 0:
		return export.TakenBut(count, places, why, nil)
	case status.Code == http.StatusBadRequest, status.Code == http.StatusRequestEntityTooLarge:
		return export.Refuse(err)
	default:
		return web.Wait(err)
	}
}

// Close is export.Destination.Close.
func (l *log) Close() error { return errors.Join(l.client.Close(), l.identity.Close()) }
