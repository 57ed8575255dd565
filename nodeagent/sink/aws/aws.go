// Package aws sends requests to Amazon's services, and to those that are compatible with them.
//
// Requests come in and go out signed, with the keys of a user or with what the surroundings give: a role of the service account, of the pod or of the
// machine. Signature and credentials are those of Amazon's SDK. Its clients are left out: each sink knows one request, and S3's and CloudWatch's clients
// would add more to the agent than the rest of the sink.
package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
)

// Options are how to speak with a service.
type Options struct {
	// Service is its name in signatures: s3, logs.
	Service string
	// Region is where it is.
	Region string
	// KeyID and Key are the keys of a user. Empty: what the surroundings give.
	KeyID, Key string
	// OwnKeys refuses to take what the surroundings give, which is the node's.
	OwnKeys bool
	// Web is how to speak with the service.
	Web web.Options
	// Identity is how to verify what gives credentials.
	Identity dial.TLS
}

// idle is how long a connection to what gives credentials is kept: they last for an hour.
const idle = time.Second

// Client sends signed requests. It is safe for concurrent use.
type Client struct {
	options  Options
	client   *web.Client
	identity *awshttp.BuildableClient
	provider aws.CredentialsProvider
	signer   *v4.Signer
}

// New checks the options. It asks nobody for credentials yet.
func New(options Options) (*Client, error) {
	if options.OwnKeys && (options.KeyID == "" || options.Key == "") {
		return nil, errors.New("a tenant logs in with keys of its own, and not with the node's rights: give the sink auth, whose Secret has both keys")
	}
	client, err := web.New(options.Web)
	if err != nil {
		return nil, err
	}
	trust, err := options.Identity.Config()
	if err != nil {
		return nil, err
	}
	c := &Client{options: options, client: client}
	c.identity = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.TLSClientConfig, t.IdleConnTimeout = trust, idle
	})
	c.signer = v4.NewSigner(func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = options.Service == "s3" // S3 signs the path as it travels
	})
	if options.KeyID != "" {
		c.provider = credentials.NewStaticCredentialsProvider(options.KeyID, options.Key, "")
	}
	return c, nil
}

// Send signs the request for the body, which is its own, and returns the answer of a service that says 2xx.
func (c *Client) Send(ctx context.Context, request *http.Request, body []byte) ([]byte, error) {
	keys, err := c.credentials(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	digest := hex.EncodeToString(sum[:])
	request.Header.Set("X-Amz-Content-Sha256", digest)
	request.Header.Set("User-Agent", "nodeaudit")
	if err := c.signer.SignHTTP(ctx, keys, request, digest, c.options.Service, c.options.Region, time.Now()); err != nil {
		return nil, fmt.Errorf("signing a request to %s: %w", request.URL.Host, err)
	}
	answer, err := c.client.Do(request)
	return answer, hide(err, keys)
}

// credentials keep themselves until they end: the provider is the SDK's cache.
func (c *Client) credentials(ctx context.Context) (aws.Credentials, error) {
	if c.provider == nil {
		loaded, err := config.LoadDefaultConfig(ctx, config.WithRegion(c.options.Region), config.WithHTTPClient(c.identity), config.WithRetryMaxAttempts(1))
		if err != nil {
			return aws.Credentials{}, fmt.Errorf("reading what the surroundings say of credentials: %w", err)
		}
		c.provider = loaded.Credentials
	}
	keys, err := c.provider.Retrieve(ctx)
	if err != nil {
		return keys, fmt.Errorf("asking for credentials: %w: give the sink keys with auth, or the service account of the agents or the machine a role", brief(err))
	}
	return keys, nil
}

// brief is the SDK's innermost word, which it wraps into several of its own.
func brief(err error) error {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err
}

// hide takes session tokens and keys out of what a service repeats. They change too often for anybody else to know them.
func hide(err error, keys aws.Credentials) error {
	var status *web.StatusError
	if !errors.As(err, &status) {
		return err
	}
	text := string(status.Answer)
	for _, secret := range []string{keys.SessionToken, keys.SecretAccessKey} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	status.Answer = []byte(text)
	return err
}

// Close closes the connections that are not in use.
func (c *Client) Close() error { return c.client.Close() }
