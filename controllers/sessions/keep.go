package sessions

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/controllers/admit/certificate"
)

const (
	// tokenKey begins the keys of the Secret that hold tokens. There may be several, so that one can be replaced while the other is in use.
	tokenKey = "token"
	// leastToken is how long a token must be: nobody shall guess one that somebody has made up.
	leastToken = 32
	// lookEvery is how often the Secret is read.
	lookEvery = 15 * time.Second
	// early is how long before its end a certificate is replaced by one of an authority that API servers may not know. Nobody can tell when they know it.
	early = 24 * time.Hour
)

// keeper keeps the certificate and the token in the Secret, and holds what it found there.
type keeper struct {
	client  client.Client
	options Options
	elected <-chan struct{}
	current atomic.Pointer[held]
}

// held is what this replica serves with.
type held struct {
	certificate *tls.Certificate
	tokens      [][sha256.Size]byte
}

// NeedLeaderElection says that every replica answers.
func (*keeper) NeedLeaderElection() bool { return false }

// Start looks at the Secret until ctx ends.
func (k *keeper) Start(ctx context.Context) error {
	elected := k.elected
	for {
		wait := lookEvery
		if err := k.look(ctx); apierrors.IsConflict(err) {
			wait = time.Second
		} else if err != nil && ctx.Err() == nil {
			k.options.Log.Warn("going on with the earlier certificate and token of the audit endpoint", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-elected: // who has just installed the chart waits for the token
			elected = nil
		case <-time.After(wait):
		}
	}
}

func (k *keeper) look(ctx context.Context) error {
	secret := &corev1.Secret{}
	if err := k.client.Get(ctx, client.ObjectKey{Namespace: k.options.Namespace, Name: Name}, secret); err != nil {
		return fmt.Errorf("reading the Secret of the audit endpoint, which comes with the chart: %w", err)
	}
	select {
	case <-k.elected:
		if err := k.renew(ctx, secret); err != nil {
			return err
		}
	default: // the leader does
	}
	return k.take(secret.Data)
}

// renew brings the Secret up to date.
func (k *keeper) renew(ctx context.Context, secret *corev1.Secret) error {
	kept := maps.Clone(secret.Data)
	maps.DeleteFunc(kept, func(key string, _ []byte) bool { return strings.HasPrefix(key, tokenKey) })
	now := k.options.Now()
	var published []byte
	if serving, _ := certificate.Expiry(kept); now.After(serving.Add(-early)) {
		published = kept[certificate.AuthorityKey]
	}
	data, err := certificate.Renew(kept, []string{fmt.Sprintf("%s.%s.svc", Name, k.options.Namespace)}, published, now)
	if err != nil {
		return fmt.Errorf("renewing the certificate of the audit endpoint: %w", err)
	}
	data = maps.Clone(data)
	for key, value := range secret.Data {
		if strings.HasPrefix(key, tokenKey) {
			data[key] = value
		}
	}
	if len(tokens(data)) == 0 {
		data[tokenKey] = []byte(rand.Text() + rand.Text())
	}
	if maps.EqualFunc(secret.Data, data, bytes.Equal) {
		return nil
	}
	authority := !bytes.Equal(secret.Data[certificate.AuthorityKey], data[certificate.AuthorityKey])
	changed := secret.DeepCopy()
	changed.Data = data
	if err := k.client.Patch(ctx, changed, client.MergeFromWithOptions(secret, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("writing the certificate of the audit endpoint: %w", err)
	}
	serving, _ := certificate.Expiry(data)
	k.options.Log.Info("renewed the certificate of the audit endpoint", "secret", Name, "servingUntil", serving)
	if authority {
		k.options.Log.Warn("API servers must learn of an authority: give them ca.crt of the Secret before servingUntil", "secret", Name, "servingUntil", serving)
	}
	secret.Data = data
	return nil
}

// take has the replica serve with what is in the Secret.
func (k *keeper) take(data map[string][]byte) error {
	serving, err := certificate.Serving(data)
	if errors.Is(err, certificate.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	k.current.Store(&held{certificate: serving, tokens: tokens(data)})
	k.options.Metrics.show(data)
	return nil
}

func tokens(data map[string][]byte) [][sha256.Size]byte {
	var list [][sha256.Size]byte
	for _, key := range slices.Sorted(maps.Keys(data)) {
		if token := bytes.TrimSpace(data[key]); strings.HasPrefix(key, tokenKey) && len(token) >= leastToken {
			list = append(list, sha256.Sum256(token))
		}
	}
	return list
}

// get is called for every connection.
func (k *keeper) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if now := k.current.Load(); now != nil {
		return now.certificate, nil
	}
	return nil, fmt.Errorf("%w: the leader makes it in Secret %s", certificate.ErrNone, Name)
}

// knows says whether a token is one of the Secret's. It takes as long whatever the token is.
func (k *keeper) knows(token string) bool {
	now := k.current.Load()
	if now == nil {
		return false
	}
	sum, found := sha256.Sum256([]byte(token)), 0
	for _, known := range now.tokens {
		found |= subtle.ConstantTimeCompare(sum[:], known[:])
	}
	return found == 1
}
