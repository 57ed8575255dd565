// Package cloudwatch sends events to a log stream of Amazon CloudWatch Logs.
//
// A batch of records comes in and goes out as calls of PutLogEvents, within the limits of that; the stream is made where it is missing. What the service refuses
// for its age is given up and counted, and nothing else with it.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
package cloudwatch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/aws"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
)

// Options are where to write.
type Options struct {
	// Group and Stream are the names of the log group, which must be there, and of the log stream.
	Group, Stream string
	// Endpoint is the service's address. Empty: Amazon's for the region.
	Endpoint string
	// AWS is how to speak with the service.
	AWS aws.Options
}

// New checks the options.
func New(options Options) (export.Destination, error) {
	options.AWS.Service = "logs"
	client, err := aws.New(options.AWS)
	if err != nil {
		return nil, err
	}
	if options.Endpoint == "" {
		options.Endpoint = "https://" + v1alpha1.AmazonHost("logs", options.AWS.Region)
	}
	base, err := url.Parse(options.Endpoint)
	if err != nil || base.Host == "" {
		return nil, errors.New("cloudwatch.endpoint is no URL: correct it")
	}
	if base.Path == "" {
		base.Path = "/"
	}
	return &stream{options: options, client: client, url: base.String()}, nil
}

type stream struct {
	options Options
	client  *aws.Client
	url     string
}

// Push is export.Destination.Push.
func (s *stream) Push(ctx context.Context, logs plog.Logs) error {
	records := export.Records(logs)
	var (
		refused []int
		why     error
	)
	for at := 0; at < len(records); {
		call, err := fit(records[at:])
		if err != nil {
			return export.TakenBut(at, refused, why, err)
		}
		places, reason, err := s.put(ctx, call)
		if err != nil {
			return export.TakenBut(at, refused, why, err)
		}
		for _, place := range places {
			refused, why = append(refused, at+place), reason
		}
		at += len(call)
	}
	return export.TakenBut(len(records), refused, why, nil)
}

// put writes what fits into one call. It returns the places of what the service has refused for its age.
func (s *stream) put(ctx context.Context, call []entry) (refused []int, why, err error) {
	body := map[string]any{"logGroupName": s.options.Group, "logStreamName": s.options.Stream, "logEvents": call}
	answer, err := s.call(ctx, "PutLogEvents", body)
	if code(err) == "ResourceNotFoundException" && strings.Contains(err.Error(), "log stream") {
		if err := s.create(ctx); err != nil {
			return nil, nil, err
		}
		answer, err = s.call(ctx, "PutLogEvents", body)
	}
	switch {
	case code(err) == "DataAlreadyAcceptedException":
		return nil, nil, nil
	case code(err) == "InvalidParameterException":
		return nil, nil, export.Refuse(err)
	case err != nil:
		return nil, nil, err
	}
	refused, why = old(answer, call)
	return refused, why, nil
}

func (s *stream) create(ctx context.Context) error {
	_, err := s.call(ctx, "CreateLogStream", map[string]any{"logGroupName": s.options.Group, "logStreamName": s.options.Stream})
	if code(err) == "ResourceAlreadyExistsException" {
		return nil
	}
	return err
}

func (s *stream) call(ctx context.Context, action string, question any) ([]byte, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(question); err != nil {
		return nil, export.Refuse(fmt.Errorf("encoding for CloudWatch: %w", err))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body.Bytes()))
	if err != nil {
		return nil, errors.New("cloudwatch.endpoint is no URL: correct it")
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "Logs_20140328."+action)
	answer, err := s.client.Send(ctx, request, body.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s for log group %s: %w%s", action, s.options.Group, web.Wait(err), advice[code(err)])
	}
	return answer, nil
}

// advice is for what a person can mend.
var advice = map[string]string{
	"ResourceNotFoundException":    ": make the log group, or correct cloudwatch.logGroup and region",
	"AccessDeniedException":        ": allow logs:CreateLogStream and logs:PutLogEvents on the log group",
	"UnrecognizedClientException":  adviceKeys,
	"InvalidSignatureException":    adviceKeys,
	"ExpiredTokenException":        adviceKeys,
	"IncompleteSignatureException": adviceKeys,
}

const adviceKeys = ": see whether the keys of cloudwatch.auth are right, and the clock of the node"

// code is the service's word for what is wrong, empty where it is not the service that says so.
func code(err error) string {
	var (
		status *web.StatusError
		answer struct {
			Type string `json:"__type"`
		}
	)
	if !errors.As(err, &status) || json.Unmarshal(status.Answer, &answer) != nil {
		return ""
	}
	_, after, found := strings.Cut(answer.Type, "#")
	if !found {
		after = answer.Type
	}
	return after
}

// Close is export.Destination.Close.
func (s *stream) Close() error { return s.client.Close() }
