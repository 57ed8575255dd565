package route

import (
	"slices"
	"strconv"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// set is words to look up. A few are compared faster than hashed.
type set struct {
	few  []string
	many map[string]struct{}
}

const few = 8

func newSet(words []string) set {
	if len(words) <= few {
		return set{few: words}
	}
	s := set{many: make(map[string]struct{}, len(words))}
	for _, word := range words {
		s.many[word] = struct{}{}
	}
	return s
}

func (s set) has(word string) bool {
	if s.many == nil {
		return slices.Contains(s.few, word)
	}
	_, found := s.many[word]
	return found
}

// unset is the word for nobody having logged in.
const unset = "unset"

// userSet is users by number. The ids of names are those of the last look into the node's files.
type userSet struct {
	nobody  bool
	numbers []uint32
	names   []string
	ids     []uint32
}

func newUserSet(list []string, users Users) *userSet {
	s := &userSet{}
	for _, user := range list {
		number, err := strconv.ParseUint(user, 10, 32)
		switch {
		case user == unset || err == nil && uint32(number) == ^uint32(0):
			s.nobody = true
		case err == nil:
			s.numbers = append(s.numbers, uint32(number))
		default:
			s.names = append(s.names, user)
		}
	}
	s.resolve(users)
	return s
}

func (s *userSet) resolve(users Users) {
	s.ids = s.ids[:0]
	for _, name := range s.names {
		if id, found := users.UserID(name); found {
			s.ids = append(s.ids, id)
		}
	}
}

func (s *userSet) has(id event.ID) bool {
	number, present := id.Get()
	if !present {
		return s.nobody
	}
	return slices.Contains(s.numbers, number) || slices.Contains(s.ids, number)
}
