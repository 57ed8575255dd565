package filter

import (
	"math"
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// sample is the largest hash of an event that is in it; 0 is no sampling.
type sample uint64

// newSample reads a share such as 0.5%. What is none is no sampling: better too much than nothing.
func newSample(share string) sample {
	number, found := strings.CutSuffix(share, "%")
	percent, err := strconv.ParseFloat(number, 64)
	if !found || err != nil || !(percent > 0 && percent < 100) {
		return 0
	}
	return max(1, sample(percent/100*math.MaxUint64))
}

func (s sample) has(e *event.Event) bool { return s == 0 || identity(e) <= uint64(s) }

// identity is a number that looks like chance and depends on nothing but which event it is: node, time and serial. So the same events are in
// every sample of that size, on the node and wherever somebody repeats the calculation.
func identity(e *event.Event) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	hash := uint64(offset)
	for i := range len(e.Node) {
		hash = (hash ^ uint64(e.Node[i])) * prime
	}
	hash ^= uint64(e.Time.UnixMilli())<<32 ^ uint64(e.Serial)
	// The end of SplitMix64: FNV alone leaves numbers that follow each other close together.
	hash += 0x9e3779b97f4a7c15
	hash = (hash ^ hash>>30) * 0xbf58476d1ce4e5b9
	hash = (hash ^ hash>>27) * 0x94d049bb133111eb
	return hash ^ hash>>31
}
