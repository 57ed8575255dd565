package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

const (
	// mostAnswer is how much of an answer is read. The answers to _bulk are the longest.
	mostAnswer = 16 << 20
	// mostTold is how much of an answer people are told.
	mostTold = 300
	// idle is how long a connection is kept without use. It is shorter than what servers and load balancers allow.
	idle = 50 * time.Second
)

// Options are how to speak with a server.
type Options struct {
	// TLS is how to verify it.
	TLS dial.TLS
	// Header goes with each request.
	Header http.Header
	// Username and Password are sent as basic authentication where Username is not empty.
	Username, Password string
	// Compress packs bodies with gzip.
	Compress bool
	// Dial makes connections, and then none goes through a proxy, which would make others. Nil: any may be made.
	Dial dial.Func
}

// Client posts. It is safe for concurrent use.
type Client struct {
	options Options
	http    *http.Client
}

// New checks the options.
func New(options Options) (*Client, error) {
	config, err := options.TLS.Config()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: idle,
		DisableCompression: true,
	}
	if options.Dial != nil {
		transport.Proxy, transport.DialContext = nil, options.Dial
	}
	// A redirect is not followed: credentials would go where nobody has said that they may.
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{options: options, http: &http.Client{Transport: transport, CheckRedirect: refuse}}, nil
}

// HTTP is the client for libraries that bring their own requests.
func (c *Client) HTTP() *http.Client { return c.http }

// Post sends the body and returns the answer of a server that says 2xx. Any other status is a *StatusError.
func (c *Client) Post(ctx context.Context, url, contentType string, body []byte) ([]byte, error) {
	header := http.Header{}
	if c.options.Compress {
		var packed bytes.Buffer
		writer := gzip.NewWriter(&packed)
		_, _ = writer.Write(body) // a buffer takes everything
		_ = writer.Close()
		body = packed.Bytes()
		header.Set("Content-Encoding", "gzip")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address is no URL: correct it") // the error would name it, and it may be secret
	}
	maps.Copy(header, c.options.Header)
	request.Header = header
	request.Header.Set("User-Agent", "nodeaudit")
	if request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", contentType)
	}
	if c.options.Username != "" {
		request.SetBasicAuth(c.options.Username, c.options.Password)
	}
	return c.Do(request)
}

// Do sends a request that is complete but for the client's own header fields, and returns the answer of a server that says 2xx. Any other status is a
// *StatusError.
func (c *Client) Do(request *http.Request) ([]byte, error) {
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("sending to %s: %w", request.URL.Host, unwrapURL(err))
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if response.StatusCode/100 == 2 && err == nil {
		dial.Answered(request.Context(), response.Status+" "+string(answer[:min(len(answer), mostTold)]))
		return answer, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", request.URL.Host, err)
	}
	return nil, &StatusError{Host: request.URL.Host, Code: response.StatusCode, Answer: answer, After: retryAfter(response.Header.Get("Retry-After"), time.Now())}
}

// unwrapURL leaves out the whole address, which net/http puts before its errors.
func unwrapURL(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// Close closes the connections that are not in use.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// StatusError is an answer that is not 2xx.
type StatusError struct {
	// Host is who said it.
	Host string
	// Code is the status.
	Code int
	// Answer is the body.
	Answer []byte
	// After is how long the server asks to be left alone.
	After time.Duration
}

// Error says the status, and the beginning of the answer.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s answers %d %s", e.Host, e.Code, http.StatusText(e.Code))
	if told := strings.Join(strings.Fields(strings.ToValidUTF8(string(e.Answer[:min(len(e.Answer), mostTold)]), "")), " "); told != "" {
		text += ": " + told
	}
	switch e.Code {
	case http.StatusUnauthorized, http.StatusForbidden:
		text += ": see whether the credentials of the sink are right, and allowed to write there"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		text += ": see whether the address is right"
	}
	return text
}

// Judge says whose fault the error is, for servers that mean the body by 400, 413 and 422. What is not the records' fault is tried again: a person
// can mend credentials and addresses, and nothing is lost meanwhile.
func Judge(err error) error {
	var status *StatusError
	if !errors.As(err, &status) {
		return err
	}
	switch status.Code {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return export.Refuse(err)
	default:
		return Wait(err)
	}
}

// Wait keeps to the server's Retry-After.
func Wait(err error) error {
	var status *StatusError
	if errors.As(err, &status) && status.After > 0 {
		return export.Throttle(err, status.After)
	}
	return err
}

// retryAfter reads seconds or a date. It believes at most an hour.
func retryAfter(text string, now time.Time) time.Duration {
	after := time.Duration(0)
	if seconds, err := strconv.Atoi(text); err == nil {
		after = time.Duration(min(seconds, 3600)) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		after = at.Sub(now)
	}
	return min(max(after, 0), time.Hour)
}
