package kafka_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial/dialtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/kafka"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cluster starts franz-go's brokers in this process, which speak the real protocol and keep the rules of idempotent writes. No Kafka was at hand.
func cluster(t *testing.T, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{
		kfake.NumBrokers(1), kfake.SeedTopics(1, "audit"), kfake.BrokerConfigs(map[string]string{"message.max.bytes": "8388608"}),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// consume reads the topic to its end.
func consume(t *testing.T, brokers []string, options ...kgo.Opt) []*kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers...), kgo.ConsumeTopics("audit"), kgo.FetchMaxWait(10 * time.Millisecond)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var records []*kgo.Record
	for int64(len(records)) < end(t, client) {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

// end is how many records the topic has.
func end(t *testing.T, client *kgo.Client) int64 {
	t.Helper()
	topic := kmsg.NewListOffsetsRequestTopic()
	topic.Topic = "audit"
	partition := kmsg.NewListOffsetsRequestTopicPartition()
	partition.Timestamp = -1
	topic.Partitions = append(topic.Partitions, partition)
	request := kmsg.NewPtrListOffsetsRequest()
	request.Topics = append(request.Topics, topic)
	response, err := request.RequestWith(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	return response.Topics[0].Partitions[0].Offset
}

func lines(records []*kgo.Record) []byte {
	var all bytes.Buffer
	for _, record := range records {
		all.Write(record.Value)
		all.WriteByte('\n')
	}
	return all.Bytes()
}

func open(options kafka.Options) exporttest.Open {
	options.Topic = "audit"
	return func(context.Context) (export.Destination, error) { return kafka.New(options) }
}

func closing(t *testing.T, s *export.Sink) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestContract(t *testing.T) {
	for _, compression := range []string{"", "none", "gzip", "snappy", "lz4"} {
		t.Run("compression "+compression, func(t *testing.T) {
			exporttest.Contract(t, func(t *testing.T) (exporttest.Open, func() []byte) {
				brokers := cluster(t).ListenAddrs()
				return open(kafka.Options{Brokers: brokers, Compression: compression}), func() []byte { return lines(consume(t, brokers)) }
			})
		})
	}
}

func TestAMessageHasItsKeyItsTimeAndItsHeaders(t *testing.T) {
	outside := sinktest.Events(1)[0]
	outside.Who = event.Who{}
	for name, test := range map[string]struct {
		key  kafka.Key
		want []string
	}{
		"the node": {kafka.Node, []string{"node-1", "node-1"}}, "the namespace, where there is one": {kafka.Namespace, []string{"shop", "node-1"}}, "none": {kafka.NoKey, []string{"", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			brokers := cluster(t).ListenAddrs()
			s := exporttest.New(t, open(kafka.Options{Brokers: brokers, Key: test.key}))
			exporttest.Write(t, s, []*event.Event{sinktest.Events(1)[0], outside})
			exporttest.Delivered(t, s)
			closing(t, s)
			got := consume(t, brokers)
			if len(got) != 2 || string(got[0].Key) != test.want[0] || string(got[1].Key) != test.want[1] || got[0].Timestamp.UnixMilli() != 1_700_000_000_000 {
				t.Fatalf("%d messages, %+v", len(got), got)
			}
			headers := map[string]string{}
			for _, header := range got[0].Headers {
				headers[header.Key] = string(header.Value)
			}
			want := map[string]string{
				"node": "node-1", "type": "SYSCALL", "keys": "exec", "result": "success", "serial": "0", "namespace": "shop", "pod": "cart-0", "container": "cart",
			}
			if diff := cmp.Diff(want, headers); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func port(t *testing.T) int {
	t.Helper()
	address, err := net.ResolveTCPAddr("tcp", exporttest.Address(t))
	if err != nil {
		t.Fatal(err)
	}
	return address.Port
}

func TestABrokerThatRestartsHasEverythingOnceAndInOrder(t *testing.T) {
	at, dir := port(t), t.TempDir()
	start := func() *kfake.Cluster {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "audit"), kfake.Ports(at), kfake.DataDir(dir))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	brokers := []string{fmt.Sprintf("127.0.0.1:%d", at)}
	s := exporttest.New(t, open(kafka.Options{Brokers: brokers}))
	events := sinktest.Events(400)
	c := start()
	exporttest.Write(t, s, events[:100])
	exporttest.Delivered(t, s)
	c.Close()
	for at := 100; at < 300; at += 10 {
		exporttest.Write(t, s, events[at:at+10])
	}
	exporttest.Eventually(t, func() string { return "no error" }, func() bool { return strings.Contains(s.Delivery().LastError, "connection refused") })
	c = start()
	defer c.Close()
	exporttest.Write(t, s, events[300:])
	exporttest.Delivered(t, s)
	closing(t, s)
	sinktest.Compare(t, lines(consume(t, brokers)), sinktest.Lines(t, events))
}

// A broker that has a batch and whose answer never comes is asked again, with the same number in it.
func TestAnAnswerThatWasLostDoublesNothing(t *testing.T) {
	c := cluster(t)
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.RequestTimedOut, Count: 2}) // the broker has written it
	s := exporttest.New(t, open(kafka.Options{Brokers: c.ListenAddrs()}))
	events := sinktest.Events(200)
	exporttest.Write(t, s, events)
	exporttest.Delivered(t, s)
	closing(t, s)
	sinktest.Compare(t, lines(consume(t, c.ListenAddrs())), sinktest.Lines(t, events))
}

// A push that ends before the broker answers leaves its records with the client; the next push waits for the same answer.
func TestAPushThatEndsEarlyDoublesNothing(t *testing.T) {
	c := cluster(t)
	held := make(chan struct{})
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.SleepControl(func() { <-held })
		return nil, nil, false
	})
	destination, err := kafka.New(kafka.Options{Brokers: c.ListenAddrs(), Topic: "audit"})
	if err != nil {
		t.Fatal(err)
	}
	events := sinktest.Events(10)
	logs := exporttest.Logs(t, events)
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		if err := destination.Push(ctx, logs); err == nil || !strings.Contains(err.Error(), "audit") {
			t.Errorf("a push that nobody answered: %v", err)
		}
		cancel()
	}
	close(held)
	exporttest.Eventually(t, func() string { return err.Error() }, func() bool { err = destination.Push(t.Context(), logs); return err == nil })
	if err := destination.Close(); err != nil {
		t.Error(err)
	}
	sinktest.Compare(t, lines(consume(t, c.ListenAddrs())), sinktest.Lines(t, events))
}

func TestWhatAPersonCanMendWaits(t *testing.T) {
	superuser := kfake.Superuser("SCRAM-SHA-512", "audit", "swordfish")
	for name, test := range map[string]struct {
		options []kfake.Opt
		login   kafka.Options
		fault   *kerr.Error
		want    string
	}{
		"the password is wrong":         {[]kfake.Opt{kfake.EnableSASL(), superuser}, kafka.Options{Login: kafka.SCRAM512, Username: "audit", Password: "wrong"}, nil, "see kafka.sasl"},
		"the mechanism is not taken":    {[]kfake.Opt{kfake.EnableSASL(), superuser}, kafka.Options{Login: kafka.Plain, Username: "audit", Password: "swordfish"}, nil, "see kafka.sasl"},
		"the broker asks for a login":   {[]kfake.Opt{kfake.EnableSASL(), superuser}, kafka.Options{}, nil, "see kafka.sasl and kafka.tls"},
		"the user may not write":        {nil, kafka.Options{}, kerr.TopicAuthorizationFailed, "give the user of kafka.sasl the rights"},
		"too few replicas are in sync":  {nil, kafka.Options{}, kerr.NotEnoughReplicas, "too few replicas are in sync"},
		"the topic refuses old events":  {nil, kafka.Options{}, kerr.InvalidTimestamp, "message.timestamp.before.max.ms"},
		"there is no topic of the name": {[]kfake.Opt{kfake.SeedTopics(1, "audit")}, kafka.Options{Topic: "other"}, nil, "make the topic"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t, test.options...)
			if test.fault != nil {
				c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: test.fault, Count: -1})
			}
			test.login.Brokers = c.ListenAddrs()
			s := exporttest.New(t, func(context.Context) (export.Destination, error) {
				if test.login.Topic == "" {
					test.login.Topic = "audit"
				}
				return kafka.New(test.login)
			})
			exporttest.Write(t, s, sinktest.Events(3))
			exporttest.Eventually(t, func() string { return s.Delivery().LastError }, func() bool { return strings.Contains(s.Delivery().LastError, test.want) })
			d := s.Delivery()
			if d.Dropped != 0 || d.Queued != 3 || strings.Contains(d.LastError, "swordfish") {
				t.Errorf("delivery %+v", d)
			}
			t.Log(d.LastError)
			closing(t, s)
		})
	}
}

func TestEachWayToLogInWorks(t *testing.T) {
	for name, login := range map[string]kafka.Login{"PLAIN": kafka.Plain, "SCRAM-SHA-256": kafka.SCRAM256, "SCRAM-SHA-512": kafka.SCRAM512} {
		t.Run(name, func(t *testing.T) {
			c := cluster(t, kfake.EnableSASL(), kfake.Superuser(name, "audit", "swordfish"))
			s := exporttest.New(t, open(kafka.Options{Brokers: c.ListenAddrs(), Login: login, Username: "audit", Password: "swordfish"}))
			exporttest.Write(t, s, sinktest.Events(3))
			exporttest.Delivered(t, s)
			closing(t, s)
			if d := s.Delivery(); d.Written != 3 {
				t.Errorf("delivery %+v", d)
			}
		})
	}
}

func TestTLSWithAClientsCertificate(t *testing.T) {
	authority := dialtest.NewAuthority(t)
	cert, key := authority.Sign(t, "node-1", time.Hour)
	brokers := cluster(t, kfake.TLS(authority.Server(t, "127.0.0.1", time.Hour, authority))).ListenAddrs()
	for name, test := range map[string]struct {
		tls  *dial.TLS
		want string
	}{
		"all is right":             {&dial.TLS{CA: authority.PEM, Cert: cert, Key: key}, ""},
		"an unknown authority":     {&dial.TLS{CA: dialtest.NewAuthority(t).PEM, Cert: cert, Key: key}, "authority that is not trusted"},
		"no certificate":           {&dial.TLS{CA: authority.PEM}, "see tls.certSecretRef"},
		"the broker speaks no TLS": {nil, "see kafka.sasl and kafka.tls"},
	} {
		t.Run(name, func(t *testing.T) {
			s := exporttest.New(t, open(kafka.Options{Brokers: brokers, TLS: test.tls}))
			exporttest.Write(t, s, sinktest.Events(1))
			if test.want == "" {
				exporttest.Delivered(t, s)
			}
			exporttest.Eventually(t, func() string { return s.Delivery().LastError }, func() bool { return strings.Contains(s.Delivery().LastError, test.want) })
			closing(t, s)
		})
	}
}

func TestAMessageThatIsTooLargeIsGivenUpAlone(t *testing.T) {
	c := cluster(t, kfake.BrokerConfigs(map[string]string{"message.max.bytes": "20000"}))
	s := exporttest.New(t, open(kafka.Options{Brokers: c.ListenAddrs(), Compression: "none"}))
	events := sinktest.Events(60)
	events[33].Args = []string{strings.Repeat("x", 30_000)}
	exporttest.Write(t, s, events)
	exporttest.Delivered(t, s)
	d := s.Delivery()
	closing(t, s)
	if d.Dropped != 1 || d.Written != 59 || !strings.Contains(d.LastError, "MESSAGE_TOO_LARGE") {
		t.Errorf("delivery %+v", d)
	}
	sinktest.Compare(t, lines(consume(t, c.ListenAddrs())), sinktest.Lines(t, append(events[:33:33], events[34:]...)))
}
