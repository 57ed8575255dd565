package reassemble_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/reassemble"
)

// kinds are the types that the fuzzer chooses from: each kind of end, and others.
var kinds = []uint16{syscallType, pathType, proctitle, eoe, configChange, userLogin, 1005, 2100, 65535}

// records makes records of a fuzzer's bytes: a type, a distance from the serial before, and whether the header is readable.
func records(base uint32, script []byte) []event.Record {
	var all []event.Record
	for i := 0; i+1 < len(script); i += 2 {
		base += uint32(int32(int8(script[i])))
		next := record(kinds[int(script[i+1])%len(kinds)], base, fmt.Sprint("n=", i))
		if script[i+1] > 250 {
			next.Data = fmt.Sprintf("audit(%c:%d): n=%d", script[i], base, i)
		}
		all = append(all, next)
	}
	return all
}

func FuzzPush(f *testing.F) {
	f.Add(uint32(1), "audit(1700000000.002:7): a=b", []byte{0, 0, 0, 1, 1, 0, 0xff, 3, 1, 3})
	f.Add(uint32(1<<32-1), "audit(1.2:3)", []byte{0, 0, 1, 0, 0, 3, 0xff, 3})
	f.Add(uint32(0), "", []byte{127, 0, 127, 0, 127, 251, 1, 3})
	f.Add(uint32(1<<24), "audit(9223372036854775807.9223372036854775807:4294967295):", []byte{0x80, 0, 0x80, 5})
	f.Fuzz(func(t *testing.T, base uint32, odd string, script []byte) {
		in := append(records(base, script), event.Record{Type: syscallType, Data: odd})
		got := map[event.Record]int{}
		r := reassemble.New(func(group event.Group) {
			if len(group.Records) == 0 || group.Time.Year() < 1970 || group.Time.Year() > 9999 {
				t.Errorf("a group without records or of no time: %+v", group)
			}
			for _, record := range group.Records {
				got[record]++
			}
		})
		want := map[event.Record]int{}
		for _, record := range in {
			r.Push(record)
			want[record]++
		}
		r.Expire()
		r.Close()
		for record := range want {
			if record.Type == eoe && got[record] == 0 {
				delete(want, record) // the mark of an end; one that cannot be read comes out as it is
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("how often each record came out (-want +got):\n%s", diff)
		}
	})
}

// BenchmarkPush pushes what a busy node has: calls of six records each, those of two always mixed.
func BenchmarkPush(b *testing.B) {
	groups := 0
	r := reassemble.New(func(event.Group) { groups++ })
	order := []struct {
		of   uint32
		kind uint16
	}{
		{0, syscallType},
		{1, syscallType},
		{0, 1307},
		{1, 1307},
		{0, pathType},
		{0, pathType},
		{1, pathType},
		{0, proctitle},
		{0, eoe},
		{1, pathType},
		{1, proctitle},
		{1, eoe},
	}
	records := make([]event.Record, 0, 1<<13*len(order))
	for pair := range uint32(1 << 13) {
		for _, next := range order {
			records = append(records, record(next.kind, 2*pair+next.of, `item=0 name="/etc/passwd" inode=1 dev=fe:00 nametype=NORMAL`))
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Push(records[i%len(records)])
	}
	r.Close()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(groups)/b.Elapsed().Seconds(), "groups/s")
}
