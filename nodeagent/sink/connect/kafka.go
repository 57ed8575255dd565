package connect

import (
	"context"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/kafka"
)

func (r *opening) kafka(_ context.Context) (export.Destination, error) {
	spec := r.spec.Kafka
	if spec == nil {
		return nil, missing(r.spec.Type)
	}
	keys := map[v1alpha1.KafkaKey]kafka.Key{v1alpha1.KafkaKeyNamespace: kafka.Namespace, v1alpha1.KafkaKeyNone: kafka.NoKey}
	options := kafka.Options{Brokers: spec.Brokers, Topic: spec.Topic, Key: keys[spec.Key], Compression: string(spec.Compression), Dial: r.Dial}
	if login := spec.SASL; login != nil {
		options.Login, options.Username, options.Password = kafka.SCRAM512, login.Username, string(r.secret(&login.PasswordSecretRef))
		switch login.Mechanism {
		case v1alpha1.KafkaPlain:
			options.Login = kafka.Plain
		case v1alpha1.KafkaSCRAM256:
			options.Login = kafka.SCRAM256
		case v1alpha1.KafkaSCRAM512:
		}
	}
	if spec.TLS != nil {
		options.TLS = new(r.tls(spec.TLS))
	}
	return kafka.New(options)
}
