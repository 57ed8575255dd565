package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

const topic = "audit"

// kafka is franz-go's broker in a process of its own. It writes each batch, and the numbers of producers by which it knows one that comes twice, into files
// before it answers, so that it has them after its end. It has no replicas: what happens between brokers is not tried.
func kafka(dir string) (receiver, error) {
	at, err := free()
	return &broker{program{at: at, ready: listens(at), command: func() (*exec.Cmd, error) {
		return exec.Command(os.Args[0], "-receive", "kafka", "-at", at, "-out", filepath.Join(dir, "broker")), nil
	}}}, err
}

// serveKafka is that broker. It ends with its standard input.
func serveKafka(at, dir string) error {
	_, text, err := net.SplitHostPort(at)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic), kfake.Ports(port), kfake.DataDir(dir))
	if err != nil {
		return err
	}
	defer cluster.Close()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

type broker struct{ program }

// got reads the topic from its beginning to where it ends now.
func (b *broker) got() []int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.at), kgo.ConsumeTopics(topic), kgo.FetchMaxWait(10*time.Millisecond))
	if err != nil {
		return nil
	}
	defer client.Close()
	end, err := ending(ctx, client)
	if err != nil {
		return nil
	}
	var list []int
	for at := int64(0); at < end && ctx.Err() == nil; {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			list, at = append(list, numbers(r.Value)...), r.Offset+1
		})
	}
	return list
}

// ending is how many records the topic has.
func ending(ctx context.Context, client *kgo.Client) (int64, error) {
	of, partition := kmsg.NewListOffsetsRequestTopic(), kmsg.NewListOffsetsRequestTopicPartition()
	of.Topic, partition.Timestamp = topic, -1
	of.Partitions = append(of.Partitions, partition)
	request := kmsg.NewPtrListOffsetsRequest()
	request.Topics = append(request.Topics, of)
	response, err := request.RequestWith(ctx, client)
	if err != nil || len(response.Topics) != 1 || len(response.Topics[0].Partitions) != 1 {
		return 0, fmt.Errorf("asking for the end of the topic: %w", err)
	}
	return response.Topics[0].Partitions[0].Offset, nil
}

func toKafka(at string) v1alpha1.AuditSinkSpec {
	return v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeKafka, Kafka: &v1alpha1.KafkaSink{Brokers: []string{at}, Topic: topic}}
}
